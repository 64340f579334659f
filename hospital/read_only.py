"""Lists and pages of the admin to look at only. However large a table is, a page of it costs the same."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from django.contrib.admin.filters import AllValuesFieldListFilter
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest

from hospital.theme import ModelAdmin

COUNTED_AT_MOST = 10_000
"""Nobody turns so many pages: who looks for something searches for it."""


class Pages(Paginator):  # type: ignore[type-arg]
    """Pages of the first ten thousand rows: a large table is not counted whole for a number that nobody needs."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED_AT_MOST].count())


def one_of(values: Callable[[], Iterable[str]]) -> type[AllValuesFieldListFilter]:
    """A filter by values that are known beforehand: a large table is not searched for them. One value is no choice."""

    class OneOf(AllValuesFieldListFilter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.lookup_choices: Any = sorted(set(values()))

        def has_output(self) -> bool:
            return len(self.lookup_choices) > 1

    return OneOf


class ReadOnly(ModelAdmin):
    """To look at, never to write."""

    show_full_result_count = False
    paginator = Pages

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
