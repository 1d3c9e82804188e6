"""The picture of a forecast as a calendar."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock.zones import Ints
from simcore.errors import SimcoreError
from simcore.show import drawing
from simcore.show.given import periods_of
from simcore.text.wording import SHORT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONG = {"W": "weeks", "M": "months"}
_YEAR_WIDE = 7  # inches that twelve months need to have their years
_PAGES = 6  # months whose days have room for their numbers


def plot_calendar(forecast: pd.DataFrame, *, ax: "Axes | None" = None) -> "Axes":
    """A calendar, month by month, in which the colour of a day shows how many emails go out on it.

    `forecast`: a forecast from `simcore.forecast`, by day (`freq="D"`) or finer (hours are added up). Weekdays go down
    and weeks across, by the wall clock of the forecast's zone. Days without a send are grey, days outside the forecast
    are left out, and days with a clock change have a mark. A single period counts as a day.

    `ax`: where to draw (None: a new figure). Returns that Axes.

    Raises SimcoreError for what is not a forecast, for weeks and months, or if matplotlib is not installed.

    >>> import simcore
    >>> from simcore import kit
    >>> sends = simcore.forecast(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> simcore.plot_calendar(sends).get_xlabel()
    'weeks of each month, days in America/New_York'
    """
    here, edges_us, freq = periods_of(forecast)
    if freq in _LONG:
        raise SimcoreError(
            f'forecast: found {_LONG[freq]}, expected days or shorter periods: make the forecast with freq="D"'
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
