"""What a refusal over HTTP must look like."""

from typing import Any


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem (RFC 9457) with exactly this status and code. Its id is the answer's, and no other answer's."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.content
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "detail"} <= set(problem)
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"urn:problem:{code}")
    assert problem["detail"]
    assert problem.pop("request_id") == answer.headers["X-Request-ID"]
    return problem


def wrong_fields(answer: Any) -> set[tuple[str, str]]:
    """Which fields were refused and why."""
    problem = refused(answer, 422, "invalid")
    return {(one["field"], one["code"]) for one in problem["errors"]}
