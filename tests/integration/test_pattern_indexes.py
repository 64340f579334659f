"""No index of ours is written with every row and read by nobody."""

import pytest
from django.apps import apps
from django.db import connection

from hospital import pattern_indexes

pytestmark = pytest.mark.django_db


def found() -> list[str]:
    with connection.cursor() as cursor:
        return pattern_indexes.names(cursor)


def test_no_table_of_ours_has_one() -> None:
    assert found() == []


def test_one_that_django_makes_is_found_and_the_index_it_is_beside_stays() -> None:
    """Control: as Django makes them, for a unique column."""
    model = apps.get_model("hospital", "Card")
    with connection.schema_editor() as schema:
        schema.execute(schema._create_like_index_sql(model, model._meta.get_field("index")))
    (one,) = found()
    assert one.startswith("public.hospital_card_index_") and one.endswith("_like")
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "hospital_card")
    assert [c for c in constraints.values() if c["unique"] and c["columns"] == ["index"]]
