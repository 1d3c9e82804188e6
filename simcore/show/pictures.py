"""Pictures of sends, drawn with matplotlib: timelines, calendars, loads and shifts.

Markers, hatches, numbers or positions repeat what colours say, for eyes and printers that cannot see colours.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock.periods import FREQUENCIES, periods
from simcore.clock.words import length
from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Ints, Zone, zone
from simcore.errors import SimcoreError, shown
from simcore.show import drawing
from simcore.text.wording import SHORT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HATCHES = ("", "//", "", "..", "\\\\", "", "xx", "--")
_LABELLED = 40  # rows that each have a label and room for a marker
_MARKED = 100  # rows with markers; more of them are drawn as an image
_FEW = 16  # emails whose markers have room side by side
_YEAR_WIDE = 7  # inches that twelve months need to have their years
_STEPS = 2000  # periods that can be told apart in a picture
_PAGES = 6  # months whose days have room for their numbers
_TIMELINE = ("subscriber_id", "email_id", "position", "subject", "send_at")
_QUEUE = ("sent", "waiting", "late", "max_late")
_WHAT = ("earlier", "unchanged", "later", "gained", "lost")


def plot_timeline(timeline: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A picture of who gets what and when: subscribers down, time across, one colour for each email.

    `timeline`: a timeline from `simcore.project` or `simcore.compare`, or a preview. Subscribers are in the order of
    their first send. With several scenarios and up to 40 rows, each subscriber has one row for each scenario, next to
    each other; with more rows, each scenario has its own block, with the subscribers in the same order. Up to 100 rows
    show a marker for each send. More rows are drawn as an image: each point shows the email that most subscribers
    there get then, paler where they are fewer, and the positions of emails stand beside them. Emails are named by
    their subjects, with the position in front where two are the same.

    `ax`: where to draw (None: a new figure). Returns that Axes; its times are in the timeline's zone.

    Raises SimcoreError for what is not a timeline, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> simcore.plot_timeline(sends).get_xlabel()
    'send time, America/New_York'
    """
    timeline = _of_one(timeline)
    check("timeline", timeline, _TIMELINE, "simcore.project")
    here = zone_of("timeline: send_at", timeline["send_at"].dtype)
    timeline = timeline[timeline["send_at"].notna()].reset_index(drop=True)
    ax = drawing.axes(ax, (9, 5))
    if timeline.empty:
        return drawing.nothing(ax, f"send time, {here.name}", "subscribers")
    crowd = _crowd(timeline)
    at_us, rows = crowd.at_us, crowd.rows
    margin_us = max(int(np.ptp(at_us)), DAY_US) // 30
    low_us, high_us = int(at_us.min()) - margin_us, int(at_us.max()) + margin_us
    drawing.time_axis(ax, here, low_us, high_us, "send time")
    positions, subjects = crowd.emails["position"].tolist(), crowd.emails["subject"].tolist()
    labels, colours = drawing.names(ax, subjects, positions), drawing.colours(ax, len(subjects))
    row = _lay_out(ax, crowd)
    if rows <= _MARKED:
        _mark(ax, crowd, row, colours)
        drawing.name_emails(ax, labels, colours, marker=drawing.MARKERS)
        return ax
    drawing.image(ax, at_us, row, crowd.email, colours, (low_us, high_us, rows, len(crowd.scenarios)))
    if len(labels) > len(drawing.COLOURS):
        drawing.name_emails(ax, labels, colours)
        return ax
    numbers = [str(position) for position in positions]
    drawing.number(ax, at_us, row, crowd.email, colours, numbers, len(crowd.ids))
    # The legend has the numbers for markers, as they are in the picture.
    drawing.name_emails(ax, labels, colours, marker=[rf"$\mathrm{{{number}}}$" for number in numbers])
    return ax


def _of_one(given: Any) -> Any:
    """A preview as the timeline of one subscriber; anything else as it is."""
    if not isinstance(given, pd.DataFrame) or given.index.name != "position":
        return given
    if "subscriber_id" not in given.columns:
        return pd.DataFrame(given).reset_index().assign(subscriber_id="preview")
    return given


