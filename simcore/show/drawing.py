"""The parts of pictures: time axes, colours, names of emails, images, texts.

Colours are those of Okabe and Ito, or cividis if there are more emails than those. Matplotlib is an extra, so it is
imported inside functions.
"""

import unicodedata
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.instants import frame_dtype
from simcore.clock.zones import HOUR_US, Ints, Zone
from simcore.errors import SimcoreError, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

# Blue, orange, black, sky blue, green, purple, vermilion; grey for yellow, which white paper swallows. On dark paper
# black is white.
COLOURS = ("#0072B2", "#E69F00", "#000000", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#999999")

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
BARS = 62
"""So many periods are drawn as bars; more of them as one shape."""
_CROWD = 1000
_NARROW = 3.5  # inches: Axes in a grid, with room for short texts only


def us(instants: Any) -> Ints:
    """Instants of a column or an index, as int64 [µs]."""
    return np.asarray(pd.DatetimeIndex(instants).as_unit("us").asi8)


def days(instants_us: Ints) -> npt.NDArray[np.float64]:
    """Instants [µs] as matplotlib counts them [days]."""
    found: npt.NDArray[np.float64] = _dates().date2num(instants_us.view("datetime64[us]"))
    return found


def _dates() -> Any:
    """The module `matplotlib.dates`, which has no types."""
    from matplotlib import dates

    return dates


def whole(axis: "Axis") -> None:
    """Shows whole numbers on an axis."""
    from matplotlib import ticker

    axis.set_major_locator(ticker.MaxNLocator("auto", integer=True))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))


def paper(ax: "Axes") -> Any:
    """The colour behind a picture: that of the Axes, or of the figure where these are transparent."""
    from matplotlib.colors import to_rgba

    behind = [to_rgba(each.get_facecolor()) for each in (ax, ax.figure, ax.figure.figure)]
    return next((colour for colour in behind if colour[3]), to_rgba("white"))


def is_dark(ax: "Axes") -> bool:
    """Whether the paper is dark, so that what is drawn on it must be light."""
    red, green, blue, _ = paper(ax)
    return bool(0.3 * red + 0.59 * green + 0.11 * blue < 0.5)


def ink(ax: "Axes", strength: float = 1) -> Any:
    """A grey that is seen on the paper: 1 is black (on dark paper white), and 0 is the paper."""
    full = 1.0 if is_dark(ax) else 0.0
    return *(strength * full + (1 - strength) * part for part in paper(ax)[:3]), 1.0


def narrow(ax: "Axes", limit: float = _NARROW) -> bool:
    """Whether the Axes are narrower than this [inches], as they are in a grid."""
    return bool(ax.get_window_extent().width / ax.figure.dpi < limit)


def rules(ax: "Axes", y: npt.NDArray[Any], strength: float) -> None:
    """Thin lines across the Axes, behind everything else."""
    lines = {"color": ink(ax, strength), "linewidth": 0.8, "zorder": 0}
    ax.hlines(y, 0, 1, transform=ax.get_yaxis_transform(), **lines)


def matplotlib() -> Any:
    """The module. Raises SimcoreError if it is not installed."""
    try:
        return import_module("matplotlib")
    except ModuleNotFoundError:
        raise SimcoreError('pictures need matplotlib: pip install "simcore[plot]"') from None


def axes(ax: "Axes | None", size: tuple[float, float]) -> "Axes":
    """The Axes to draw on; if none is given, that of a new figure of this size [inches]."""
    matplotlib()
    from matplotlib import axes, pyplot

    if ax is None:
        return pyplot.subplots(figsize=size, layout="constrained")[1]
    if not isinstance(ax, axes.Axes):
        raise SimcoreError(f"ax: found {shown(ax)}, expected a matplotlib Axes, or None for a new figure")
    return ax


def nothing(ax: "Axes", x: str, y: str) -> "Axes":
    """An empty picture that says so."""
    ax.set(xticks=[], yticks=[], xlabel=x, ylabel=y)
    ax.text(0.5, 0.5, "no sends", transform=ax.transAxes, ha="center", va="center", color=ink(ax, 0.6))
    return ax


