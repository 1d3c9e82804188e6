"""The options that the verbs share: the values and the meaning of each, written once.

A verb takes the options of one of the TypedDicts below as keyword arguments: `**options: Unpack[ProjectOptions]`. Type
checkers understand that. `takes` shows the options to people, in `help()` and in `inspect.signature`. `read` turns
them into one `Options`, which is passed on.
"""

import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeVar,
    get_args,
)

import pandas as pd

from simcore.clock.instants import Instant, Reader, Unit
from simcore.plan.columns import ZONES, Zoned

_Verb = TypeVar("_Verb", bound=Callable[..., Any])
_WIDTH = 100


class Change(Protocol):
    """An edit of a sequence, made by one of the platform's functions (such as `kit.update`)."""

    @property
    def at(self) -> Any:
        """The instant of the edit."""
        ...


class Assumptions(Protocol):
    """A platform's switches, such as `kit.Assumptions(...)`: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Instants(Protocol):
    """A list, tuple, array or index of instants (a single text is not one), or a list or tuple of dicts."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Instant | Mapping[str, Any]]: ...
    def __contains__(self, value: object, /) -> bool: ...
    def __getitem__(self, index: int, /) -> Instant | Mapping[str, Any]: ...


class ArrowStream(Protocol):
    """A frame of any library with the Arrow PyCapsule interface, such as polars and pyarrow."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


Entries: TypeAlias = pd.DataFrame | pd.Series | pd.api.extensions.ExtensionArray | ArrowStream | Instants
"""Who enters, and when (see `simcore.project`)."""
EventLog: TypeAlias = pd.DataFrame | ArrowStream | list[dict[str, Any]]
"""What happens to subscribers (see `simcore.project`)."""
TimeZones: TypeAlias = str | Mapping[Any, Any] | pd.Series
"""Whose zone is which (see `simcore.project`)."""
Order: TypeAlias = Literal["entry", "email"]
Freq: TypeAlias = Literal["15min", "h", "D", "W", "M"]

ASSUMPTIONS = "the platform's switches, such as `kit.Assumptions(...)`. None: the defaults."
EVENTS = (
    "what happens to subscribers: a table or a list of dicts with `subscriber_id` (as in `entries`), `at` (instants) "
    "and `event` (a name that the platform knows; on platforms with tracked events, any other name is one). Some "
    "events also need `ref` (which tag, form, segment, list, sequence or field) or `properties` (a dict); "
    "`received_at` (an instant) is when the platform received it, if that was later (Q39). Rows can be in any order."
)


class Reading(TypedDict, total=False):
    """How the input is read."""

    include_drafts: Annotated[bool, "treat every draft as published."]
    naive_time_zone: Annotated[
        str | None,
        "the time zone of instants without an offset. None: they are refused (`simcore.preview` reads them in the "
        "sequence's zone).",
    ]


class Notation(TypedDict, total=False):
    """How times are written in tables."""

    unit: Annotated[
        Unit | None,
        'what numbers in `entries` and `events` count since 1970-01-01 UTC: "s" (seconds) or "ms" (milliseconds). '
        "None: numbers are refused. A time that is given alone, such as `until`, must not be a number.",
    ]
    dayfirst: Annotated[
        bool,
        "whether the day comes first in times such as 03/06/2026. False: times that can be read in two ways are "
        "refused (T25).",
    ]


class Naming(TypedDict, total=False):
    """What the columns of tables are called."""

    columns: Annotated[
        Mapping[str, str] | None,
        'what columns of `entries` and `events` are called there, by their names here: `{"subscriber_id": "email", '
        '"entered_at": "Subscribed at"}`. Those that are not in it have the names that they have here.',
    ]


class Assuming(TypedDict, total=False):
    """What to assume where a platform leaves something open."""

    assumptions: Annotated[Assumptions | None, ASSUMPTIONS]


class AssumingEach(TypedDict, total=False):
    """What to assume for each of several sequences."""

    assumptions: Annotated[
        Assumptions | Mapping[str, Assumptions] | None,
        f"{ASSUMPTIONS} Or a dict of switches by scenario (scenarios that it leaves out have the defaults), so that "
        "you can compare one sequence under two readings.",
    ]


class Happening(TypedDict, total=False):
    """What happens to subscribers."""

    events: Annotated[EventLog | None, EVENTS]


class Splitting(TypedDict, total=False):
    """Which path of a random split a run takes."""

    seed: Annotated[
        int | None,
        "a whole number that decides which path of a random split each run takes. The same seed gives the same paths.",
    ]


class Ending(TypedDict, total=False):
    """When the simulation ends, and the order of its rows."""

    until: Annotated[
        Instant | None,
        "where the simulation ends: nothing happens at this instant or later. None: it runs until nothing is left to "
        "happen.",
    ]
    order: Annotated[
        Order,
        '"entry": rows in the order of the entries, then of the sends. (Without entries: in the order of the '
        "enrolments; at the same instant, in the order in which the subscribers first appear in `events`.) "
        '"email": rows email by email, which is faster.',
    ]


class Changing(TypedDict, total=False):
    """How the sequence changes, and how its emails look."""

    changes: Annotated[
        Iterable[Change],
        "edits of the sequence while people are in it, as a list such as `[kit.update(...)]`, where the platform "
        "supports edits.",
    ]
    render: Annotated[
        bool,
        "add the column `rendered_subject` (str): the subject with its merge tags filled in, where simcore models the "
        "platform's merge tags.",
    ]


class Enrolling(TypedDict, total=False):
    """When the sequence's trigger is switched on."""

    enabled_at: Annotated[
        Instant | None,
        "when the sequence is switched on. Without `entries`, its trigger (if it has one) enrols people by the events "
        "from this instant on. None: from the beginning.",
    ]


