"""Faults on demand: what a client has to cope with on the network, at the next calls. None, until it is asked for."""

import threading
from typing import NamedTuple

from simcore.errors import SimcoreError, shown


class Fault(NamedTuple):
    """What is wrong with one answer: it waits so many seconds first, is of another status, or breaks off in its body.

    `retry_after`: what a 429 says of when to try again, in seconds; None for nothing.
    """

    wait: float = 0
    status: int | None = None
    retry_after: float | None = None
    cut: bool = False


class Faults:
    """What goes wrong with calls of the platforms' APIs; those of the twin's own always work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.off()

    def __repr__(self) -> str:
        known = {
            "rate_limit": self._rate,
            "unavailable": self._unavailable,
            "slow": self._slow,
            "cut": self._cut,
        }
        return f"<faults: {', '.join(name for name, value in known.items() if value) or 'none'}>"

    def off(self) -> None:
        """All of them end."""
        with self._lock:
            self._rate: tuple[int, int, float | None] | None = None
            self._passed = 0
            self._refused = 0
            self._unavailable: tuple[int, int] | None = None
            self._slow: tuple[float, int | None] | None = None
            self._cut = 0

    def rate_limit(self, after: int, *, times: int = 1, retry_after: float | None = 1) -> None:
        """After so many calls the next `times` are answered 429, and so again and again.

        `retry_after`: the seconds that the header `Retry-After` says; None leaves it out.
        """
        _whole("after", after, 0)
        _whole("times", times, 1)
        if retry_after is not None:
            _seconds("retry_after", retry_after)
        with self._lock:
            self._rate, self._passed, self._refused = (after, times, retry_after), 0, 0

    def unavailable(self, times: int = 1, *, status: int = 503) -> None:
        """The next `times` calls are answered 503, or another status from 400 on."""
        _whole("times", times, 1)
        if not isinstance(status, int) or status not in range(400, 600):
            raise SimcoreError(f"status: found {shown(status)}, expected one from 400 to 599")
        with self._lock:
            self._unavailable = (times, status)

    def slow(self, seconds: float, *, times: int | None = None) -> None:
        """The next `times` answers, or all of them, come so many seconds later."""
        _seconds("seconds", seconds)
        if times is not None:
            _whole("times", times, 1)
        with self._lock:
            self._slow = (float(seconds), times)

    def cut(self, times: int = 1) -> None:
        """The next `times` answers break off in the middle of their body, and the connection is closed."""
        _whole("times", times, 1)
        with self._lock:
            self._cut = times

    def next(self) -> Fault | None:
        """What goes wrong with this call; None for nothing."""
        with self._lock:
            wait = self._wait()
            if self._unavailable is not None:
                left, status = self._unavailable
                self._unavailable = (left - 1, status) if left > 1 else None
                return Fault(wait, status)
            if self._rate is not None:
                after, times, retry_after = self._rate
                if self._passed < after:
                    self._passed += 1
                else:
                    self._refused += 1
                    if self._refused == times:
                        self._passed = self._refused = 0
                    return Fault(wait, 429, retry_after)
            if self._cut:
                self._cut -= 1
                return Fault(wait, cut=True)
            return Fault(wait) if wait else None

    def _wait(self) -> float:
        if self._slow is None:
            return 0
        seconds, left = self._slow
        if left is not None:
            self._slow = (seconds, left - 1) if left > 1 else None
        return seconds


def _whole(name: str, value: object, least: int) -> None:
    if not (isinstance(value, int) and not isinstance(value, bool) and value >= least):
        raise SimcoreError(f"{name}: found {shown(value)}, expected a whole number of {least} or more")


def _seconds(name: str, value: object) -> None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 86_400
    if not fine:
        raise SimcoreError(f"{name}: found {shown(value)}, expected seconds, from 0 to less than 86,400")
