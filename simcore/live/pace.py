"""How fast calls are made (L2, L3)."""

import time
from collections import deque
from datetime import UTC, datetime
from threading import Lock
from typing import Protocol

WINDOW_S = 61.0
"""The platforms count the calls of any 60 seconds as they arrive; a second more, since not all are under way equally
long."""


class Clock(Protocol):
    """What tells the time, and waits."""

    def now(self) -> datetime:
        """The instant, aware."""
        ...

    def seconds(self) -> float:
        """Seconds since some instant, of a clock that nobody sets."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits."""
        ...


class MachineClock:
    """The machine's."""

    def now(self) -> datetime:
        """The instant, in UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Of the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See `time.sleep`."""
        time.sleep(seconds)


class Pace:
    """At most so many calls in any rolling minute, of however many threads."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most, self._clock, self._begun_s = most, clock, clock.seconds()
        self._calls: deque[float] = deque()
        self._lock = Lock()

    def wait(self) -> None:
        """Returns once there is room for a call, and counts it."""
        with self._lock:
            while True:
                now = self._clock.seconds()
                while self._calls and now - self._calls[0] >= WINDOW_S:
                    self._calls.popleft()
                if len(self._calls) < self._most:
                    self._calls.append(now)
                    return
                # No less than a thousandth: a shorter wait may be lost to rounding.
                self._clock.sleep(max(WINDOW_S - (now - self._calls[0]), 0.001))

    def seen(self, ages_s: list[float], now_s: float) -> None:
        """Counts calls that others made, so many seconds before `now_s` of the clock.

        Those since there is this pace are its own.
        """
        earlier = [now_s - age for age in ages_s if now_s - self._begun_s < age < WINDOW_S]
        with self._lock:
            self._calls = deque(sorted([*earlier, *self._calls]))
