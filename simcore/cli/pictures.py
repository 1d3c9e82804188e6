"""Pictures of what a command finds: an option `--plot-…` for each function `simcore.plot_…` (extra `plot`)."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from simcore.errors import SimcoreError
from simcore.files.writing import replacing, target_of
from simcore.show import drawing, terminal
from simcore.text.tables import visible

_WITHOUT_DATE = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
"""The files that can be made, and what keeps the time of making out of them: the same picture is the same file."""
_DPI = 150


def _option(name: str, what: str) -> Any:
    return typer.Option(f"--plot-{name}", metavar="PICTURE", help=f"A .png, .svg or .pdf file: {what}.")


PlotTimeline = Annotated[
    Path | None, _option("timeline", "a picture of who gets what when, subscribers down and time across")
]
PlotLoad = Annotated[
    Path | None,
    _option(
        "load", "a picture of how many emails go out in each period; with --capacity, of what waits as well"
    ),
]
PlotCalendar = Annotated[
    Path | None, _option("calendar", "a calendar, month by month, of how many emails go out on each day")
]
PlotShift = Annotated[
    Path | None,
    _option("shift", "a picture of how much earlier or later each email goes out in the second sequence"),
]
PlotPressure = Annotated[
    Path | None,
    _option("pressure", "a picture of how many people get how many mails, and who is over the cap"),
]


class Pictures:
    """The pictures that are asked for, drawn before any file is written, and saved after."""

    def __init__(self, inputs: list[Path | None], **paths: Path | None) -> None:
        """`paths`: where each picture goes, by its name; None: nowhere. `inputs`: files that are never written to.

        Raises SimcoreError where a picture cannot be made, which people want to know before all else is worked out.
        """
        self._inputs = [path for path in inputs if path is not None]
        self.paths = {name: path for name, path in paths.items() if path is not None}
        self._drawn: dict[str, Any] = {}
        for name, path in self.paths.items():
            if path.suffix.lower() not in _WITHOUT_DATE:
                raise SimcoreError(
                    f"--plot-{name}: found {path}, expected a name that ends in .png, .svg or .pdf"
                )
            target_of(path, *self._inputs)
        if len({*self.paths.values()}) < len(self.paths):
            raise SimcoreError(f"--plot-{name}: {path} is given for two pictures, expected a file for each")
        if self.paths:
            drawing.matplotlib().use("agg")  # no window, whatever the machine has

    def draw(self, name: str, plot: Callable[..., Any], given: Callable[[], Any], **options: Any) -> None:
        """Draws a picture of what is `given`, if it is asked for."""
        if name in self.paths:
            self._drawn[name] = plot(given(), **options)

    def save(self) -> dict[str, Any]:
        """Writes the pictures; gives their names, for machines."""
        for name, path in self.paths.items():
            suffix, figure = path.suffix.lower(), self._drawn[name].figure
            with (
                drawing.matplotlib().rc_context({"svg.hashsalt": "simcore"}),
                replacing(path, *self._inputs) as sink,
            ):
                figure.savefig(sink, format=suffix[1:], dpi=_DPI, metadata=_WITHOUT_DATE[suffix])
            import_module("matplotlib.pyplot").close(figure)
        return {"pictures": {name: str(path) for name, path in self.paths.items()}} if self.paths else {}

    def tell(self, say: Callable[[str], None] = lambda line: terminal.tell(f"{line}\n")) -> None:
        """Says where the pictures are, for people."""
        for name, path in self.paths.items():
            say(f"picture of the {name}: {visible(str(path))}")
