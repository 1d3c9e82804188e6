"""Pictures of sends, drawn with matplotlib: timelines, calendars, loads and shifts.

Markers, hatches, numbers or positions repeat what colours say, for eyes and printers that cannot see colours.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simcore.clock.periods import FREQUENCIES, periods
from simcore.clock.words import length
from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Ints, Zone, zone
from simcore.errors import SimcoreError, shown
from simcore.show import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HATCHES = ("", "//", "", "..", "\\\\", "", "xx", "--")
_LABELLED = 40  # rows that each have a label and room for a marker
_MARKED = 100  # rows with markers; more of them are drawn as an image
_STEPS = 2000  # periods that can be told apart in a picture
_PAGES = 6  # months whose days have room for their numbers
_TIMELINE = ("subscriber_id", "email_id", "position", "subject", "send_at")
_QUEUE = ("sent", "waiting", "late", "max_late")
_WHAT = ("earlier", "unchanged", "later", "gained", "lost")


def plot_timeline(timeline: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A picture of who gets what and when: subscribers down, time across, one colour for each email.

    `timeline`: a timeline from `simcore.project` or `simcore.compare`. Subscribers are in the order of their first
    send. With several scenarios and up to 40 rows, each subscriber has one row for each scenario, next to each other;
    with more rows, each scenario has its own block, with the subscribers in the same order. Up to 100 rows show a
    marker for each send. More rows are drawn as an image: each point shows the email that most subscribers there get
    then, paler where they are fewer, and numbers name the emails.

    `ax`: where to draw (None: a new figure). Returns that Axes; its times are in the timeline's zone.

    Raises SimcoreError for what is not a timeline, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> simcore.plot_timeline(sends).get_xlabel()
    'send time, America/New_York'
    """
    check("timeline", timeline, _TIMELINE, "simcore.project")
    here = zone_of("timeline: send_at", timeline["send_at"].dtype)
    timeline = timeline[timeline["send_at"].notna()]
    ax = drawing.axes(ax, (9, 5))
    if timeline.empty:
        return drawing.nothing(ax, f"send time, {here.name}", "subscribers")
    at_us = drawing.us(timeline["send_at"])
    subscriber, ids = pd.factorize(timeline["subscriber_id"], use_na_sentinel=False)
    names = [""]
    block: Ints = np.zeros(len(timeline), np.int64)
    if "scenario" in timeline.columns:
        scenario = timeline["scenario"].astype("category").cat
        names = [drawing.short(name, 24) for name in scenario.categories]
        block = scenario.codes.to_numpy().astype(np.int64)
    # An email is called what it was when it was sent last.
    last = timeline.loc[timeline.groupby("email_id", sort=False)["send_at"].idxmax()]
    last = last.sort_values("position", kind="stable")
    labels = [
        f"{position} {drawing.subject(subject)}"
        for position, subject in zip(last["position"], last["subject"], strict=True)
    ]
    email = pd.Index(last["email_id"]).get_indexer(timeline["email_id"])
    first_us = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(first_us, subscriber, at_us)
    by_first = np.argsort(first_us, kind="stable")
    rank = np.empty(len(ids), np.int64)
    rank[by_first] = np.arange(len(ids))
    rank = rank[subscriber]
    rows = len(ids) * len(names)
    margin_us = max(int(np.ptp(at_us)), DAY_US) // 30
    low_us, high_us = int(at_us.min()) - margin_us, int(at_us.max()) + margin_us
    drawing.time_axis(ax, here, low_us, high_us, "send time")
    colours = drawing.colours(len(labels))
    ax.set_ylim(rows - 0.5, -0.5)
    if rows <= _LABELLED:
        shown_ids = [drawing.short(ids[index], 20) for index in by_first]
        texts = [f"{shown_id}, {name}" if name else shown_id for shown_id in shown_ids for name in names]
        ax.set_yticks(range(rows), texts, fontsize="small" if rows <= 25 else "xx-small")
        ax.set_ylabel("subscriber")
        drawing.rules(ax, np.arange(rows), "0.88")
        row = rank * len(names) + block
        between = np.arange(1, len(ids)) * len(names) if len(names) > 1 else np.arange(0)
    else:
        ax.set_ylabel(f"{len(ids):,} subscribers, by their first send")
        row = block * len(ids) + rank
        between = np.arange(1, len(names)) * len(ids)
        if len(names) > 1:
            ax.set_yticks((np.arange(len(names)) + 0.5) * len(ids) - 0.5, names, rotation=90, va="center")
        else:
            drawing.whole(ax.yaxis)
    drawing.rules(ax, between - 0.5, "0.4")
    if rows <= _MARKED:
        size = 60 if rows <= 25 else 20
        for at, colour in enumerate(colours):
            sends = email == at
            ax.scatter(
                drawing.days(at_us[sends]),
                row[sends],
                s=size,
                color=colour,
                marker=drawing.MARKERS[at % len(drawing.MARKERS)],
                edgecolors="white",
                linewidths=0.6,
                zorder=3 - at / 1000,  # what comes soon after another is not to hide it
            )
    else:
        drawing.image(ax, at_us, row, email, colours, (low_us, high_us, rows, len(names)))
        if len(labels) <= len(drawing.COLOURS):
            numbers = [label.split()[0] for label in labels]
            drawing.number(ax, at_us, row, email, colours, numbers, len(ids))
    marks = {"marker": drawing.MARKERS} if rows <= _MARKED else {}
    drawing.name_emails(ax, labels, colours, **marks)
    return ax


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
    month = date.astype("datetime64[D]").astype("datetime64[M]")
    pages = np.arange(month[0], month[-1] + np.timedelta64(1, "M"))
    first = pages.astype("datetime64[D]").view(np.int64)
    # A page is seven rows, and six columns: no month is in more weeks than that.
    across = len(pages) if len(pages) <= 4 else 4 if len(pages) <= 12 else 12
    down = -(-len(pages) // across)
    top, left = divmod(np.arange(len(pages)), across)
    top, left = top * 9, left * 7
    page = (month - month[0]).astype(np.int64)
    y = top[page] + (date + 3) % 7
    x = left[page] + (date + 3) // 7 - (first[page] + 3) // 7
    grid = np.full((down * 9 - 2, across * 7 - 1), np.nan)
    grid[y, x] = sends

    cell = 0.36 if across <= 2 else 0.26 if across <= 4 else 0.125
    ax = drawing.axes(ax, (grid.shape[1] * cell + 1.8, (grid.shape[0] + 3.5) * cell + 0.6))
    edges = np.arange(grid.shape[1] + 1) - 0.5, np.arange(grid.shape[0] + 1) - 0.5
    line: dict[str, Any] = {"edgecolors": "white", "linewidth": 1.2 if across <= 4 else 0.5}
    ax.pcolormesh(*edges, np.where(grid == 0, 0.0, np.nan), cmap="Greys", vmin=-1, vmax=10, **line)
    most = max(float(sends.max()), 1.0)
    colours = ax.pcolormesh(
        *edges, np.where(grid > 0, grid, np.nan), cmap="cividis_r", vmin=-most / 4, vmax=most, **line
    )
    small = "small" if across <= 4 else "xx-small"
    for at, first_day in enumerate(pages):
        ax.text(
            left[at] - 0.5,
            top[at] - 0.7,
            f"{first_day.item():%b %Y}",
            fontsize=small,
            fontweight="bold",
            va="bottom",
        )
    if len(pages) <= _PAGES:
        for local_date, across_, down_, many in zip(date.astype("datetime64[D]"), x, y, sends, strict=True):
            dark = many > most * 0.3
            ax.text(
                across_,
                down_,
                str(local_date.item().day),
                fontsize="x-small",
                ha="center",
                va="center",
                color="white" if dark else "black",
            )
    weekdays = np.arange(7) if across <= 4 else np.array([0, 3, 6])
    names = np.array(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    ax.set_yticks(
        (np.arange(down)[:, None] * 9 + weekdays).ravel(), np.tile(names[weekdays], down), fontsize=small
    )
    ax.set_xticks([])
    ax.set_xlim(-0.5, grid.shape[1] - 0.5)
    ax.set_ylim(grid.shape[0] + 1.2, -2.2)  # with room for the legend
    ax.set_aspect("equal")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(label)
    bar = ax.figure.colorbar(colours, ax=ax, label="sends a day (grey: none)", shrink=0.75, pad=0.02)
    bar.ax.set_ylim(0, most)  # few are darker than none, in grey too
    drawing.whole(bar.ax.yaxis)

    changes_us, by = drawing.clock_changes(here, int(edges_us[0]), int(edges_us[-1]))
    for text in dict.fromkeys(by):
        at_us = changes_us[[change == text for change in by]]
        where = np.isin(date, here.date(at_us))
        ax.scatter(
            x[where] + 0.3,
            y[where] - 0.3,
            s=60 if across <= 4 else 16,
            marker=">" if "+" in text else "<",
            color="black",
            edgecolors="white",
            linewidths=0.5,
            label=text,
        )
    if by:
        ax.legend(
            loc="lower left", borderaxespad=0, ncols=4, frameon=False, fontsize="small", handletextpad=0.1
        )
    return ax


def plot_load(forecast: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A picture of how many emails go out in each period, stacked by email.

    `forecast`: a forecast from `simcore.forecast`, with any `freq`, by email or not. If you rename its columns, the
    legend shows the new names. Each period is as wide as it is long (a day may have 23 or 25 hours). With more than
    2,000 periods, neighbouring ones are grouped and each group shows its busiest period; the axis label says so.

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
    colours = drawing.colours(sends.shape[1])
    bars = size <= drawing.BARS and len(colours) <= len(_HATCHES)
    hatches = _HATCHES if bars and len(colours) > 1 else ("",)
    for at, colour in enumerate(colours):
        look: dict[str, Any] = {
            "facecolor": colour,
            "edgecolor": "white",
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
        names = [
            drawing.subject(column) if isinstance(column, str) else f"email {column}"
            for column in forecast.columns
        ]
        drawing.name_emails(ax, names, colours, hatch=hatches)
    return ax


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
    ax.plot(drawing.days(edges_us), np.append(0, waiting), color="black", linewidth=1.2, zorder=3)
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
    the sends gained and lost. If there is a column `subject`, it names the emails.

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
    ax = drawing.axes(ax, (9, min(max(0.7 * len(ids) + 1, 2.5), 14)))
    if shift.empty:
        return drawing.nothing(ax, "later by", "")
    by_us = pd.TimedeltaIndex(shift["shift"]).as_unit("us")
    both = ~np.asarray(by_us.isna())
    moved_us, email = np.asarray(by_us.asi8)[both], code[both]
    low_us, high_us = int(moved_us.min(initial=0)), int(moved_us.max(initial=0))
    unit, unit_us = "minutes", MINUTE_US
    if max(high_us, -low_us) >= 3 * HOUR_US or not high_us - low_us:
        unit, unit_us = ("days", DAY_US) if max(high_us, -low_us) >= 3 * DAY_US else ("hours", HOUR_US)
    # Those about as much shifted share a bar; the one in the middle has those who are hardly shifted at all.
    span_us = max(high_us - low_us, 2 * unit_us)
    near = np.rint(moved_us / span_us * 60).astype(np.int64)
    bins, which, many = np.unique(email * 128 + near, return_inverse=True, return_counts=True)
    of, near = np.divmod(bins + 64, 128)
    share = many / np.bincount(email, minlength=len(ids))[of]
    middle = np.bincount(which, moved_us, minlength=len(bins)) / many / unit_us
    colour = np.array(["#0072B2", "#999999", "#D55E00"])[np.sign(near - 64) + 1]
    ax.bar(middle, -0.62 * share, span_us / unit_us / 60, of + 0.45, color=colour, linewidth=0)
    ax.axvline(0, color="0.4", linewidth=0.8, zorder=0)
    drawing.rules(ax, np.arange(len(ids)) + 0.45, "0.8")
    counts = np.bincount(code * len(_WHAT) + what, minlength=len(ids) * len(_WHAT)).reshape(-1, len(_WHAT))
    size = "small" if len(ids) <= 20 else "xx-small"
    for at, numbers in enumerate(counts):
        words = [f"{number:,} {word}" for number, word in zip(numbers, _WHAT, strict=True) if number]
        if (email == at).any():
            some_us = np.sort(moved_us[email == at])
            median_us = int(some_us[(some_us.size - 1) // 2])  # of two in the middle the lower, as in impact
            minutes = round(abs(median_us) / MINUTE_US)
            way = "later" if median_us > 0 else "earlier"
            words.insert(0, f"median {length(minutes * MINUTE_US)} {way}" if minutes else "median 0")
            median = median_us / unit_us
            ax.plot(median, at + 0.45, marker="^", color="black", markersize=6, clip_on=False, zorder=4)
        ax.text(
            0.01,
            at - 0.2,
            ", ".join(words),
            transform=ax.get_yaxis_transform(),
            fontsize=size,
            va="bottom",
            color="0.25",
        )
    names = [f"email {drawing.short(email_id)}" for email_id in ids]
    if "subject" in shift.columns:
        subjects = shift["subject"].to_numpy(object)[np.unique(code, return_index=True)[1]]
        names = [drawing.subject(subject) for subject in subjects]
    ax.set_yticks(range(len(ids)), names, fontsize=size)
    ax.set_ylim(len(ids) - 0.45, -0.6)
    ends = np.array([(low_us + high_us - span_us) / 2, (low_us + high_us + span_us) / 2]) / unit_us
    ax.set_xlim(*(ends + np.ptp(ends) * np.array([-0.06, 0.06])))
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.set_xlabel(f"later by ({unit}; below 0: earlier)")
    return ax


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
