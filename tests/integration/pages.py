"""What a page must not have in it, where its policy lets nothing inline run; and asking for very many of them."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*\btype=\"application/json\")[^>]*>")
STYLE = re.compile(r"<style\b")
HANDLER = re.compile(r"<[a-z][^<>]*\son[a-z]+=\"")


def written_into(page: str) -> list[str]:
    """Scripts, styles and handlers that stand in the page itself. Data for a script (JSON) is none."""
    return [found.group(0) for kind in (SCRIPT, STYLE, HANDLER) for found in kind.finditer(page)]


@contextmanager
def no_log() -> Iterator[None]:
    """Each refusal is logged with its trace: thousands of them would take longer than what is tried."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
