"""Instants and lengths of time in words."""

from datetime import datetime, timedelta

import numpy as np

from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Zone

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  what is counted from it are wall clocks


def clock(instant_us: int, here: Zone) -> str:
    """An instant as people write it: Fri 6 Mar 2026 21:07 EST."""
    at = np.array([instant_us])
    local = _EPOCH + timedelta(microseconds=int(here.local_us(at)[0]))
    time = local.time().isoformat() if instant_us % 60_000_000 else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %Y} {time} {here.abbreviations[int(here.stretch(at)[0])]}"


def length(us: int) -> str:
    """A length of time [µs, 0 or more] in words: 1 day 12 hours."""
    parts = []
    for unit, unit_us in (("day", DAY_US), ("hour", HOUR_US), ("minute", MINUTE_US)):
        number, us = divmod(us, unit_us)
        if number:
            parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
    if us or not parts:
        seconds = f"{us // SECOND_US}{f'.{us % SECOND_US:06}'.rstrip('0').rstrip('.')}"
        parts.append(f"{seconds} second{'' if us == SECOND_US else 's'}")
    return " ".join(parts)
