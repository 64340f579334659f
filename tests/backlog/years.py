"""The stories of years: what has ended in each way, who waits to be filed, who waits for a trial."""

from dataclasses import dataclass
from itertools import pairwise

from hospital import changes, worklist
from hospital.archives import filing
from hospital.notices import delivery
from insurance.settlement import collecting
from insurance.states import RefundState
from insurance.trial import admission
from tests import factories
from tests.backlog import rows
from tests.backlog.statements import Statements
from tests.backlog.story import Story
from tests.integration import brought, doing

SETTLEMENTS = 5
"""In a story that has finished, each of which ended in another way."""


@dataclass(frozen=True, slots=True)
class Years:
    """A story of each kind, to be multiplied."""

    finished: rows.Story
    waiting: rows.Story
    queued: rows.Story

    def come(
        self,
        finished: int,
        waiting: int,
        queued: int,
        after: tuple[int, int, int] = (0, 0, 0),
        months: int | None = None,
    ) -> None:
        """So many more of each, behind those `after` which they come. `months`: as of `rows.multiply`."""
        rows.multiply(self.finished, finished, after[0], months)
        rows.multiply(self.waiting, waiting, after[1])
        rows.lengthen_lines()
        rows.multiply(self.queued, queued, after[2])
        rows.tidy()


def begin() -> Years:
    """One of each, where nobody else is."""
    marks = [rows.begin()]
    _end_in_every_way()
    marks.append(rows.begin())
    admission.enter(doing.told(doing.somebody_who_pays_cash()))
    marks.append(rows.begin())
    factories.booked()
    marks.append(rows.begin())
    return Years(*(rows.Story(since, until) for since, until in pairwise(marks)))


def _end_in_every_way() -> None:
    Story(Statements()).whole()
    for end in (brought.refused, brought.reversed_, brought.not_paid):
        end()
    worklist.move(brought.refund_due(brought.completed()), RefundState.DONE)
    changes.record("trial 1", "urgent", "no", "yes", who=None, why="")
    filing.file_batch(100)
    delivery.send_due()
    collecting.follow()
