"""simcore: when does each email of a sequence go out, to whom, and why then?

Load a sequence (`simcore.kit.load`, `simcore.sequenzy.load`), then `preview` it for one subscriber or `project`
it for all of them.
"""

from simcore import kit, sequenzy
from simcore.arrivals import arrivals
from simcore.calendar_file import to_ics
from simcore.errors import EntryError, SimcoreError, ValidationError
from simcore.explore import explore
from simcore.forecast import forecast
from simcore.lint import lint
from simcore.pictures import plot_calendar, plot_load, plot_shift, plot_timeline
from simcore.projection import Simulation, example, preview, project, simulate, split_entries, versions
from simcore.sweep import sweep
from simcore.whatif import compare, impact, shift

__all__ = [
    "EntryError",
    "SimcoreError",
    "Simulation",
    "ValidationError",
    "arrivals",
    "compare",
    "example",
    "explore",
    "forecast",
    "impact",
    "kit",
    "lint",
    "plot_calendar",
    "plot_load",
    "plot_shift",
    "plot_timeline",
    "preview",
    "project",
    "sequenzy",
    "shift",
    "simulate",
    "split_entries",
    "sweep",
    "to_ics",
    "versions",
]
