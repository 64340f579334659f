"""All streams of a process, and the one reader that looks for them: an open page costs a comparison a second."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import Error

from config.push.news import News

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0

Read = Callable[[Sequence[int]], Mapping[int, News]]


class Stream:
    """One open page: what it has seen, and what is new for it."""

    def __init__(self, appointment: int, seen: str) -> None:
        self.appointment, self.seen = appointment, seen
        self.news: asyncio.Queue[News] = asyncio.Queue()

    def hear(self, news: News) -> None:
        """Only what is new, or the end."""
        if news.version != self.seen or news.over:
            self.seen = news.version
            self.news.put_nowait(news)


class Hub:
    """Reads for all open streams together, and not at all while none is open."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._streams: set[Stream] = set()
        self._reader = ThreadPoolExecutor(1, "push-reader")  # one thread: one connection to the database
        self._watching: asyncio.Task[None] | None = None

    @contextmanager
    def open(self, appointment: int, seen: str) -> Iterator[Stream]:
        """A stream for as long as the page is open."""
        stream = Stream(appointment, seen)
        self._streams.add(stream)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            yield stream
        finally:
            self._streams.discard(stream)

    async def _watch(self) -> None:
        while self._streams:
            await self._look()
            await asyncio.sleep(EVERY_SECONDS)

    async def _look(self) -> None:
        appointments = sorted({stream.appointment for stream in self._streams})
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._reader, self._read, appointments)
        except Error as error:
            log.warning("push: database: %s", type(error).__name__)  # the pages ask by themselves meanwhile
            return
        for stream in self._streams:
            if news := found.get(stream.appointment):
                stream.hear(news)
