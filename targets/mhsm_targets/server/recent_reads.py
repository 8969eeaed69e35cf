"""Reads that were answered just now: in one state and one second, equal ones have one answer."""

from __future__ import annotations

from typing import Final

from mhsm_model.state import Estate
from mhsm_model.wire.http import HttpRequest, HttpResponse

__all__ = ["RecentReads"]

_MOST: Final = 512

_Asked = tuple[str, str, str | None]


class RecentReads:
    """Successful answers to GET requests. They hold for one state, and one second of the clock."""

    def __init__(self) -> None:
        self._estate: Estate | None = None
        self._second = 0
        self._answers: dict[_Asked, HttpResponse] = {}

    def found(self, request: HttpRequest, estate: Estate, second: int) -> HttpResponse | None:
        """The answer that an equal request got in that state and second, or None."""
        if self._estate is not estate or self._second != second:
            self._estate, self._second = estate, second
            self._answers.clear()
            return None
        return self._answers.get(_asked(request))

    def keep(
        self, request: HttpRequest, estate: Estate, second: int, response: HttpResponse
    ) -> None:
        """Keep an answer, unless the state or the second is another by now."""
        current = self._estate is estate and self._second == second
        if response.status == 200 and current and len(self._answers) < _MOST:
            self._answers[_asked(request)] = response


def _asked(request: HttpRequest) -> _Asked:
    return request.host, request.target, request.headers.get("authorization")
