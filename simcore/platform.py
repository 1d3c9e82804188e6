"""All that an author of a platform needs: an outside package imports from here alone.

`Platform` and `Sequence` are what it fulfils, `register` makes it known; the guide is simcore/plan/PLATFORMS.md.
"""

from simcore.clock.delays import CalendarDays, Delay, Elapsed, UntilDate, UntilOpen
from simcore.clock.gates import Anytime, Closed, Gate, Poll, SendSlots, SendWindow
from simcore.clock.instants import NAT_US, read_one
from simcore.clock.words import Case, Wait
from simcore.clock.zones import DAY_US, FAR_US, HOUR_US, LAST_US, MINUTE_US, Ints, Zone, zone, zone_names
from simcore.errors import EntryError, Problem, SimcoreError, ValidationError, inside, refuse, shown
from simcore.files.json_file import read_json
from simcore.plan.controls import Control
from simcore.plan.findings import SEVERITIES, Codes, Finding
from simcore.plan.log import Events, Log, Source, Vocabulary, Watched, text_id, whole_id
from simcore.plan.paths import parts, put
from simcore.plan.plan import (
    Branch,
    ByNode,
    Emission,
    Enrolments,
    Guard,
    OnChange,
    OneAtATime,
    Plan,
    SideBySide,
    Step,
    Stop,
    Trigger,
)
from simcore.plan.platform import GROUP, Platform, Sequence, Words, platforms, register
from simcore.plan.schemas import DIALECT, needs, of_fields, or_null, when
from simcore.plan.switches import LENGTH, POSITIVE_LENGTH, check, switch, table
from simcore.plan.waits import DateOfRun
from simcore.text.tables import Shown, Table
from simcore.text.wording import WEEKDAYS

__all__ = [
    "DAY_US",
    "DIALECT",
    "FAR_US",
    "GROUP",
    "HOUR_US",
    "LAST_US",
    "LENGTH",
    "MINUTE_US",
    "NAT_US",
    "POSITIVE_LENGTH",
    "SEVERITIES",
    "WEEKDAYS",
    "Anytime",
    "Branch",
    "ByNode",
    "CalendarDays",
    "Case",
    "Closed",
    "Codes",
    "Control",
    "DateOfRun",
    "Delay",
    "Elapsed",
    "Emission",
    "Enrolments",
    "EntryError",
    "Events",
    "Finding",
    "Gate",
    "Guard",
    "Ints",
    "Log",
    "OnChange",
    "OneAtATime",
    "Plan",
    "Platform",
    "Poll",
    "Problem",
    "SendSlots",
    "SendWindow",
    "Sequence",
    "Shown",
    "SideBySide",
    "SimcoreError",
    "Source",
    "Step",
    "Stop",
    "Table",
    "Trigger",
    "UntilDate",
    "UntilOpen",
    "ValidationError",
    "Vocabulary",
    "Wait",
    "Watched",
    "Words",
    "Zone",
    "check",
    "inside",
    "needs",
    "of_fields",
    "or_null",
    "parts",
    "platforms",
    "put",
    "read_json",
    "read_one",
    "refuse",
    "register",
    "shown",
    "switch",
    "table",
    "text_id",
    "when",
    "whole_id",
    "zone",
    "zone_names",
]
