"""A prepared statement says the same where it may not be prepared: behind a pooler that changes connections."""

import pytest
from django.conf import LazySettings
from django.db import connection

from hospital.prepared import Prepared

pytestmark = pytest.mark.django_db

told = Prepared("told_twice", ["bigint", "text"], "SELECT $1 + $1, $2 || '%s%', $2 LIKE 'a%'")


@pytest.mark.parametrize("pooled", [False, True])
def test_it_says_the_same_behind_a_pooler(settings: LazySettings, pooled: bool) -> None:
    settings.DATABASE_POOLED = pooled
    assert [told.row(2, "ab") for _ in range(2)] == [(4, "ab%s%", True)] * 2


def test_behind_a_pooler_nothing_is_prepared(settings: LazySettings) -> None:
    settings.DATABASE_POOLED = True
    another = Prepared("never_prepared", ["bigint"], "SELECT $1")
    another.row(1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = 'never_prepared'")
        assert cursor.fetchone() == (0,)
