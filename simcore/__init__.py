"""simcore: when does each email of a sequence go out, to whom, and why then?

Load a sequence:
    kit.load, kit.load_all, kit.from_api     one of Kit's, or all of an account's
    sequenzy.load, sequenzy.from_api         one of Sequenzy's
    kit.Sequence, sequenzy.Sequence          or build it; replace and with_fields give changed copies

Ask when:
    preview           one subscriber: each email's send time, and the reason
    project           all subscribers: a row a send
    simulate          their whole life: sends, how each run stands, all else that happened
    forecast          how many emails go out in each hour, day or week
    arrivals          synthetic subscribers, for lists that are still to come
    split_entries     parts the rows that can be read from those that cannot

Ask what if:
    compare, shift    several schedules side by side, and how far each send moves
    sweep             every combination of some fields, measured
    impact            an edit while people are inside: who gets mail right away?
    lint              what is odd about a sequence, and what to do about it
    explore           a sequence with controls, in Jupyter

Show it:
    plot_timeline, plot_calendar, plot_load, plot_shift
    to_ics            a calendar file
    records           any table as a list of dicts, for JSON

Test it: simcore.testing, which proves a promise for every entry of a year and not for a sample. Lists too big for
memory: simcore.scale.parquet, .dask and .spark. What the platforms leave open: kit.assumptions, sequenzy.assumptions.
What a number such as K7 stands for: rules. example gives the shipped files, schema a JSON Schema of a platform's
files, versions what a result depends on. simcore.platform is for whoever writes a platform of their own. What goes
wrong is a SimcoreError: a ValidationError about a sequence, an EntryError about entries and events.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError, ValidationError

if TYPE_CHECKING:
    from simcore.answers.arrivals import arrivals
    from simcore.answers.forecast import forecast
    from simcore.answers.lint import lint
    from simcore.answers.projection import Simulation
    from simcore.answers.records import records
    from simcore.answers.sweep import sweep
    from simcore.answers.whatif import compare, impact, shift
    from simcore.files.shipped import example, schema, versions
    from simcore.plan.rules import rules
    from simcore.show.calendar_file import to_ics
    from simcore.show.explore import explore
    from simcore.show.pictures import plot_calendar, plot_load, plot_shift, plot_timeline
    from simcore.verbs import preview, project, simulate, split_entries
else:
    # The same, each when it is first asked for, so that `import simcore` takes little longer than that of pandas.
    _ROOMS = {
        "answers.arrivals": ("arrivals",),
        "answers.forecast": ("forecast",),
        "answers.lint": ("lint",),
        "answers.projection": ("Simulation",),
        "answers.records": ("records",),
        "answers.sweep": ("sweep",),
        "answers.whatif": ("compare", "impact", "shift"),
        "files.shipped": ("example", "schema", "versions"),
        "plan.rules": ("rules",),
        "show.calendar_file": ("to_ics",),
        "show.explore": ("explore",),
        "show.pictures": ("plot_calendar", "plot_load", "plot_shift", "plot_timeline"),
        "verbs": ("preview", "project", "simulate", "split_entries"),
    }

    def __getattr__(name):
        for room, names in _ROOMS.items():
            if name in names:
                return globals().setdefault(name, getattr(import_module(f"simcore.{room}"), name))
        raise AttributeError(
            f"module 'simcore' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
        )

    def __dir__():
        return sorted({*globals(), *__all__})


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
    "records",
    "rules",
    "schema",
    "sequenzy",
    "shift",
    "simulate",
    "split_entries",
    "sweep",
    "to_ics",
    "versions",
]