class Explaining(TypedDict, total=False):
    """Why each email goes out when it does."""

    explain: Annotated[
        bool,
        "add the column `reason` (str), as in `simcore.preview`. Meant for thousands of sends, not millions.",
    ]


class Branching(TypedDict, total=False):
    """Who the subscriber is, where a sequence parts."""

    attributes: Annotated[
        Mapping[str, Any] | None,
        "the subscriber's properties, by name, where branches and waits look at them.",
    ]
    tags: Annotated[Iterable[str], "the subscriber's tags, where branches look at them."]


class Zoning(TypedDict, total=False):
    """In which zones people are."""

    time_zones: Annotated[
        TimeZones | None,
        "the recipients' own time zones: the column of `entries` that has them, or a dict (or Series) of subscriber "
        "to zone. All waits in days, send days and windows are then in the recipient's zone; for those who have none, "
        "in the sequence's (T22). Results show times in the sequence's zone all the same.",
    ]


class ZoningOne(TypedDict, total=False):
    """In which zone somebody is."""

    time_zones: Annotated[
        str | None,
        "the subscriber's own time zone, such as 'Europe/Kyiv': all waits in days, send days and windows are then in "
        "it (T22). Times are shown in the sequence's zone all the same.",
    ]


class PlanOptions(Reading, Assuming, total=False):
    """Those by which a sequence is read alone."""


class PreviewOptions(PlanOptions, Splitting, Branching, ZoningOne, total=False):
    """Those of `simcore.preview`."""


class ImpactOptions(Reading, Notation, Naming, Zoning, Assuming, Happening, Splitting, Ending, total=False):
    """Those of `simcore.impact`."""


class ForecastOptions(ImpactOptions, Changing, Enrolling, total=False):
    """Those of `simcore.forecast` and `simcore.sweep`."""


class ProjectOptions(ForecastOptions, Explaining, total=False):
    """Those of `simcore.project` and `simcore.simulate`."""


class CompareOptions(
    Reading,
    Notation,
    Naming,
    Zoning,
    AssumingEach,
    Happening,
    Splitting,
    Ending,
    Changing,
    Enrolling,
    Explaining,
    total=False,
):
    """Those of `simcore.compare`."""


