"""What Django's ORM has no condition for."""

from collections.abc import Collection
from typing import Any

from django.db.models import F, Lookup


class AnyOf(Lookup):
    """`filter(AnyOf("pk", ids))`: as `pk__in=ids`, the ids as one array. Of a large batch, Django, the driver and the
    parser of PostgreSQL would look at each of them."""

    prepare_rhs = False

    def __init__(self, column: str, values: Collection[int]) -> None:
        super().__init__(F(column), list(values))

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s)", [*params, self.rhs]
