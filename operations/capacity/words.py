"""Numbers, times and waits as people read them, and what is wrong with a question. Pure but for translations."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.capacity.asked import DAY_SECONDS, Shape, Wrong

SHAPES = {
    Shape.UNIFORM: gettext_lazy("evenly"),
    Shape.SURGE: gettext_lazy("half of them in the first tenth"),
    Shape.MORNING: gettext_lazy("as on a morning"),
}


def wrong(why: Wrong) -> str:
    """One line that says what to change."""
    words = {
        Wrong.NO_PATIENTS: _("There must be at least one patient (--patients)."),
        Wrong.NO_TIME: _("Bookings need a time to be made in (--over)."),
        Wrong.NO_LIMIT: _("A limit must let at least one call through a minute."),
        Wrong.M_NOT_ABOVE_N: _("m, the filing batch size, must stay above n (--m, --n)."),
        Wrong.NO_TICK: _("The filing tick must be longer than nothing (--tick)."),
        Wrong.NO_INSURERS: _("There must be at least one insurer (--insurers)."),
        Wrong.NO_WORKERS: _("There must be at least one worker (--workers)."),
        Wrong.NO_SUCH_SHARE: _("A share lies between 0 and 1."),
        Wrong.CLOSES_BEFORE_OPENS: _("It must close after it opens (--opens, --closes)."),
        Wrong.BOOKINGS_AFTER_CLOSE: _("Bookings would still be made after it closes (--over, --closes)."),
    }
    return words[why]


def clock(seconds: float) -> str:
    """A moment from midnight on, such as 16:24; of a later day with how many days later."""
    days, rest = divmod(round(seconds // 60) * 60, int(DAY_SECONDS))
    text = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}"
    return _("%(time)s (%(days)s days later)") % {"time": text, "days": days} if days else text


def span(seconds: float) -> str:
    """So long: two units at most."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": f"{hours:,}", "minutes": minutes}
    if minutes:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)s s") % {"seconds": rest}


def count(number: float) -> str:
    """A number with its thousands set apart; small ones with a decimal where they have one."""
    return f"{number:,.1f}" if number < 100 and number != int(number) else f"{number:,.0f}"


def size(number: float) -> str:
    """Bytes in the largest unit of which there is one."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= least:
            return f"{number / least:,.1f} {unit}"
    return f"{number:,.0f} B"
