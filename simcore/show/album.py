"""The pictures of a report."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from simcore.answers.forecast import by_period
from simcore.answers.options import Freq
from simcore.answers.sides import Side, shifts
from simcore.clock.words import clock
from simcore.clock.zones import DAY_US, zone
from simcore.files.stamps import us_of
from simcore.show import drawing
from simcore.show.calendars import plot_calendar
from simcore.show.figures import Size, figure
from simcore.show.loads import plot_load
from simcore.show.page import section
from simcore.show.scenarios import Case, Scenario
from simcore.show.shifts import plot_shift
from simcore.show.timelines import plot_timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDE, _NARROW = 9.0, 4.2  # inches
_LABELLED = 40  # rows of a timeline that each have a label
_FEW_DAYS = 3  # so many days are counted by the hour
_MANY_DAYS = 731  # so many are counted by the week, and are too many for a calendar
_UNITS = {"h": "an hour", "D": "a day", "W": "a week"}
_ROOM = 20_000  # counts in a picture of a few hundred kilobytes; of more, the emails are added up


def album(some: list[Scenario], cases: list[Case]) -> Iterator[str]:
    """The figures: who gets what when, how far it moves, and how much goes out when. None where nothing is sent."""
    sides = [(one, one.side) for one in some if one.side is not None]
    sends = _together({one.name: side.sends for one, side in sides}) if sides else _explained(some, cases)
    if sends.empty:
        return
    yield section("Who gets what, and when", _timeline(sends), level=3)
    if len(sides) == 2:
        (before, one), (after, other) = sides
        yield section(
            "How far each email moves", _shift(one, other, f"from {before.name} to {after.name}"), level=3
        )
    for scenario, side in sides:
        if len(side.sends):
            name = f": {scenario.name}" if scenario.name else ""
            yield section(f"How much goes out{name}", *_load(side), level=3)


def _together(sends: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The sends of scenarios in one table, in the zone of the first."""
    shared = next(iter(sends.values()))["send_at"].dt.tz
    frames = {
        name: each.assign(
            subject=each["subject"].astype("str"),
            email_id=each["email_id"].astype("str"),
            send_at=each["send_at"].dt.tz_convert(shared),
        )
        for name, each in sends.items()
    }
    some = {name: each for name, each in frames.items() if len(each)}
    if not some:
        return next(iter(frames.values()))
    both = pd.concat([*some.values()], ignore_index=True)
    if len(sends) > 1:
        names = np.repeat([*some], [*map(len, some.values())])
        both["scenario"] = pd.Categorical(names, [*some])
    return both


def _explained(some: list[Scenario], cases: list[Case]) -> pd.DataFrame:
    """The sends that are explained, a subscriber for each case."""
    frames = {}
    for at, one in enumerate(some):
        sent = [
            case.sends[at].dropna(subset="send_at").assign(subscriber_id=f"entry {number}")
            for number, case in enumerate(cases, 1)
        ]
        frames[one.name] = pd.concat([each for each in sent if len(each)] or sent[:1], ignore_index=True)
    return _together(frames)


def _timeline(sends: pd.DataFrame) -> str:
    """Who gets what when."""
    people = sends["subscriber_id"].nunique()
    emails = sends["email_id"].nunique()
    rows = people * (sends["scenario"].nunique() if "scenario" in sends else 1)
    high = max(2.4, 1.3 + 0.26 * rows) if rows <= _LABELLED else 5.0
    span = f"{_clock(sends['send_at'].min())} to {_clock(sends['send_at'].max())}"
    says = f"Timeline of {len(sends):,} sends of {emails} emails to {people:,} subscribers, {span}."
    caption = "Subscribers down, time across, a colour for each email."
    if rows > _LABELLED:
        caption += " The steeper the crowd, the faster people enter; what is far to the right of it waits."
    return figure(partial(_draw_timeline, sends), _size(high, emails), says, caption)


def _draw_timeline(sends: pd.DataFrame, ax: "Axes") -> None:
    plot_timeline(sends, ax=ax)


def _shift(before: Side, after: Side, way: str) -> str:
    """How far each email moves."""
    table = shifts(before, after)
    emails = table["email_id"].nunique()
    high = 0.7 * emails + 1 if emails <= 16 else min(0.35 * emails + 6, 30)
    counts = table["what"].value_counts(sort=False)
    told = ", ".join(f"{many:,} {what}" for what, many in counts.items() if many)
    return figure(
        lambda ax: plot_shift(table, ax=ax),
        Size((_WIDE, max(high, 2.5)), (_NARROW, max(high, 2.5))),
        f"How far each of {emails} emails moves {way}: {told}.",
        f"A row for each email, a bar for each shift {way}: to the left earlier, to the right later. The higher the "
        "bar, the more of its sends move so far.",
    )


def _load(side: Side) -> Iterator[str]:
    """How much goes out in each day, hour of a few days, or week of many; and as a calendar, but for many."""
    sent_us = us_of(side.sends["send_at"])
    days = int(sent_us.max() - sent_us.min()) // DAY_US
    freq: Freq = "h" if days < _FEW_DAYS else "D" if days < _MANY_DAYS else "W"
    by: Literal["email", "total"] = "email"
    counted = by_period(side.projection, None, freq, by)
    if counted.size > _ROOM:
        by = "total"
        counted = by_period(side.projection, None, freq, by)
    most, unit = int(counted.sum(axis=1).max()), _UNITS[freq]
    each = ", by email" if by == "email" else ""
    yield figure(
        lambda ax: plot_load(counted, ax=ax),
        _size(3.6, counted.shape[1]),
        f"Sends {unit}{each}: {most:,} at most.",
        f"Sends {unit}{each}, by the clock of {side.projection.zone}.",
    )
    if freq == "W":
        return
    first, last = counted.index[0], counted.index[-1]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    across = months if months <= 4 else 4 if months <= 12 else 12
    down = -(-months // across)
    wide = min(_WIDE, 2.2 * across + 1.6)
    size = Size((wide, 1 + 2.4 * down * 4 / max(across, 4)), (_NARROW, 0.8 + 5.4 * down / max(across, 3)))
    yield figure(
        lambda ax: _draw_calendar(counted, ax),
        size,
        f"Calendar of the sends from {first:%B %Y} to {last:%B %Y}.",
        f"Sends on each day, by the clock of {side.projection.zone}: the stronger the colour, the more. Grey days "
        "have none.",
    )


def _draw_calendar(counted: pd.DataFrame, ax: "Axes") -> None:
    """A calendar, without the numbers of days where there is no room for them."""
    plot_calendar(counted, ax=ax).set_xlabel("")
    if drawing.narrow(ax):
        for each in [*ax.texts]:
            if each.get_text().isdigit():
                each.remove()


def _size(high: float, emails: int) -> Size:
    """The size of a picture with a legend, which on narrow screens is above it."""
    legend = 0.24 * emails if emails <= len(drawing.COLOURS) else 0
    return Size((_WIDE, high), (_NARROW, max(high, 2.8) + legend))


def _clock(at: Any) -> str:
    """An instant in words."""
    return clock(int(us_of([at])[0]), zone(str(at.tz)))
