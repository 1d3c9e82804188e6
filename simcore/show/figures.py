"""Pictures inside HTML pages: SVG in the page itself, for wide and narrow screens, on light and dark paper."""

import base64
import io
import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from simcore.show import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAPER = {"light": "#ffffff", "dark": "#17191e"}
"""What pages and pictures are on."""
NARROW = 640
"""Screens of so many pixels, or fewer, are narrow."""
_DOTS = 116  # to the inch, on a wide screen
_INK = {"light": "#1b1e24", "dark": "#e6e8ec"}
_DARK = "screen and (prefers-color-scheme: dark)"  # what is printed is light
_PATH = re.compile(rb' d="[^"]*"')
_DIGITS = re.compile(rb"(\.\d\d)\d+")


class Size(NamedTuple):
    """How large a picture is [inches], on wide screens and on narrow ones."""

    wide: tuple[float, float]
    narrow: tuple[float, float]


def figure(draw: Callable[["Axes"], Any], size: Size, says: str, caption: str) -> str:
    """A figure as HTML. `draw` draws it on Axes; `says`: what it shows, for who does not see it.

    Raises SimcoreError if matplotlib is not installed.
    """
    narrow = f"screen and (max-width: {NARROW}px)"
    sources = {
        f"{_DARK} and (max-width: {NARROW}px)": _drawn(draw, size.narrow, "dark", narrow=True),
        narrow: _drawn(draw, size.narrow, "light", narrow=True),
        _DARK: _drawn(draw, size.wide, "dark"),
    }
    some = "".join(f'<source media="{media}" srcset="{data}">' for media, data in sources.items())
    width = round(size.wide[0] * _DOTS)
    image = f'<img width="{width}" alt="{escape(says)}" src="{_drawn(draw, size.wide, "light")}">'
    return f"<figure><picture>{some}{image}</picture><figcaption>{escape(caption)}</figcaption></figure>\n"


def _drawn(
    draw: Callable[["Axes"], Any], size: tuple[float, float], paper: str, *, narrow: bool = False
) -> str:
    """A picture as the address of data; the same bytes for the same picture."""
    drawing.matplotlib()
    from matplotlib import style
    from matplotlib.figure import Figure

    ink = _INK[paper]
    look: dict[str, Any] = dict.fromkeys(("figure.facecolor", "axes.facecolor"), PAPER[paper])
    look |= dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), ink
    )
    look["svg.hashsalt"] = "simcore"
    if narrow:  # on which a picture is shown smaller than it is
        look |= {"font.size": 12.0, "axes.labelsize": "small", "xtick.labelsize": "small"}
    with style.context(["default", look]):
        page = Figure(figsize=size, layout="constrained")
        ax = page.subplots()
        draw(ax)
        legend = ax.get_legend()
        if narrow and legend is not None:  # beside the picture it would take half of it
            legend.set_loc("lower left")
            legend.set_bbox_to_anchor((0, 1.01), ax.transAxes)
        svg = io.BytesIO()
        page.savefig(svg, format="svg", metadata={"Date": None, "Creator": "simcore"})
    short = _PATH.sub(lambda found: _DIGITS.sub(rb"\1", found[0]), svg.getvalue())
    return f"data:image/svg+xml;base64,{base64.b64encode(short).decode()}"
