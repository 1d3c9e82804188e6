"""Pictures of how many sends there are in each period, and of what a limit leaves waiting."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simcore.clock.words import length
from simcore.clock.zones import SECOND_US
from simcore.show import drawing
from simcore.show.given import check, periods_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HATCHES = ("", "//", "", "..", "\\\\", "", "xx", "--")
_STEPS = 2000  # periods that can be told apart in a picture
_QUEUE = ("sent", "waiting", "late", "max_late")


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
    here, edges_us, freq = periods_of(forecast)
    unit = {"15min": "quarter of an hour", "h": "hour", "D": "day", "W": "week", "M": "month"}[freq]
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
    edges_us, waiting = periods_of(sends)[1], forecast["waiting"].to_numpy()
    # From the beginning to the end of each period, so that the line rises and falls where sends wait and go out.
    ax.plot(drawing.days(edges_us), np.append(0, waiting), color=drawing.ink(ax), linewidth=1.2, zorder=3)
    ax.set_ylim(0, max(ax.get_ylim()[1], float(waiting.max()) * 1.08))
    ax.set_ylabel(f"{ax.get_ylabel()}\n(line: waiting)")
    late, total = int(forecast["late"].sum()), int(forecast["sent"].sum())
    most_us = round(forecast["max_late"].dt.total_seconds().max() * SECOND_US)
    ax.set_title(f"{late:,} of {total:,} late" + (f", by {length(most_us)} at most" if late else ""))
    return ax
