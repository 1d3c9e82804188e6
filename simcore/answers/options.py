"""The options that the verbs have in common: what each may be and means, said once.

A verb takes those of one of the TypedDicts below as keyword arguments: `**options: Unpack[ProjectOptions]`. Type
checkers read that as it is; `takes` shows them to people, in `help()` and to whatever asks `inspect.signature`;
`read` makes them one `Options`, which is passed on.
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

from simcore.clock.instants import Instant

_Verb = TypeVar("_Verb", bound=Callable[..., Any])
_WIDTH = 100


class Change(Protocol):
    """An edit of a sequence, as a platform's functions make it (such as `kit.update`)."""

    @property
    def at(self) -> Any:
        """The instant."""
        ...


class Assumptions(Protocol):
    """A platform's switches, such as `kit.Assumptions(...)`: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Instants(Protocol):
    """A list, tuple, array or index of instants, or a list or tuple of dicts; a text alone is none."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Instant | Mapping[str, Any]]: ...
    def __contains__(self, value: object, /) -> bool: ...
    def __getitem__(self, index: int, /) -> Instant | Mapping[str, Any]: ...


class ArrowStream(Protocol):
    """A frame of any library with the Arrow PyCapsule interface, such as polars and pyarrow."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


Entries: TypeAlias = pd.DataFrame | pd.Series | pd.api.extensions.ExtensionArray | ArrowStream | Instants
"""Who enters when (see `simcore.project`)."""
EventLog: TypeAlias = pd.DataFrame | ArrowStream | list[dict[str, Any]]
"""What befalls subscribers (see `simcore.project`)."""
Order: TypeAlias = Literal["entry", "email"]
Freq: TypeAlias = Literal["15min", "h", "D", "W"]

ASSUMPTIONS = "the platform's switches, such as `kit.Assumptions(...)`; None: all have their defaults."
EVENTS = (
    "what befalls subscribers: a DataFrame or a list of dicts as for `entries`, with `subscriber_id` (as there), `at` "
    "(instants) and `event` (the names that the platform knows; what is none of them is a tracked event, where it has "
    "such), and where an event needs it `ref` (which tag, form, segment, list, sequence or field) and `properties` (a "
    "dict); in any order."
)


class Reading(TypedDict, total=False):
    """How what is given is read."""

    include_drafts: Annotated[bool, "treats every draft as published."]
    naive_time_zone: Annotated[
        str | None,
        "the zone by whose wall clock instants without an offset are read; None: they are refused (`simcore.preview` "
        "reads them in the sequence's zone).",
    ]


class Naming(TypedDict, total=False):
    """What the columns of tables are called."""

    columns: Annotated[
        Mapping[str, str] | None,
        'what columns of `entries` and `events` are called there, by their names here: `{"subscriber_id": "email", '
        '"entered_at": "Subscribed at"}`. Those that are not in it have the names that they have here.',
    ]


class Assuming(TypedDict, total=False):
    """What is assumed where a platform leaves it open."""

    assumptions: Annotated[Assumptions | None, ASSUMPTIONS]


class AssumingEach(TypedDict, total=False):
    """What is assumed of each of several sequences."""

    assumptions: Annotated[
        Assumptions | Mapping[str, Assumptions] | None,
        f"{ASSUMPTIONS} Or a dict of them by the names of scenarios (the others have the defaults), so that one "
        "sequence can be compared under two readings.",
    ]


class Happening(TypedDict, total=False):
    """What happens to subscribers."""

    events: Annotated[EventLog | None, EVENTS]


class Ending(TypedDict, total=False):
    """When it ends, and in which order it is shown."""

    until: Annotated[
        Instant | None,
        "the world ends just before it: nothing at or after it happens. None: after everything has happened.",
    ]
    order: Annotated[
        Order,
        '"entry": rows follow the entries (or the enrolments by time, and of one instant the subscribers as they '
        'first appear in `events`), then the sends; "email": they stand email by email, which is faster.',
    ]


class Changing(TypedDict, total=False):
    """What the sequence becomes, and how its emails look."""

    changes: Annotated[
        Iterable[Change],
        "edits of the sequence while people are inside it, a list such as `[kit.update(...)]`, where the platform has "
        "such.",
    ]
    render: Annotated[
        bool,
        "a column more, `rendered_subject` (str): the subject with its merge tags filled in, where they are modelled.",
    ]


class Enrolling(TypedDict, total=False):
    """From when on events enrol."""

    enabled_at: Annotated[
        Instant | None,
        "without `entries` the sequence's trigger, where it has one, enrols by the events, from this instant on "
        "(None: from the beginning).",
    ]


class Explaining(TypedDict, total=False):
    """Why each email goes out when it does."""

    explain: Annotated[
        bool, "a column more, `reason` (str), as in `simcore.preview`; it is meant for thousands of sends."
    ]


class PreviewOptions(Reading, Assuming, total=False):
    """Those of `simcore.preview`."""


class ImpactOptions(PreviewOptions, Naming, Happening, Ending, total=False):
    """Those of `simcore.impact`."""


class ForecastOptions(ImpactOptions, Changing, Enrolling, total=False):
    """Those of `simcore.forecast` and `simcore.sweep`."""


class ProjectOptions(ForecastOptions, Explaining, total=False):
    """Those of `simcore.project` and `simcore.simulate`."""


class CompareOptions(
    Reading, Naming, AssumingEach, Happening, Ending, Changing, Enrolling, Explaining, total=False
):
    """Those of `simcore.compare`."""


class FileOptions(PreviewOptions, Ending, Changing, Explaining, total=False):
    """Those of a projection from file to file, which knows no events."""


class Options(NamedTuple):
    """What was asked for, with the defaults for all else: see the TypedDicts of this module."""

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
    columns: Mapping[str, str] | None = None


DEFAULTS = Options()


def takes(kind: type) -> Callable[[_Verb], _Verb]:
    """Shows the options of a TypedDict, of which a verb's last parameter is made, in its signature and docstring."""

    def shown(verb: _Verb) -> _Verb:
        plain = inspect.signature(verb)
        known = kind.__annotations__
        options = {name: get_args(known[name]) for name in Options._fields if name in known}
        parameters = [each for each in plain.parameters.values() if each.kind is not each.VAR_KEYWORD]
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
    """An option as docstrings have it; most stand in many."""
    return textwrap.fill(f"`{name}`: {meaning}", _WIDTH, initial_indent="- ", subsequent_indent="  ") + "\n"


def read(verb: Callable[..., Any], given: Mapping[str, Any]) -> Options:
    """The options that were given to a verb. Raises TypeError, as Python does, for one that it does not take.

    Changes that come one by one are listed, so that they can be read more than once.
    """
    known = inspect.signature(verb).parameters
    for name in given:
        if name not in known:
            raise TypeError(
                f"{verb.__name__}() got an unexpected keyword argument {name!r}{_hint(name, known)}"
            )
    options = Options(**given)
    if isinstance(options.changes, Iterator):
        return options._replace(changes=[*options.changes])
    return options


def _hint(name: str, known: Iterable[str]) -> str:
    """What may have been meant, if anything is near."""
    from difflib import get_close_matches  # it takes time to import, and is needed only here

    return "".join(f". Did you mean {near!r}?" for near in get_close_matches(name, known, 1, 0.7))
