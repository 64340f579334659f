"""A state as a coloured badge: in lists, and wherever a page says how something stands."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


class Tone(StrEnum):
    """What the colour says; the word says it too."""

    GOOD = "good"  # it has come to a good end
    DOUBT = "doubt"  # under way, and not as usual
    PERSON = "person"  # somebody must look, or it has ended badly
    PLAIN = ""


Words = Mapping[str, object]
Tones = Mapping[str, Tone]


STATE = _("state")


def badge(text: object, tone: Tone = Tone.PLAIN) -> SafeString:
    return format_html('<span class="badge {}">{}</span>', tone.value, text)


def column(words: Words, tones: Tones, field: str = "state", title: Any = STATE) -> Callable[[Any, Any], SafeString]:
    """A column of a list for this field, in these words; sorted as the field."""

    @admin.display(description=title, ordering=field)
    def shown(admin_of_the_list: Any, row: Any) -> SafeString:
        value = getattr(row, field)
        return badge(words.get(value, value), tones.get(value, Tone.PLAIN))

    return shown
