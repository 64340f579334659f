"""No statement of a patient's way costs more because others went it before: each has a plan by an index.

Thousands of finished stories, thousands who wait, fresh statistics; then one patient goes through everything, and each
statement is looked at where it is issued. The same at a million: `bin/bench backlog`.
"""

import pytest

from hospital import tokens
from tests import factories
from tests.backlog import years
from tests.backlog.statements import MOST_ROWS, Statements, growing, plan_of
from tests.backlog.story import Story
from tests.integration import doing
from tests.simulators import Simulator

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_counters"),
    pytest.mark.timeout(400),
]

MANY = 1_500


WITHOUT_AN_INDEX = "SELECT count(*) FROM insurance_settlement WHERE completed_at > now() - interval '1 day'"
ALONG_THE_WHOLE_INDEX = "SELECT id FROM hospital_journal WHERE reason = 'none like this' ORDER BY id LIMIT 1"


def test_every_statement_has_a_plan_by_an_index(
    insurer: Simulator, payments: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "FORGOTTEN_AT_ONCE", 20)  # beside thousands, as few as the real ones beside millions
    told = doing.told(doing.somebody_who_pays_cash())
    years.begin().come(finished=MANY, waiting=MANY, queued=MANY)
    heard = Statements(explain=True)
    story = Story(heard)
    story.book(factories.session())
    story.file()
    settlement = story.settle(told, urgent=True)
    story.upkeep()
    story.look(settlement)
    assert len(heard.seconds) > 200
    assert not heard.faults, "\n" + "\n".join(map(str, heard.faults.values()))
    # Negative control: what reads a whole table, or a whole index, is found.
    assert list(growing(plan_of(WITHOUT_AN_INDEX, None), MOST_ROWS))
    assert list(growing(plan_of(ALONG_THE_WHOLE_INDEX, None), MOST_ROWS))
