"""A cap: at most so many mails to one subscriber within a stretch of time (A6)."""

import re
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from numbers import Integral
from typing import Any, Literal

import numpy as np
import pandas as pd

from simcore.clock.words import length
from simcore.clock.zones import FAR_US
from simcore.errors import SimcoreError, shown
from simcore.text.wording import count


@dataclass(frozen=True)
class Cap:
    """At most `most` mails to each subscriber within any `window`, half open: a what-if for an account.

    `most`: a whole number of 1 or more, or None for no limit. `window`: a length of time, such as "7D", "36h" or a
    timedelta. `on_excess`: "defer" (a mail that finds no room waits for it) or "skip" (it is left out). `priority`:
    the ids of sequences whose mails come first when several are due at one instant; the others follow in the order of
    the account. Broadcasts come before all, are never deferred, and count. Raises SimcoreError. Rule: A6.

    >>> Cap(2, "7D")
    Cap(most=2, window='7D', on_excess='defer', priority=())
    """

    most: int | None
    window: str | timedelta
    _: KW_ONLY
    on_excess: Literal["defer", "skip"] = "defer"
    priority: tuple[int | str, ...] = ()

    def __post_init__(self) -> None:
        if self.most is not None and (
            isinstance(self.most, bool) or not isinstance(self.most, Integral) or self.most < 1
        ):
            raise SimcoreError(
                f"cap: most: found {shown(self.most)}, expected a whole number of 1 or more, or None for no limit"
            )
        length_us("cap: window", self.window)
        if self.on_excess not in {"defer", "skip"}:
            raise SimcoreError(f"cap: on_excess: found {shown(self.on_excess)}, expected 'defer' or 'skip'")
        if isinstance(self.priority, str) or not isinstance(self.priority, Iterable):
            raise SimcoreError(
                f"cap: priority: found {shown(self.priority)}, expected a list of sequence ids"
            )
        object.__setattr__(self, "priority", tuple(self.priority))

    @property
    def window_us(self) -> int:
        """The window [µs]."""
        return length_us("cap: window", self.window)

    @property
    def words(self) -> str:
        """2 mails in the 7 days before."""
        return f"{count(self.most or 0, 'mail')} in the {length(self.window_us)} before"


def length_us(what: str, given: Any) -> int:
    """A length of time over 0 [µs]. Raises SimcoreError, which names what it is."""
    expected = 'expected a length of time over 0, such as "7D" or "36h"'
    plain = (
        re.sub(r"(?<=\d)(\s*)d\b", r"\1D", given) if isinstance(given, str) else given
    )  # pandas gives 7d up
    try:
        found = pd.Timedelta(plain) if isinstance(plain, str | timedelta | np.timedelta64) else None
    except ValueError:
        found = None
    us = -1 if found is None or pd.isna(found) else int(found // timedelta(microseconds=1))
    if not 0 < us < FAR_US:
        raise SimcoreError(f"{what}: found {shown(given)}, {expected}")
    return us