class ReportOptions(
    Reading, Notation, Naming, Zoning, AssumingEach, Happening, Splitting, Ending, Enrolling, total=False
):
    """Those of `simcore.write_report`."""


class FileOptions(Reading, Notation, Zoning, Assuming, Splitting, Ending, Changing, Explaining, total=False):
    """Those of a projection from file to file, which takes no events."""


class Options(NamedTuple):
    """The options that were given, and the defaults of all others: see the TypedDicts of this module."""

    events: EventLog | None = None
    changes: Iterable[Change] = ()
    until: Instant | None = None
    include_drafts: bool = False
    assumptions: Assumptions | None = None
    naive_time_zone: str | None = None
    order: Order = "entry"
    enabled_at: Instant | None = None
    render: bool = False
    explain: bool = False
    seed: int | None = None
    attributes: Mapping[str, Any] | None = None
    tags: Iterable[str] = ()
    columns: Mapping[str, str] | None = None
    unit: Unit | None = None
    dayfirst: bool = False
    time_zones: TimeZones | None = None

    @property
    def tables(self) -> Reader:
        """How times in tables are read. Raises SimcoreError for options that do not go for that."""
        return Reader(self.naive_time_zone, self.unit, self.dayfirst)

    @property
    def typed(self) -> Reader:
        """How times that stand alone are read, which somebody typed: numbers are none."""
        return Reader(self.naive_time_zone, dayfirst=self.dayfirst)


DEFAULTS = Options()


def takes(kind: type) -> Callable[[_Verb], _Verb]:
    """Shows the options of a TypedDict, which a verb takes as `**options`, in its signature and docstring."""

    def shown(verb: _Verb) -> _Verb:
        plain = inspect.signature(verb)
        known = kind.__annotations__
        options = {name: get_args(known[name]) for name in Options._fields if name in known}
        parameters = [
            parameter
            for parameter in plain.parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        parameters += [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=Options._field_defaults[name], annotation=of
            )
            for name, (of, _) in options.items()
        ]
        vars(verb)["__signature__"] = plain.replace(parameters=parameters)
        described = "".join(_described(name, meaning) for name, (_, meaning) in options.items())
        verb.__doc__ = f"{inspect.cleandoc(verb.__doc__ or '')}\n\nOptions, by name:\n{described}"
        return verb

    return shown


@cache
def _described(name: str, meaning: str) -> str:
    """An option as docstrings show it; cached, since most are shown in many."""
    return textwrap.fill(f"`{name}`: {meaning}", _WIDTH, initial_indent="- ", subsequent_indent="  ") + "\n"


def read(verb: Callable[..., Any], given: Mapping[str, Any]) -> Options:
    """The options that were given to a verb. Raises TypeError, as Python does, for an unknown one.

    An iterator of changes becomes a list, so that it can be read more than once.
    """
    known = inspect.signature(verb).parameters
    for name in given:
        if name not in known:
            raise TypeError(
                f"{verb.__name__}() got an unexpected keyword argument {name!r}{_hint(name, known)}"
            )
    options = Options(**given)
    if isinstance(options.changes, Iterator):
        options = options._replace(changes=[*options.changes])
    zones = options.time_zones
    if (
        isinstance(zones, str) and zones != ZONES and "columns" in known
    ):  # the others are about one subscriber
        columns = {} if options.columns is None else options.columns
        if isinstance(columns, Mapping):  # what is none is refused where it is read
            options = options._replace(columns=Zoned({**columns, ZONES: zones}), time_zones=ZONES)
    return options


def _hint(name: str, known: Iterable[str]) -> str:
    """The nearest known name, if there is one."""
    from difflib import get_close_matches  # it takes time to import, and is needed only here

    return "".join(f". Did you mean {near!r}?" for near in get_close_matches(name, known, 1, 0.7))
