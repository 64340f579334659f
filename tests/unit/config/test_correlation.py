"""What of a request's address may stand in a log."""

import pytest
from django.test import RequestFactory

from config.correlation import Correlated
from config.masking import masked


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/follow/Zm9sbG93LW1l/story/?x=1", "GET /follow/[masked]/story/"),
        ("/follow/Zm9sbG93LW1l/", "GET /follow/[masked]/"),
        ("/admin/hospital/patient/?q=张三", "GET /admin/hospital/patient/"),
        ("/api/v1/appointments/7/follow-link/", "GET /api/v1/appointments/7/follow-link/"),
    ],
)
def test_neither_the_query_nor_the_key_to_follow_somebody_by_is_told(path: str, told: str) -> None:
    assert masked(Correlated.format_request(RequestFactory().get(path))) == told
