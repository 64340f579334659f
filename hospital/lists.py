"""Lists over HTTP: filtered by what the list knows, a page at a time.

A list is answered as an array. `after` is the id of the last one seen, `limit` how many at the most; where there are
more, the header `Link` names the next page (RFC 8288). Nothing moves between pages when rows are added in front.
"""

from typing import Any, ClassVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from hospital.rest import StrictSerializer

MOST = 200


class PageQuery(StrictSerializer):
    """Which page."""

    after = serializers.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    limit = serializers.IntegerField(default=MOST, min_value=1, max_value=MOST)


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]  # django-filter has no types
    """Refuses filters that it does not know or that are empty: either would show everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filters = self.get_filterset_class(view, queryset).base_filters
        unknown = sorted(set(request.query_params) - set(filters) - set(PageQuery().fields))
        if unknown:
            message = _("There is no such field.")
            raise serializers.ValidationError({name: [message] for name in unknown}, code="unknown_field")
        if empty := [name for name in filters if request.query_params.get(name) == ""]:
            blank = serializers.CharField.default_error_messages["blank"]
            raise serializers.ValidationError({name: [blank] for name in empty}, code="blank")
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered


class Pages(BasePagination):
    """In the order of the subclass: fields that do not change and together are unique, all one way."""

    order: ClassVar[tuple[str, ...]] = ("pk",)
    newest_first: ClassVar[bool] = False

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        own = PageQuery().fields
        asked = PageQuery(data={name: value for name, value in request.query_params.items() if name in own})
        asked.is_valid(raise_exception=True)
        limit = asked.validated_data["limit"]
        rows = self._behind(queryset, asked.validated_data.get("after"))
        found = list(rows.order_by(*(f"-{name}" if self.newest_first else name for name in self.order))[: limit + 1])
        self.url, self.next_after = request.build_absolute_uri(), None
        if len(found) > limit:
            self.next_after = found[limit - 1].pk
        return found[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        if self.next_after is None:
            return Response(data)
        return Response(
            data, headers={"Link": f'<{replace_query_param(self.url, "after", self.next_after)}>; rel="next"'}
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        whole = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
        return [
            {"name": "after", "in": "query", "schema": whole, "description": "the id of the last one seen"},
            {"name": "limit", "in": "query", "schema": whole | {"minimum": 1, "maximum": MOST, "default": MOST}},
        ]

    def _behind(self, rows: QuerySet[Any], after: int | None) -> QuerySet[Any]:
        """What comes behind the row with this id; the row itself need not match the filters any more."""
        if after is None:
            return rows
        last = rows.model._default_manager.filter(pk=after).first()
        if last is None:
            raise serializers.ValidationError({"after": [_("There is nothing with this id.")]}, code="does_not_exist")
        return rows.filter(self._further(last))

    def _further(self, last: Model) -> Q:
        beyond, same = Q(), Q()
        for name in self.order:
            value = getattr(last, name)
            beyond |= same & Q(**{f"{name}__{'lt' if self.newest_first else 'gt'}": value})
            same &= Q(**{name: value})
        return beyond