class _Crowd(NamedTuple):
    """Who gets what and when, by send: instants [µs], subscribers by their first send, scenarios and emails, numbered.

    `ids`, `scenarios` and `emails` (one row each: position, subject) are what these numbers stand for.
    """

    at_us: Ints
    rank: Ints
    block: Ints
    email: Ints
    ids: list[Any]
    scenarios: list[str]
    emails: pd.DataFrame

    @property
    def rows(self) -> int:
        """How many rows there are, if each scenario has its own."""
        return len(self.ids) * len(self.scenarios)


def _crowd(timeline: pd.DataFrame) -> _Crowd:
    """The sends of a timeline that has some."""
    at_us = drawing.us(timeline["send_at"])
    subscriber, ids = pd.factorize(timeline["subscriber_id"], use_na_sentinel=False)
    scenarios = [""]
    block: Ints = np.zeros(len(timeline), np.int64)
    if "scenario" in timeline.columns:
        scenario = timeline["scenario"].astype("category").cat
        scenarios = [drawing.short(name, 24) for name in scenario.categories]
        block = scenario.codes.to_numpy().astype(np.int64)
    # An email is called what it was when it was sent last.
    last = timeline.loc[timeline.groupby("email_id", sort=False)["send_at"].idxmax()]
    last = last.sort_values("position", kind="stable")
    email = pd.Index(last["email_id"]).get_indexer(timeline["email_id"])
    first_us = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(first_us, subscriber, at_us)
    by_first = np.argsort(first_us, kind="stable")
    rank = np.empty(len(ids), np.int64)
    rank[by_first] = np.arange(len(ids))
    names = [ids[index] for index in by_first]
    return _Crowd(at_us, rank[subscriber], block, email, names, scenarios, last[["position", "subject"]])


def _lay_out(ax: "Axes", crowd: _Crowd) -> Ints:
    """Labels the rows of a timeline, and gives that of each send."""
    ids, names, rows = crowd.ids, crowd.scenarios, crowd.rows
    ax.set_ylim(rows - 0.5, -0.5)
    if rows <= _LABELLED:
        shown_ids = [drawing.short(each, 20) for each in ids]
        texts = [f"{shown_id}, {name}" if name else shown_id for shown_id in shown_ids for name in names]
        small = rows > (8 if drawing.narrow(ax) else 25)
        ax.set_yticks(range(rows), texts, fontsize="xx-small" if small else "small")
        ax.set_ylabel("subscriber")
        drawing.rules(ax, np.arange(rows), 0.12)
        row = crowd.rank * len(names) + crowd.block
        between = np.arange(1, len(ids)) * len(names) if len(names) > 1 else np.arange(0)
    else:
        ax.set_ylabel(f"{len(ids):,} subscribers, by their first send")
        row = crowd.block * len(ids) + crowd.rank
        between = np.arange(1, len(names)) * len(ids)
        if len(names) > 1:
            ax.set_yticks((np.arange(len(names)) + 0.5) * len(ids) - 0.5, names, rotation=90, va="center")
        else:
            drawing.whole(ax.yaxis)
    drawing.rules(ax, between - 0.5, 0.6)
    return row


def _mark(ax: "Axes", crowd: _Crowd, row: Ints, colours: list[Any]) -> None:
    """A marker for each send."""
    few = crowd.rows <= 25 and len(colours) <= _FEW and not drawing.narrow(ax)
    for at, colour in enumerate(colours):
        sends = crowd.email == at
        ax.scatter(
            drawing.days(crowd.at_us[sends]),
            row[sends],
            s=60 if few else 20,
            color=colour,
            marker=drawing.MARKERS[at % len(drawing.MARKERS)],
            edgecolors=drawing.paper(ax),
            linewidths=0.6,
            zorder=3 - at / 1000,  # what comes soon after another is not to hide it
        )


