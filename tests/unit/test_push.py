"""When an open page is told to look again."""

import asyncio

import pytest

from config.push import app
from config.push import hub as hubs
from config.push.hub import Hub, Stream
from config.push.news import News, step


def test_near_the_head_every_place_is_told_and_further_back_each_twentieth() -> None:
    steps = [step(ahead) for ahead in range(2001)]
    assert steps == sorted(steps) and steps[:21] == list(range(21))
    assert len(set(steps)) < 130


def test_what_was_seen_is_not_told_again_but_the_end_is() -> None:
    stream = Stream(1, seen="a")
    for news in (News("a", False), News("b", False), News("b", False), News("b", True)):
        stream.hear(news)
    assert [stream.news.get_nowait() for _ in range(stream.news.qsize())] == [News("b", False), News("b", True)]


def test_one_reader_looks_for_all_and_rests_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "EVERY_SECONDS", 0.01)
    asked: list[list[int]] = []

    def read(appointments: list[int]) -> dict[int, News]:
        asked.append(list(appointments))
        return {pk: News(str(len(asked)), False) for pk in appointments}

    async def listen() -> int:
        hub = Hub(read)  # type: ignore[arg-type]
        with hub.open(1, "") as first, hub.open(2, "") as second, hub.open(2, "") as third:
            for stream in (first, second, third):
                await asyncio.wait_for(stream.news.get(), 5)
        assert hub._watching is not None
        await asyncio.wait_for(hub._watching, 5)
        return len(asked)

    looks = asyncio.run(listen())
    assert looks == len(asked) and all(one == [1, 2] for one in asked[:1])


def test_a_stream_says_look_and_end_and_meanwhile_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "HEARTBEAT_SECONDS", 0.01)

    async def listen() -> list[str]:
        stream, gone = Stream(1, ""), asyncio.create_task(asyncio.sleep(60))
        events = app._events(stream, gone)
        heard = [await anext(events), await anext(events)]
        for news in (News("a", False), News("b", True)):
            stream.hear(news)
        heard += [event async for event in events]
        gone.cancel()
        return heard

    heard = asyncio.run(listen())
    assert heard == ["retry: 5000\n\n", ":\n\n", "id: a\nevent: look\ndata:\n\n", "id: b\nevent: end\ndata:\n\n"]


def test_a_stream_ends_when_nobody_reads_it_any_more() -> None:
    async def listen() -> list[str]:
        gone = asyncio.create_task(asyncio.sleep(0))
        await gone
        return [event async for event in app._events(Stream(1, ""), gone)]

    assert asyncio.run(listen()) == ["retry: 5000\n\n"]