def time_axis(ax: "Axes", here: Zone, low_us: int, high_us: int, label: str) -> None:
    """Turns the x axis into time in a zone, from one instant to another [µs], and marks clock changes."""
    dates = _dates()
    tz = frame_dtype(here.name).tz
    locator = dates.AutoDateLocator(tz=tz, minticks=2 if narrow(ax) else 3, maxticks=4 if narrow(ax) else 8)
    if narrow(ax):  # so few ticks need steps that are as long as the next unit
        for unit, step in (
            (dates.MONTHLY, 12),
            (dates.HOURLY, 24),
            (dates.MINUTELY, 60),
            (dates.SECONDLY, 60),
        ):
            locator.intervald[unit] = [*locator.intervald[unit], step]
    ax.xaxis.set_major_locator(locator)
    formatter = dates.ConciseDateFormatter(
        locator,
        tz=tz,
        formats=["%Y", "%b", "%a %d", "%H:%M", "%H:%M", "%S.%f"],
        zero_formats=["", "%Y", "%a %d\n%b", "%a %d", "%H:%M", "%H:%M"],
        offset_formats=["", "%Y", "%b %Y", "%d %b %Y", "%d %b %Y", "%d %b %Y %H:%M"],
    )
    ax.xaxis.set_major_formatter(formatter)
    ax.set_xlim(*days(np.array([low_us, high_us])))
    # Beside it there is no room for the month or year that the ticks have in common, but there is above.
    ax.set_xlabel(f"{label}, {here.name}", labelpad=14 if narrow(ax) else None)
    if narrow(ax):
        ax.tick_params(axis="x", labelsize="small")
    at_us, by = clock_changes(here, low_us, high_us)
    for at, text in zip(days(at_us), by, strict=True):
        ax.axvline(at, color=ink(ax, 0.7), linewidth=0.9, linestyle=(0, (4, 3)), zorder=4)
        ax.text(
            at,
            0.98,
            text,
            transform=ax.get_xaxis_transform(),
            rotation=90,
            ha="right",
            va="top",
            fontsize="x-small",
            color=ink(ax, 0.7),
            bbox={"facecolor": paper(ax), "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
            zorder=4,
        )


def clock_changes(here: Zone, low_us: int, high_us: int) -> tuple[Ints, list[str]]:
    """When the clocks change between two instants [µs], and by how much, in words."""
    by_us, at_us = np.diff(here.offsets_us), here.changes_us[1:]
    inside = (by_us != 0) & (at_us > low_us) & (at_us < high_us)
    hours = [by / HOUR_US for by in by_us[inside].tolist()]
    return at_us[inside], [
        f"clocks {by:+g} h" if by == int(by) else f"clocks {by * 60:+g} min" for by in hours
    ]


def colours(ax: "Axes", size: int) -> list[Any]:
    """`size` colours that can be told apart, and are seen on the paper."""
    from matplotlib import colormaps

    if size <= len(COLOURS):
        return ["#FFFFFF" if each == "#000000" and is_dark(ax) else each for each in COLOURS[:size]]
    return [*colormaps["cividis"](np.linspace(0.15, 1, size) if is_dark(ax) else np.linspace(0, 0.92, size))]


def names(ax: "Axes", subjects: Sequence[Any], numbers: Sequence[Any]) -> list[str]:
    """What emails are called: by their subject, with a number in front where two would be called the same."""
    limit = 18 if narrow(ax) else 32
    cut = [subject(each, limit) for each in subjects]
    return [
        f"{short(number, 12)} {each}" if cut.count(each) > 1 else each
        for each, number in zip(cut, numbers, strict=True)
    ]


def name_emails(ax: "Axes", labels: list[str], colours: list[Any], **marks: Sequence[str]) -> None:
    """Adds a legend: which colour (and `marker` or `hatch`) is which email."""
    from matplotlib import cm, colors, lines, patches

    figure, size = ax.figure, "x-small" if narrow(ax) else "small"
    if len(labels) > len(COLOURS):
        norm = colors.Normalize(-0.5, len(labels) - 0.5)
        bar = figure.colorbar(cm.ScalarMappable(norm, colors.ListedColormap(colours)), ax=ax, pad=0.02)
        some = np.unique(np.linspace(0, len(labels) - 1, 12).round().astype(int)).tolist()
        bar.set_ticks(some, labels=[labels[at] for at in some], fontsize=size)
        return
    handles: list[Any] = []
    for at, colour in enumerate(colours):
        mark: dict[str, Any] = {name: each[at % len(each)] for name, each in marks.items()}
        if "marker" in mark:
            handles.append(lines.Line2D([], [], color=colour, linestyle="", **mark))
        else:
            handles.append(patches.Patch(facecolor=colour, edgecolor=paper(ax), **mark))
    legend = ax.legend(
        handles,
        [
            f" {label}" if label.startswith("_") else label for label in labels
        ],  # which legends would leave out
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        borderaxespad=0,
        frameon=False,
        fontsize=size,
        reverse="hatch" in marks,
    )
    if figure.get_layout_engine() is None:  # nobody else makes room beside the Axes
        box = ax.get_position()
        wide = 1.05 * legend.get_window_extent().width / figure.bbox.width
        ax.set_position((box.x0, box.y0, max(box.width - wide, box.width / 4), box.height))


def image(
    ax: "Axes",
    at_us: Ints,
    row: Ints,
    email: Ints,
    colours: list[Any],
    shape: tuple[int, int, int, int],
) -> None:
    """Draws sends as an image. `shape`: its start and end [µs], its number of rows, and of blocks of rows."""
    from matplotlib import colors

    low_us, high_us, rows, blocks = shape
    # Fewer points than there are dots across, so that none is lost; of crowds larger ones, which are no hairs.
    wide = 160 if rows // blocks >= _CROWD else 320
    high = blocks * min(rows // blocks, -(-240 // blocks))  # no point is in two blocks
    x, y = (at_us - low_us) * wide // (high_us - low_us), row * high // rows
    flat = np.bincount((email * high + y) * wide + x, minlength=len(colours) * high * wide)
    counts = flat.reshape(len(colours), high, wide)
    most = counts.max(axis=0)
    image = colors.to_rgba_array(colours)[counts.argmax(axis=0)]
    image[..., 3] = np.where(most > 0, 0.35 + 0.65 * np.sqrt(np.minimum(most * high / rows, 1)), 0)
    extent = (*days(np.array([low_us, high_us])).tolist(), rows - 0.5, -0.5)
    ax.imshow(image, aspect="auto", extent=extent, zorder=2)


def number(
    ax: "Axes", at_us: Ints, row: Ints, email: Ints, colours: list[Any], numbers: list[str], height: int
) -> None:
    """Writes the number of each email on one of its sends, in each block of `height` rows."""
    for block in range(int(row.max()) // height + 1):
        for at, (number, colour) in enumerate(zip(numbers, colours, strict=True)):
            sends = np.flatnonzero((email == at) & (row // height == block))
            if sends.size:
                target = (block + (at + 1) / (len(numbers) + 1)) * height
                one = sends[np.abs(row[sends] - target).argmin()]
                ax.text(
                    float(days(at_us[[one]])[0]),
                    float(row[one]),
                    number,
                    fontsize="x-small",
                    ha="center",
                    va="center",
                    bbox={"boxstyle": "round,pad=0.2", "facecolor": paper(ax), "edgecolor": colour},
                    color=ink(ax),
                    zorder=5,
                )


_INVISIBLE = frozenset(map(chr, range(0xFE00, 0xFE10)))  # variation selectors


def short(text: Any, limit: int = 32) -> str:
    """A text that a picture can show: short, on one line, without math, invisible characters or missing glyphs."""
    from matplotlib import font_manager

    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    known = font.get_charmap()
    marks = {"Cc", "Cf", "Cs"}
    seen = [
        " " if char.isspace() else char
        for char in str(text)
        if char.isspace() or not (unicodedata.category(char) in marks or char in _INVISIBLE)
    ]
    line = " ".join("".join(seen).split())
    if len(line) > limit:
        line = f"{line[: limit - 1]}…"
    other = "□" if ord("□") in known else "?"
    # An even number of dollars would make mathematics of what is between them.
    return "".join(char if ord(char) in known else other for char in line).replace("$", r"\$")


def subject(text: Any, limit: int = 32) -> str:
    """A subject that a picture can show."""
    return short(text, limit) or "(no subject)"