def plot_calendar(forecast: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A calendar, month by month, in which the colour of a day shows how many emails go out on it.

    `forecast`: a forecast from `simcore.forecast`, by day (`freq="D"`) or finer (hours are added up). Weekdays go down
    and weeks across, by the wall clock of the forecast's zone. Days without a send are grey, days outside the forecast
    are left out, and days with a clock change have a mark. A single period counts as a day.

    `ax`: where to draw (None: a new figure). Returns that Axes.

    Raises SimcoreError for what is not a forecast, for weeks, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> sends = simcore.forecast(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> simcore.plot_calendar(sends).get_xlabel()
    'weeks of each month, days in America/New_York'
    """
    here, edges_us, freq = _periods_of(forecast)
    if freq == "W":
        raise SimcoreError(
            'forecast: found weeks, expected days or shorter periods: make the forecast with freq="D"'
        )
    label = f"weeks of each month, days in {here.name}"
    if forecast.empty:
        return drawing.nothing(drawing.axes(ax, (9, 4)), label, "")
    date, day = np.unique(here.date(edges_us[:-1]), return_inverse=True)
    sends = np.bincount(day, forecast.to_numpy(np.float64).sum(axis=1))
    pages = _pages(date)
    cell = 0.36 if pages.across <= 2 else 0.26 if pages.across <= 4 else 0.125
    wide, high = pages.size
    ax = drawing.axes(ax, (wide * cell + 1.8, (high + 3.5) * cell + 0.6))
    _name_days(ax, pages)
    colours = _fill(ax, pages, date, sends)
    ax.set_xlabel(label)
    bar = ax.figure.colorbar(colours, ax=ax, label="sends a day (grey: none)", shrink=0.75, pad=0.02)
    bar.ax.set_ylim(0, max(float(sends.max()), 1.0))  # few are darker than none, in grey too
    drawing.whole(bar.ax.yaxis)
    changes_us, by = drawing.clock_changes(here, int(edges_us[0]), int(edges_us[-1]))
    for text in dict.fromkeys(by):
        at_us = changes_us[[change == text for change in by]]
        where = np.isin(date, here.date(at_us))
        ax.scatter(
            pages.x[where] + 0.3,
            pages.y[where] - 0.3,
            s=60 if pages.across <= 4 else 16,
            marker=">" if "+" in text else "<",
            color=drawing.ink(ax),
            edgecolors=drawing.paper(ax),
            linewidths=0.5,
            label=text,
        )
    if by:
        ax.legend(
            loc="lower left", borderaxespad=0, ncols=4, frameon=False, fontsize="small", handletextpad=0.1
        )
    return ax


class _Pages(NamedTuple):
    """Where months and days are in a calendar of so many months across.

    `first`: the first day of each month, `left` and `top` its corner; `x` and `y` by day, `size` of all.
    """

    across: int
    first: "np.ndarray[Any, np.dtype[np.datetime64]]"
    left: Ints
    top: Ints
    x: Ints
    y: Ints
    size: tuple[int, int]


def _pages(date: Ints) -> _Pages:
    """The months of some local dates [d]. A page is seven rows, and six columns: no month is in more weeks."""
    month = date.astype("datetime64[D]").astype("datetime64[M]")
    pages = np.arange(month[0], month[-1] + np.timedelta64(1, "M"))
    first = pages.astype("datetime64[D]").view(np.int64)
    across = len(pages) if len(pages) <= 4 else 4 if len(pages) <= 12 else 12
    down = -(-len(pages) // across)
    top, left = divmod(np.arange(len(pages)), across)
    top, left = top * 9, left * 7
    page = (month - month[0]).astype(np.int64)
    y = top[page] + (date + 3) % 7
    x = left[page] + (date + 3) // 7 - (first[page] + 3) // 7
    return _Pages(across, pages, left, top, x, y, (across * 7 - 1, down * 9 - 2))


def _fill(ax: "Axes", pages: _Pages, date: Ints, sends: "np.ndarray[Any, np.dtype[np.float64]]") -> Any:
    """Colours the days of a calendar by their sends, and writes their numbers where there is room."""
    from matplotlib.colors import ListedColormap

    wide, high = pages.size
    grid = np.full((high, wide), np.nan)
    grid[pages.y, pages.x] = sends
    edges = np.arange(wide + 1) - 0.5, np.arange(high + 1) - 0.5
    # Lines between the days of a year would leave nothing of them in small Axes.
    width = 1.2 if pages.across <= 4 else 0.0 if drawing.narrow(ax) else 0.5
    line: dict[str, Any] = {"edgecolors": drawing.paper(ax) if width else "none", "linewidth": width}
    ax.pcolormesh(
        *edges, np.where(grid == 0, 0.0, np.nan), cmap=ListedColormap([drawing.ink(ax, 0.1)]), **line
    )
    most, dark = max(float(sends.max()), 1.0), drawing.is_dark(ax)
    # Many stand out: dark from light paper, and light from dark.
    cmap = "cividis" if dark else "cividis_r"
    colours = ax.pcolormesh(
        *edges, np.where(grid > 0, grid, np.nan), cmap=cmap, vmin=-most / 4, vmax=most, **line
    )
    if len(pages.first) <= _PAGES:
        local_dates = date.astype("datetime64[D]")
        for across, down, local_date, many in zip(pages.x, pages.y, local_dates, sends, strict=True):
            ax.text(
                across,
                down,
                str(local_date.item().day),
                fontsize="xx-small" if drawing.narrow(ax) else "x-small",
                ha="center",
                va="center",
                color="white" if bool(many > most * 0.3) != dark else "black",
            )
    return colours


def _name_days(ax: "Axes", pages: _Pages) -> None:
    """Writes the names of months above them and of weekdays beside them, and leaves all else away."""
    wide, high = pages.size
    tight = pages.across > 4
    small = "xx-small" if tight or drawing.narrow(ax) else "small"
    short = tight and drawing.narrow(ax, _YEAR_WIDE)
    for first_day, left, top in zip(pages.first, pages.left, pages.top, strict=True):
        title = f"{first_day.item():%b %Y}"
        if short:  # a month is too small for its year, so it is above the first of each row
            title = f"{first_day.item():%b}" if left else f"{first_day.item():%Y\n%b}"
        ax.text(left - 0.5, top - 0.7, title, fontsize=small, fontweight="bold", va="bottom")
    weekdays = np.array([0, 3, 6]) if tight else np.arange(7)
    names = np.array(SHORT)[weekdays]
    down = (high + 2) // 9
    places = (np.arange(down)[:, None] * 9 + weekdays).ravel()
    ax.set_yticks(places, np.tile(names, down), fontsize=small)
    ax.set_xticks([])
    ax.set_xlim(-0.5, wide - 0.5)
    ax.set_ylim(high + 1.2, -2.2)  # with room for the legend
    ax.set_aspect("equal")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def plot_load(forecast: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A picture of how many emails go out in each period, stacked by email.

    `forecast`: a forecast from `simcore.forecast`, with any `freq`, by email or not. Emails are named by their
    subjects, with the position in front where two are the same; if you rename its columns, by the new names. Each
    period is as wide as it is long (a day may have 23 or 25 hours). With more than 2,000 periods, neighbouring ones
    are grouped and each group shows its busiest period; the axis label says so.

    `ax`: where to draw (None: a new figure). Returns that Axes; its times are in the forecast's zone.

    Raises SimcoreError for what is not a forecast, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> sends = simcore.forecast(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> simcore.plot_load(sends).get_ylabel()
    'sends a day'
    """
    here, edges_us, freq = _periods_of(forecast)
    unit = {"15min": "quarter of an hour", "h": "hour", "D": "day", "W": "week"}[freq]
    # Of one period nobody can say what kind it is.
    label = f"sends a{'n' if freq == 'h' else ''} {unit}" if len(forecast) > 1 else "sends"
    ax = drawing.axes(ax, (9, 4))
    if forecast.empty:
        return drawing.nothing(ax, f"time, {here.name}", "sends")
    sends = forecast.to_numpy(np.float64)
    size = len(sends)
    if size > _STEPS:
        group = -(-size // _STEPS)
        begins = np.arange(0, size, group)
        total = np.append(sends.sum(axis=1), np.full(-size % group, -1))
        sends = sends[begins + total.reshape(-1, group).argmax(axis=1)]
        edges_us = edges_us[np.append(begins, size)]
        label += f"\n(the busiest of each {group:,})"
    drawing.time_axis(ax, here, int(edges_us[0]), int(edges_us[-1]), "time")
    edges = drawing.days(edges_us)
    tops = np.cumsum(sends, axis=1)
    colours = drawing.colours(ax, sends.shape[1])
    bars = size <= drawing.BARS and len(colours) <= len(_HATCHES)
    hatches = _HATCHES if bars and len(colours) > 1 else ("",)
    for at, colour in enumerate(colours):
        look: dict[str, Any] = {
            "facecolor": colour,
            "edgecolor": drawing.paper(ax),
            "hatch": hatches[at % len(hatches)],
        }
        low, high = tops[:, at] - sends[:, at], tops[:, at]
        if bars:
            middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges) * 0.9
            ax.bar(middle, sends[:, at], width, low, linewidth=0.3, **look)
        else:
            low, high = np.append(low, low[-1]), np.append(high, high[-1])
            ax.fill_between(edges, low, high, step="post", linewidth=0, **look)
    ax.set_ylim(0, max(1.0, float(tops[:, -1].max())) * 1.08)
    drawing.whole(ax.yaxis)
    ax.set_ylabel(label)
    ax.spines[["top", "right"]].set_visible(False)
    if list(forecast.columns) != ["sends"]:
        drawing.name_emails(ax, _columns(ax, forecast), colours, hatch=hatches)
    return ax


def _columns(ax: "Axes", forecast: pd.DataFrame) -> list[str]:
    """What the columns of a forecast are called: emails by their subjects, or as they have been renamed."""
    known = {each["position"]: each["subject"] for each in forecast.attrs.get("emails", [])}
    kind = "sequence" if forecast.columns.name == "sequence_id" else "email"
    subjects = [
        column if isinstance(column, str) else known.get(column, f"{kind} {column}")
        for column in forecast.columns
    ]
    numbers = [at if isinstance(each, str) else each for at, each in enumerate(forecast.columns)]
    return drawing.names(ax, subjects, numbers)


def plot_capacity(forecast: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A picture of a sending limit: how many emails go out in each period, those in time and those late, and how many
    wait at its end.

    `forecast`: a forecast with a limit, `simcore.forecast(..., capacity={"D": 5000})`. A line shows what waits, to
    the same scale. The title says how many are late, and by how much at most.

    `ax`: where to draw (None: a new figure). Returns that Axes; its times are in the forecast's zone.

    Raises SimcoreError for what is not a forecast with a limit, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome = kit.load(simcore.example("welcome"))
    >>> sends = simcore.forecast(welcome, ["2026-03-06T21:07-05:00"] * 3, capacity={"D": 2})
    >>> simcore.plot_capacity(sends).get_title()
    '6 of 12 late, by 1 day 45 minutes at most'
    """
    check("forecast", forecast, _QUEUE, "simcore.forecast(..., capacity=...)")
    sends = pd.DataFrame({"in time": forecast["sent"] - forecast["late"], "late": forecast["late"]})
    ax = plot_load(sends, ax=ax)
    if forecast.empty:
        return ax
    edges_us, waiting = _periods_of(sends)[1], forecast["waiting"].to_numpy()
    # From the beginning to the end of each period, so that the line rises and falls where sends wait and go out.
    ax.plot(drawing.days(edges_us), np.append(0, waiting), color=drawing.ink(ax), linewidth=1.2, zorder=3)
    ax.set_ylim(0, max(ax.get_ylim()[1], float(waiting.max()) * 1.08))
    ax.set_ylabel(f"{ax.get_ylabel()}\n(line: waiting)")
    late, total = int(forecast["late"].sum()), int(forecast["sent"].sum())
    most_us = round(forecast["max_late"].dt.total_seconds().max() * SECOND_US)
    ax.set_title(f"{late:,} of {total:,} late" + (f", by {length(most_us)} at most" if late else ""))
    return ax


def plot_shift(shift: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A picture of how much earlier or later each email goes out: one row for each email, one bar for each shift.

    `shift`: a table from `simcore.shift`. The height of a bar is its share of the email's sends that are in both
    timelines. Bars to the left are earlier, bars to the right later. The median and the counts are above them, with
    the sends gained and lost. Emails are named by their subjects (those of a column `subject`, if there is one), with
    the position in front where two are the same.

    `ax`: where to draw (None: a new figure). Returns that Axes.

    Raises SimcoreError for what is not a table of shifts, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome, entry = kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"]
    >>> moved = simcore.shift(
    ...     simcore.project(welcome, entry), simcore.project(welcome.replace(send_hour=18), entry)
    ... )
    >>> simcore.plot_shift(moved).get_xlabel()
    'later by (hours; below 0: earlier)'
    """
    check("shift", shift, ("email_id", "shift", "what"), "simcore.shift")
    if shift["shift"].dtype.kind != "m":
        raise SimcoreError(
            f"shift: shift is {shift['shift'].dtype}; expected timedelta64, as in a table from simcore.shift"
        )
    what = pd.Index(_WHAT).get_indexer(pd.Index(shift["what"]))
    if (what < 0).any():
        row = int(np.flatnonzero(what < 0)[0])
        raise SimcoreError(
            f"shift: what is {shown(shift['what'].iloc[row])} in row {row}; expected one of: {', '.join(_WHAT)}"
        )
    code, ids = pd.factorize(shift["email_id"])
    tall = 0.7 * len(ids) + 1 if len(ids) <= _FEW else 0.35 * len(ids) + 6
    ax = drawing.axes(ax, (9, min(max(tall, 2.5), 30)))
    if shift.empty:
        return drawing.nothing(ax, "later by", "")
    by_us = pd.TimedeltaIndex(shift["shift"]).as_unit("us")
    both = ~np.asarray(by_us.isna())
    moved_us, email = np.asarray(by_us.asi8)[both], code[both]
    low_us, high_us = int(moved_us.min(initial=0)), int(moved_us.max(initial=0))
    unit, unit_us = "minutes", MINUTE_US
    if max(high_us, -low_us) >= 3 * HOUR_US or not high_us - low_us:
        unit, unit_us = ("days", DAY_US) if max(high_us, -low_us) >= 3 * DAY_US else ("hours", HOUR_US)
    span_us = max(high_us - low_us, 2 * unit_us)
    _bars(ax, moved_us, email, span_us, unit_us)
    ax.axvline(0, color=drawing.ink(ax, 0.6), linewidth=0.8, zorder=0)
    drawing.rules(ax, np.arange(len(ids)) + 0.45, 0.2)
    counts = np.bincount(code * len(_WHAT) + what, minlength=len(ids) * len(_WHAT)).reshape(-1, len(_WHAT))
    size = "small" if len(ids) <= 20 and not drawing.narrow(ax) else "xx-small"
    _say(ax, counts, (moved_us, email), unit_us, size)
    ax.set_yticks(range(len(ids)), _shifted(ax, shift, code, ids), fontsize=size)
    ax.set_ylim(len(ids) - 0.45, -0.6)
    ends = np.array([(low_us + high_us - span_us) / 2, (low_us + high_us + span_us) / 2]) / unit_us
    ax.set_xlim(*(ends + np.ptp(ends) * np.array([-0.06, 0.06])))
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.set_xlabel(f"later by ({unit}; below 0: earlier)")
    return ax


def _bars(ax: "Axes", moved_us: Ints, email: Ints, span_us: int, unit_us: int) -> None:
    """One bar for each shift. Those about as much shifted share a bar; the one in the middle has those who are hardly
    shifted at all."""
    near = np.rint(moved_us / span_us * 60).astype(np.int64)
    bins, which, many = np.unique(email * 128 + near, return_inverse=True, return_counts=True)
    of, near = np.divmod(bins + 64, 128)
    share = many / np.bincount(email)[of]
    middle = np.bincount(which, moved_us, minlength=len(bins)) / many / unit_us
    colour = np.array(["#0072B2", "#999999", "#D55E00"])[np.sign(near - 64) + 1]
    ax.bar(middle, -0.62 * share, span_us / unit_us / 60, of + 0.45, color=colour, linewidth=0)


def _say(ax: "Axes", counts: Ints, shifts: tuple[Ints, Ints], unit_us: int, size: str) -> None:
    """Writes the median and the counts above the bars of each email; `shifts`: how long [µs], and of which email."""
    moved_us, email = shifts
    for at, numbers in enumerate(counts):
        words = [f"{number:,} {word}" for number, word in zip(numbers, _WHAT, strict=True) if number]
        if (email == at).any():
            words.insert(0, f"median {_median(ax, at, np.sort(moved_us[email == at]), unit_us)}")
        ax.text(
            0.01,
            at - 0.2,
            ", ".join(words),
            transform=ax.get_yaxis_transform(),
            fontsize=size,
            va="bottom",
            color=drawing.ink(ax, 0.75),
        )


def _median(ax: "Axes", at: int, moved_us: Ints, unit_us: int) -> str:
    """The median of sorted shifts in words, after it is marked. Of two in the middle it is the lower."""
    median_us = int(moved_us[(moved_us.size - 1) // 2])
    mark: dict[str, Any] = {"marker": "^", "color": drawing.ink(ax), "markersize": 6}
    ax.plot(median_us / unit_us, at + 0.45, **mark, clip_on=False, zorder=4)
    minutes = round(abs(median_us) / MINUTE_US)
    return f"{length(minutes * MINUTE_US)} {'later' if median_us > 0 else 'earlier'}" if minutes else "0"


def _shifted(ax: "Axes", shift: pd.DataFrame, code: Ints, ids: Any) -> list[str]:
    """What the emails of a table of shifts are called."""
    known = {each["email_id"]: each for each in shift.attrs.get("emails", [])}
    found = [known.get(each, {}) for each in ids.tolist()]
    subjects = [each.get("subject", f"email {key}") for each, key in zip(found, ids, strict=True)]
    if "subject" in shift.columns:
        subjects = shift["subject"].to_numpy(object)[np.unique(code, return_index=True)[1]].tolist()
    numbers = [each.get("position", key) for each, key in zip(found, ids, strict=True)]
    return drawing.names(ax, subjects, numbers)


def check(name: str, given: Any, columns: Sequence[str], maker: str) -> None:
    """Raises SimcoreError for what is not a DataFrame, or lacks columns."""
    expected = f"expected a DataFrame from {maker}"
    if not isinstance(given, pd.DataFrame):
        raise SimcoreError(f"{name}: found a {type(given).__name__}, {expected}")
    if missing := [column for column in columns if column not in given.columns]:
        found = ", ".join(map(str, given.columns))
        raise SimcoreError(
            f"{name}: no column {', '.join(missing)}; found {shown(found)}, {expected}, with {', '.join(columns)}"
        )


def zone_of(name: str, dtype: Any) -> Zone:
    """The zone of instants of a dtype. Raises SimcoreError for what has none."""
    if not isinstance(dtype, pd.DatetimeTZDtype):
        raise SimcoreError(f"{name} is {dtype}; expected instants with a zone, such as datetime64[us, UTC]")
    return zone(str(dtype.tz))


def _periods_of(forecast: Any) -> tuple[Zone, Ints, str]:
    """The zone of a forecast, the edges of its periods [int64, µs], and their `freq`."""
    check("forecast", forecast, (), "simcore.forecast")
    here = zone_of("forecast: its index", forecast.index.dtype)
    for column, dtype in forecast.dtypes.items():
        if dtype.kind not in "iuf":
            raise SimcoreError(f"forecast: column {shown(column)} is {dtype}; expected numbers of sends")
    starts_us = drawing.us(forecast.index)
    if not starts_us.size:
        return here, starts_us, "D"
    first_us, last_us = int(starts_us[0]), int(starts_us[-1])
    if (np.diff(starts_us) > 0).all():
        for freq in ("D", "W", "h", "15min"):
            edges_us = periods(here, freq, first_us, last_us + 2 * FREQUENCIES[freq]).starts_us
            edges_us = edges_us[: starts_us.size + 1]
            if np.array_equal(edges_us[:-1], starts_us):
                return here, edges_us, freq
    raise SimcoreError(
        f"forecast: {len(starts_us):,} periods from {shown(str(forecast.index[0]))} to "
        f"{shown(str(forecast.index[-1]))}, expected quarters of an hour, hours, days or weeks of {here.name} "
        "without gaps, as in a forecast from simcore.forecast"
    )
