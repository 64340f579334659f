"""A day's figures, its pictures and the answers, line by line."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from operations.capacity import chart, figures, series
from operations.capacity.asked import Asked
from operations.capacity.course import NEVER
from operations.capacity.day import Day
from operations.capacity.figures import Figures
from operations.capacity.goals import Answers
from operations.capacity.load import Load
from operations.capacity.words import SHAPES, clock, count, size, span


def told(day: Day, found: Figures, load: Load) -> Iterator[str]:
    """All of it but the answers."""
    yield question(day.asked)
    yield ""
    yield from _figures(day.asked, found, load)
    yield ""
    yield from pictures(day, found)


def question(asked: Asked) -> str:
    """What is played through, in one line."""
    limit = f"shared n = {asked.shared_per_minute}" if asked.shared_per_minute else f"n = {asked.n}"
    shape = _("as the file says") if asked.curve else SHAPES[asked.shape]
    text = _(
        "%(patients)s patients book within %(over)s from %(opens)s, %(shape)s; %(limit)s, m = %(m)s every %(tick)s s"
    )
    values: dict[str, object] = {
        "patients": count(asked.patients),
        "over": span(asked.over_seconds),
        "opens": clock(asked.opens),
    }
    values |= {"shape": shape, "limit": limit, "m": asked.m, "tick": f"{asked.tick_seconds:g}"}
    more = [text % values]
    if asked.insurers > 1:
        more.append(_("%(count)s insurers") % {"count": asked.insurers})
    if asked.closes is not None:
        more.append(_("closes at %(time)s") % {"time": clock(asked.closes)})
    return "; ".join(more)


def _figures(asked: Asked, found: Figures, load: Load) -> Iterator[str]:
    yield from _filing(asked, found)
    yield from _line(asked, found)
    yield from _ends(asked, found)
    database = {"rows": count(found.database.rows), "bytes": size(found.database.bytes)}
    yield _("database: %(rows)s rows, %(bytes)s") % database
    yield _("web: at most %(count)s requests a second") % {"count": count(max(load.requests) / 60)}
    needs = ", ".join(f"{one.kind} {one.hosts} ({one.cores:,.2f})" for one in load.needs)
    yield _("hosts (cores in the busiest minute): %(needs)s") % {"needs": needs}


def _filing(asked: Asked, found: Figures) -> Iterator[str]:
    filing = found.filing
    yield _("bookings: at most %(count)s a minute") % {"count": count(found.bookings_most_a_minute)}
    text = _("filing: %(mean)s records a tick, at most %(most)s; at most %(waiting)s wait; a tick is %(busy)s %% busy")
    values = {"mean": count(filing.mean), "most": count(filing.most), "waiting": count(filing.backlog)}
    yield text % (values | {"busy": count(100 * filing.busy)})


def _line(asked: Asked, found: Figures) -> Iterator[str]:
    line = found.line
    at = {"count": count(line.longest), "time": clock(asked.opens + line.longest_at)}
    yield _("line: at most %(count)s wait, at %(time)s") % at
    if line.held_back:
        text = _(
            "held back, as the line is full at %(minutes)s minutes: %(patients)s; at most %(outside)s at once, at"
            " %(time)s; they come again %(knocks)s times"
        )
        values = {"minutes": f"{asked.line_minutes:g}", "patients": count(line.held_back), "knocks": count(line.knocks)}
        yield text % (values | {"outside": count(line.outside), "time": clock(asked.opens + line.outside_at)})
    waits = {"p50": span(line.wait_p50), "p90": span(line.wait_p90), "longest": span(line.wait_longest)}
    yield _("wait for the turn: half %(p50)s, nine in ten %(p90)s, the longest %(longest)s") % waits


def _ends(asked: Asked, found: Figures) -> Iterator[str]:
    ends = found.ends
    if not ends.had_a_turn:
        yield _("turns: none")
        return
    last = {"count": count(ends.had_a_turn), "time": clock(asked.opens + ends.last_turn)}
    yield _("turns: %(count)s, the last at %(time)s") % last
    if ends.completed:
        done = {"count": count(ends.completed), "time": clock(asked.opens + ends.last_completed)}
        yield _("completed: %(count)s, the last at %(time)s") % done
    without = {
        _("never ask: %(count)s"): ends.no_show,
        _("leave when held back: %(count)s"): ends.gave_up,
        _("still wait when it closes: %(count)s"): ends.left_over,
    }
    yield from (text % {"count": count(number)} for text, number in without.items() if number)


def pictures(day: Day, found: Figures) -> Iterator[str]:
    """The line, the wait and the filing over the day."""
    asked, width = day.asked, chart.WIDTH
    bucket = max(found.ends.last_completed, found.ends.last_turn, found.filing.last_seconds, 60.0) / width
    edges = [bucket * place for place in range(width + 1)]
    labels = [clock(asked.opens + edge) for edge in edges[:-1]]
    line = series.standing(day.every("joined"), day.every("turn"), edges[1:])
    yield from chart.drawn(line, labels, _("patients in line"))
    if found.line.held_back:
        outside = series.standing(*figures.outside_of(day), edges[1:])
        yield from chart.drawn(outside, labels, _("patients held back, who come again"))
    minutes = [wait / 60 for wait in _waits(day, edges)]
    yield from chart.drawn(minutes, labels, _("wait in minutes, by when the patient asks"))
    filed = [0.0] * width
    for batch in day.batches:
        place = min(int(batch.at // bucket), width - 1)
        filed[place] = max(filed[place], float(batch.filed))
    yield from chart.drawn(filed, labels, _("most records filed at a tick"))


def _waits(day: Day, edges: Sequence[float]) -> list[float]:
    """The mean wait of those who ask within each part of the day; 0 where nobody does."""
    sums, counts = [0.0] * (len(edges) - 1), [0] * (len(edges) - 1)
    bucket = edges[1]
    for course in day.courses:
        for asks, turn in zip(course.asks, course.turn, strict=True):
            if turn < NEVER:
                place = min(int(asks // bucket), len(counts) - 1)
                sums[place], counts[place] = sums[place] + turn - asks, counts[place] + 1
    return [total / number if number else 0.0 for total, number in zip(sums, counts, strict=True)]


def answers(asked: Asked, found: Answers) -> Iterator[str]:
    """What n, how many insurers, what hours."""
    goal = {"goal": span(found.goal_seconds)}
    yield _("so that nobody waits over %(goal)s:") % goal
    if found.enough_already:
        yield _("  as asked, nobody does")
    yield _n(asked, found)
    if found.insurers is None:
        yield _("  no number of insurers is enough")
    else:
        yield _("  or %(count)s insurers of the n asked for, the patients shared evenly") % {
            "count": count(found.insurers)
        }
    if found.over_seconds is None:
        yield _("  no opening hours within a day are enough")
    else:
        hours = {"over": span(found.over_seconds), "opens": clock(asked.opens)}
        hours["until"] = clock(asked.opens + found.over_seconds)
        yield _("  or bookings spread over %(over)s, from %(opens)s to %(until)s") % hours


def _n(asked: Asked, found: Answers) -> str:
    if found.n is None:
        return _("  no n is enough")
    text = _("  n = %(n)s")
    if found.n_needs_m != asked.m:
        text = _("  n = %(n)s, with m = %(m)s or more")
    return text % {"n": count(found.n), "m": count(found.n_needs_m)}
