"""A picture of how many mails people get, and of one person's weeks."""

from datetime import timedelta
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.account import AccountSimulation, Cap
from simcore.account.cap import length_us
from simcore.account.people import rows_of
from simcore.account.simulation import by_person, up_to
from simcore.clock.periods import periods
from simcore.clock.words import length
from simcore.clock.zones import DAY_US, MINUTE_US, Ints, Zone
from simcore.errors import EntryError, SimcoreError, shown
from simcore.show import drawing
from simcore.show.given import check, zone_of
from simcore.text.wording import SHORT, count, local_date, time_of_day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("subscriber_id", "subject", "send_at")
_OVER = "#D55E00"
_RANGES = 4  # of numbers of mails that have a colour each, below the cap and above it
_WEEKS = 12  # that one person's calendar shows
_LINES = 5  # mails that are written in one day
_LETTER = 3.6
"""How wide a small letter is [points]."""
_SMALL: dict[str, Any] = {"fontsize": "x-small", "va": "center", "clip_on": True}


def plot_pressure(
    simulation: "AccountSimulation | pd.DataFrame",
    window: str | timedelta = "7D",
    cap: "Cap | int | None" = None,
    *,
    subscriber_id: Any = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """A picture of how many mails people get within some time; or, with a `subscriber_id`, a calendar of their weeks.

    `simulation`: what `Account.simulate` gives, or a timeline (also of one sequence). `window`: the length of time in
    which mails are counted. `cap`: a number of mails, or a `simcore.Cap` (whose window counts then); who gets more is
    marked.

    For everybody: a bar for each week (each day, if the window is not over two days) with the subscribers who get a
    mail then, stacked by the most mails that they have got within the window up to one of these. Hatched ones are over
    the cap, and the heading says how many people ever are.

    For one: a row for each week in which they get something, with the mails of each day, by the wall clock of the
    timeline's zone; a colour and a sign for each sequence. Days on which they are over the cap are hatched. More than
    twelve weeks, and more than five mails a day, are cut, and it says so.

    `ax`: where to draw (None: a new figure). Returns that Axes. Raises SimcoreError for what is no timeline, or if
    matplotlib is not installed; EntryError for a subscriber who gets no mail.

    >>> import simcore
    >>> life = simcore.Account.load(simcore.example("three_sequences")).simulate()
    >>> simcore.plot_pressure(life, cap=2).get_title(loc="left")
    'over 2 mails within 7 days: 40 of 40 subscribers'
    """
    timeline = simulation.timeline if isinstance(simulation, AccountSimulation) else simulation
    check("simulation", timeline, _COLUMNS, "Account.simulate or Account.project")
    here = zone_of("simulation: send_at", timeline["send_at"].dtype)
    most, window_us = _most(cap), cap.window_us if isinstance(cap, Cap) else length_us("window", window)
    timeline = timeline[timeline["send_at"].notna()].reset_index(drop=True)
    if subscriber_id is not None:
        mine = timeline[rows_of(timeline["subscriber_id"], subscriber_id)]
        if mine.empty:
            raise EntryError(f"subscriber_id: {shown(subscriber_id)} gets no mail in this timeline")
        names = _sequences(timeline)
        names = names._replace(code=names.code[mine.index.to_numpy()])
        return _calendar(mine.reset_index(drop=True), names, here, most, window_us, ax)
    return _spread(timeline, here, most, window_us, ax)


def _most(cap: Any) -> int | None:
    """The number of mails of a cap."""
    found = cap.most if isinstance(cap, Cap) else cap
    if found is not None and (isinstance(found, bool) or not isinstance(found, Integral) or found < 1):
        raise SimcoreError(
            f"cap: found {shown(found)}, expected a simcore.Cap, or a whole number of 1 or more"
        )
    return None if found is None else int(found)


def _ranges(top: int, most: int | None) -> list[tuple[int, int]]:
    """Numbers of mails that have a colour each: from 1 to the cap, and from there to the top."""
    low = top if most is None else min(most, top)
    parts = [(1, low, _RANGES * 2 if most is None else _RANGES), (low + 1, top, _RANGES)]
    found = []
    for first, last, many in parts:
        step = -(-(last - first + 1) // many)
        found += [(at, min(at + step - 1, last)) for at in range(first, last + 1, max(step, 1))]
    return found


def _spread(
    timeline: pd.DataFrame, here: Zone, most: int | None, window_us: int, ax: "Axes | None"
) -> "Axes":
    """How many people get how many mails, over time."""
    from matplotlib import colormaps

    ax = drawing.axes(ax, (9, 4))
    freq, each = ("W", "week") if window_us > 2 * DAY_US else ("D", "day")
    within = f"within {length(window_us)}"
    if timeline.empty:
        return drawing.nothing(ax, f"time, {here.name}", "subscribers")
    mails = by_person(timeline)
    got = up_to(mails, window_us)
    low_us, high_us = int(mails.at_us.min()), int(mails.at_us.max())
    edges_us = periods(here, freq, low_us, high_us + 8 * DAY_US).starts_us
    edges_us = edges_us[: np.searchsorted(edges_us, high_us, "right") + 1]
    at = np.searchsorted(edges_us, mails.at_us, "right") - 1
    # The most of each subscriber in each week.
    cell, which = np.unique(mails.who * edges_us.size + at, return_inverse=True)
    top = np.zeros(cell.size, np.int64)
    np.maximum.at(top, which, got)
    week = cell % edges_us.size
    ranges = _ranges(int(top.max()), most)
    drawing.time_axis(ax, here, int(edges_us[0]), int(edges_us[-1]), each)
    edges, base = drawing.days(edges_us), np.zeros(edges_us.size - 1)
    hatches = ["//" if most is not None and first > most else "" for first, _ in ranges]
    fine = hatches.count("")  # ranges that are not over the cap
    shades = [*colormaps["cividis_r"](np.linspace(0.1, 0.9, fine))]
    if most is not None:
        shades = [*colormaps["Blues"](np.linspace(0.3, 0.85, fine))]
        shades += [*colormaps["Oranges"](np.linspace(0.4, 0.9, len(ranges) - fine))]
    labels = []
    for (first, last), shade, hatch in zip(ranges, shades, hatches, strict=True):
        inside = (first <= top) & (top <= last)
        height = np.bincount(week[inside], minlength=base.size)
        look: dict[str, Any] = {"facecolor": shade, "edgecolor": drawing.paper(ax), "hatch": hatch}
        if base.size <= drawing.BARS:
            middle = (edges[1:] + edges[:-1]) / 2
            ax.bar(middle, height, np.diff(edges) * 0.9, base, linewidth=0.3, **look)
        else:
            low, high = (np.append(some, some[-1]) for some in (base, base + height))
            ax.fill_between(edges, low, high, step="post", linewidth=0, **look)
        base = base + height
        many = f"{first} to {last} mails" if last > first else count(first, "mail")
        labels.append(f"{many}, over" if hatch else many)
    drawing.name_emails(ax, labels, shades, hatch=hatches)
    ax.set_ylim(0, float(base.max()) * 1.08)
    drawing.whole(ax.yaxis)
    ax.set_ylabel(f"subscribers with a mail that {each},\nby their mails {within} up to it")
    ax.spines[["top", "right"]].set_visible(False)
    if most is not None:
        over = np.unique(mails.who[got > most]).size
        ax.set_title(
            f"over {count(most, 'mail')} {within}: {over:,} of {len(mails.ids):,} subscribers",
            loc="left",
            fontsize="medium",
        )
    return ax


class _Names(NamedTuple):
    """The sequences of a timeline: `code` by row (of broadcasts the last), what each is called, and, once it is known
    on what they are drawn, a colour each."""

    code: Ints
    labels: list[str]
    colours: tuple[Any, ...] = ()


def _sequences(timeline: pd.DataFrame) -> _Names:
    """The sequences of a whole timeline, so that each person's calendar has the same colours."""
    if "sequence_id" not in timeline:
        return _Names(np.zeros(len(timeline), np.int64), [""])
    ids = timeline["sequence_id"].astype("category").cat
    code = ids.codes.to_numpy().astype(np.int64)
    labels = [f"sequence {drawing.short(each, 24)}" for each in ids.categories]
    labels += ["broadcast"] if (code < 0).any() else []
    return _Names(np.where(code < 0, len(labels) - 1, code), labels)


class _Day(NamedTuple):
    """A day on which somebody gets mails: its local date [d], their places in the timeline, and how many they have had
    at most within the window."""

    date: int
    places: list[int]
    most: int


def _calendar(
    mine: pd.DataFrame, names: _Names, here: Zone, most: int | None, window_us: int, ax: "Axes | None"
) -> "Axes":
    """The weeks of one person; `names` are of their mails."""
    mails, got = by_person(mine), up_to(by_person(mine), window_us)
    local_us = here.local_us(mails.at_us)
    days = [
        _Day(date, mails.order[some].tolist(), int(got[some].max()))
        for date in np.unique(local_us // DAY_US).tolist()
        for some in [np.flatnonzero(local_us // DAY_US == date)]
    ]
    weeks: dict[int, list[_Day]] = {}
    for day in days:
        weeks.setdefault(day.date - (day.date + 3) % 7, []).append(day)  # 1970-01-01 was a Thursday
    shown_weeks = dict([*weeks.items()][:_WEEKS])
    heights = [1.6 + max(_lines(len(day.places)) for day in week) for week in shown_weeks.values()]
    tops = np.append(0, np.cumsum(heights))
    ax = drawing.axes(ax, (13, 0.2 * float(tops[-1]) + 1.2))
    names = names._replace(colours=tuple(drawing.colours(ax, len(names.labels))))
    clock = dict(zip(mails.order.tolist(), (local_us % DAY_US // MINUTE_US).tolist(), strict=True))
    for top, height, week, begin in zip(tops, heights, shown_weeks.values(), shown_weeks, strict=False):
        for column in range(7):
            ax.text(
                column + 0.04,
                top + 0.7,
                local_date(begin + column, year=False)[4:],
                **_SMALL,
                color=drawing.ink(ax, 0.6),
            )
        for day in week:
            _write_day(ax, day, (day.date - begin, float(top), height), mine, names, clock, most)
    _rule(ax, tops)
    within = f"within {length(window_us)}"
    cut = f"; the first {_WEEKS} of {len(weeks)} weeks with mails" if len(weeks) > _WEEKS else ""
    ax.set_xlabel(f"days in {here.name}; in the corner: mails {within}, up to then{cut}")
    ax.set_yticks(
        (tops[1:] + tops[:-1]) / 2, [f"week of\n{local_date(each)}" for each in shown_weeks], fontsize="small"
    )
    who = drawing.short(mails.ids[0], 24)
    ax.set_title(
        f"subscriber {who}: {count(len(mine), 'mail')}, at most {int(got.max())} {within}",
        loc="left",
        fontsize="medium",
    )
    if names.labels != [""]:
        drawing.name_emails(ax, names.labels, [*names.colours], marker=drawing.MARKERS)
    return ax


def _lines(mails: int) -> int:
    """How many lines the mails of a day take."""
    return mails if mails <= _LINES else _LINES + 1


def _write_day(
    ax: "Axes",
    day: _Day,
    box: tuple[int, float, float],
    mine: pd.DataFrame,
    names: _Names,
    clock: dict[int, int],
    most: int | None,
) -> None:
    """The mails of a day, in a box: its left and top, and how high it is."""
    from matplotlib.patches import Rectangle

    left, top, height = box
    over = most is not None and day.most > most
    if over:
        ax.add_patch(
            Rectangle((left, top), 1, height, facecolor=(_OVER, 0.05), edgecolor=(_OVER, 0.35), hatch="//")
        )
    weight = "bold" if over else "normal"
    ax.text(left + 0.96, top + 0.7, str(day.most), **_SMALL, ha="right", fontweight=weight)
    for line, place in enumerate(day.places[:_LINES]):
        y, kind = top + 1.7 + line, int(names.code[place])
        mark = {"color": names.colours[kind], "marker": drawing.MARKERS[kind % len(drawing.MARKERS)]}
        ax.scatter(
            left + 0.07, y - 0.05, s=16, edgecolors=drawing.paper(ax), linewidths=0.3, zorder=3, **mark
        )
        subject = drawing.subject(mine["subject"].iloc[place], _room(ax))
        ax.text(left + 0.12, y, f"{time_of_day(clock[place])} {subject}", **_SMALL)
    if len(day.places) > _LINES:
        ax.text(left + 0.12, top + 1.7 + _LINES, f"and {len(day.places) - _LINES} more", **_SMALL)


def _room(ax: "Axes") -> int:
    """How many letters of a subject fit into a day, behind the time."""
    inches = ax.get_window_extent().width / ax.figure.dpi
    return max(4, min(17, int(inches / 7 * 72 * 0.88 / _LETTER) - 6))


def _rule(ax: "Axes", tops: "np.ndarray[Any, Any]") -> None:
    """The lines between days and weeks, and the names of days."""
    ax.set_xlim(0, 7)
    ax.set_ylim(float(tops[-1]), 0)
    ax.hlines(tops, 0, 7, color=drawing.ink(ax, 0.5), linewidth=0.8, zorder=1)
    ax.vlines(np.arange(8), 0, tops[-1], color=drawing.ink(ax, 0.15), linewidth=0.8, zorder=0)
    ax.set_xticks(np.arange(7) + 0.5, SHORT)
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    ax.spines[:].set_visible(False)
