"""What the pages of the desk say: money in yuan, states in words."""

from django import template

from insurance.desk import words

register = template.Library()


@register.filter
def yuan(fen: object) -> str:
    """3052 → 30.52; a dash where there is no money to speak of (a template hands on the empty text)."""
    if not isinstance(fen, int):
        return "–"
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


@register.filter
def state_of(name: str, kind: str) -> str:
    """A state of a row of this kind, in words."""
    return words.state(kind, name)


@register.filter
def kind_of(name: str) -> str:
    """The kind of a row, in words."""
    return words.kind(name)


@register.filter
def changed_of(text: str, subject: str) -> str:
    """What stands in a change of this subject, in words."""
    return words.changed(subject, text)
