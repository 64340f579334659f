"""Simplified Chinese is complete, and what is compiled is what is written."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "locale" / "zh_Hans" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def catalog() -> Catalog:
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def marked() -> Iterator[str]:
    """Every text in the sources that is marked for translation."""
    for folder in ("hospital", "insurance", "operations", "config"):
        for _, _, text, _, _ in extract_from_dir(ROOT / folder, [("**.py", "python")], keywords={"_": None}):
            yield str(text)
    for template in (ROOT / "config" / "templates").glob("**/*.html"):
        source = template.read_text()
        yield from re.findall(r'{% translate "(.*?)"', source)
        for block in re.findall(r"{% blocktranslate.*?%}(.*?){% endblocktranslate", source, re.DOTALL):
            yield re.sub(r"{{ (\w+) }}", r"%(\1)s", block)


def test_every_marked_text_is_translated() -> None:
    written = {str(message.id): message for message in catalog() if message.id}
    texts = set(marked())
    assert len(texts) > 100
    assert sorted(text for text in texts if text not in written or not written[text].string) == []
    assert [message.id for message in written.values() if message.fuzzy] == []


def test_translations_keep_their_placeholders() -> None:
    for message in catalog():
        if message.id and message.string:
            assert set(PLACEHOLDER.findall(str(message.id))) == set(PLACEHOLDER.findall(str(message.string))), (
                message.id
            )


def test_the_compiled_catalog_is_the_written_one() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalog())
    assert compiled.getvalue() == (FOLDER / "django.mo").read_bytes()
