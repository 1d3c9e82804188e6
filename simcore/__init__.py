"""simcore: when does each email of a sequence go out, to whom, and why then?

Load a sequence:
    kit.load, kit.load_all, kit.from_api     one Kit sequence, or all of an account's
    sequenzy.load, sequenzy.from_api         one Sequenzy sequence
    kit.live, sequenzy.live                  your account, read over its API into a folder; load_snapshot loads it
    kit.Sequence, sequenzy.Sequence          or build one; replace and with_fields give changed copies

Ask when:
    preview           one subscriber: each email's send time, and the reason
    project           all subscribers: one row for each send
    simulate          their whole life: sends, the state of each run, and all else that happened
    forecast          how many emails go out in each hour, day or week; what waits under a sending limit
    arrivals          made-up subscribers, for a list that you do not have yet
    split_entries     separates the rows that can be read from those that cannot

In and out:
    read_entries, read_events, write_csv     files, as the command line reads and writes them
    records                                  any table as a list of dicts, for JSON

Several sequences at once:
    Account           what people get from all of them together (Account.load reads a folder)
    Cap               what if everybody got at most so many mails within some time?

Ask what if:
    compare, shift    several schedules side by side, and how far each send moves
    sweep             every combination of some fields, measured
    optimize          the best of them, with a proof that none is better
    impact            an edit while people are inside: who gets mail right away?
    lint              what is odd about a sequence, and what to do about it
    explore           a sequence with controls, in Jupyter

Test against it:
    twin              a local server that answers as the platforms' APIs do, with a clock that you move

Show it:
    plot_timeline, plot_calendar, plot_load, plot_capacity, plot_shift, plot_pressure
    write_report      all of it as a page for a browser, for people without Python
    to_ics            a calendar file

More:
    simcore.testing                            proves a promise for every entry of a year, without sampling
    simcore.scale.parquet, .dask and .spark    lists that are too big for memory
    kit.assumptions, sequenzy.assumptions      what the platforms leave open, as switches
    rules, schema, example, versions           a rule such as K7, a JSON Schema, sample files, what results depend on
    simcore.platform                           for writing a platform of your own
    SimcoreError                               the base of ValidationError (sequences) and EntryError (entries, events)

The words used here, in the code and in messages:
    subscriber        a person on a list, known by a subscriber_id
    entry             a subscriber joins a sequence at an instant: one row of entries
    run               one pass of a subscriber through a sequence, numbered from 1
    rejected entry    an entry that starts no run, such as a second one where the sequence does not repeat
    step              one item of a sequence: an email, or on some platforms a wait or an action
    email             a step that sends something; a draft is an email that is not published
    anchor            the instant from which a step's delay counts: the end of the previous step, or the entry
    delay             how long a step waits from its anchor, such as 2 hours or 3 calendar days
    gate              which instants a step may happen at, once its delay is over; it takes the first of them
    poll              a gate that is open at regular instants, such as every 15 minutes
    slot              a gate that is open at one instant on each allowed day: the send hour
    window            a gate that is open for part of each allowed day
    period            a quarter of an hour, an hour, a day or a week, in which sends are counted
    properties        the data that an entry or an event carries, as a dict
    plan              a sequence as the engine runs it: steps, gates and rules, the same for every platform
    epoch             the time during which one plan is in force; each change starts a new one
    cohort            the runs that wait for the same step, which the engine moves together
    journal           the table of everything that happened except the sends
    platform          a service whose sequences simcore can run, such as Kit or Sequenzy
    switch            an assumption about something that a platform does not document; you can change it
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from simcore.errors import EntryError, SimcoreError, ValidationError

if TYPE_CHECKING:
    from simcore import kit, sequenzy
    from simcore.account import Account, AccountSimulation, Cap
    from simcore.answers.arrivals import arrivals
    from simcore.answers.forecast import forecast
    from simcore.answers.lint import lint
    from simcore.answers.optimize import Optimum, optimize
    from simcore.answers.projection import Simulation
    from simcore.answers.records import records
    from simcore.answers.sweep import sweep
    from simcore.answers.tables import read_entries, read_events, write_csv
    from simcore.answers.whatif import compare, impact, shift
    from simcore.files.shipped import example, schema, versions
    from simcore.plan.rules import rules
    from simcore.show.calendar_file import to_ics
    from simcore.show.explore import explore
    from simcore.show.pictures import plot_calendar, plot_capacity, plot_load, plot_shift, plot_timeline
    from simcore.show.pressure import plot_pressure
    from simcore.show.report import write_report
    from simcore.twin.running import twin
    from simcore.verbs import preview, project, simulate, split_entries
else:
    # The same, each when it is first asked for: nobody waits for a platform that they don't use.
    _PLATFORMS = ("kit", "sequenzy")
    _ROOMS = {
        "account": ("Account", "AccountSimulation", "Cap"),
        "answers.arrivals": ("arrivals",),
        "answers.forecast": ("forecast",),
        "answers.lint": ("lint",),
        "answers.optimize": ("Optimum", "optimize"),
        "answers.projection": ("Simulation",),
        "answers.records": ("records",),
        "answers.sweep": ("sweep",),
        "answers.tables": ("read_entries", "read_events", "write_csv"),
        "answers.whatif": ("compare", "impact", "shift"),
        "files.shipped": ("example", "schema", "versions"),
        "plan.rules": ("rules",),
        "show.calendar_file": ("to_ics",),
        "show.explore": ("explore",),
        "show.pictures": ("plot_calendar", "plot_capacity", "plot_load", "plot_shift", "plot_timeline"),
        "show.pressure": ("plot_pressure",),
        "show.report": ("write_report",),
        "twin.running": ("twin",),
        "verbs": ("preview", "project", "simulate", "split_entries"),
    }

    def __getattr__(name):
        if name in _PLATFORMS:
            return import_module(f"simcore.{name}")
        for room, names in _ROOMS.items():
            if name in names:
                return globals().setdefault(name, getattr(import_module(f"simcore.{room}"), name))
        raise AttributeError(
            f"module 'simcore' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
        )

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "Account",
    "AccountSimulation",
    "Cap",
    "EntryError",
    "Optimum",
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
    "optimize",
    "plot_calendar",
    "plot_capacity",
    "plot_load",
    "plot_pressure",
    "plot_shift",
    "plot_timeline",
    "preview",
    "project",
    "read_entries",
    "read_events",
    "records",
    "rules",
    "schema",
    "sequenzy",
    "shift",
    "simulate",
    "split_entries",
    "sweep",
    "to_ics",
    "twin",
    "versions",
    "write_csv",
    "write_report",
]
