"""The protocols `Platform` and `Sequence`, and the registry of platforms.

Nothing outside a platform's own package names it. Other code asks `platform_of(sequence)`, the command line asks
`platforms()`. A platform's package calls `register` when it is imported; its entry point in the group
`simcore.platforms` says which package to import. PLATFORMS.md, in this folder, is the guide to writing one.
"""

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from simcore.errors import SimcoreError, shown
from simcore.plan.columns import NO_NAMES, Names
from simcore.plan.controls import Control
from simcore.plan.findings import Codes, Finding
from simcore.plan.log import Events
from simcore.plan.plan import Plan
from simcore.text.wording import listed

GROUP = "simcore.platforms"
"""The group of the entry points."""


class Sequence(Protocol):
    """A sequence of some platform: people load or build it, and give it to the verbs.

    It is frozen: changes make a new sequence. Sequences with equal fields are equal. It can be pickled, since Dask and
    Spark send it to their workers. A sequence that is not valid raises a ValidationError with all problems when it is
    made.
    """

    @property
    def name(self) -> str:
        """Its name, for people."""
        ...

    @property
    def time_zone(self) -> str:
        """The time zone of its instants, and of typed times without an offset: an IANA name."""
        ...

    def with_fields(self, changed: Mapping[str, Any], /) -> Self:
        """A copy with other values at paths such as `send_hour` or `emails[2].delay_value`, validated as a whole.

        `simcore.sweep` and `simcore.explore` use it. Raises ValidationError, also for a path that leads nowhere.
        `simcore.platform` has `parts` and `put` for paths.
        """
        ...

    def to_api(self) -> Any:
        """The JSON that it was loaded from, as Python data, including unknown fields."""
        ...


S = TypeVar("S", bound=Sequence)


class Words(NamedTuple):
    """A platform's own words, for reasons and warnings.

    `send_day`: a day on which emails can go out. `published`: the state of an email that goes out. (Each step has its
    own word for emails that do not: see `simcore.platform.Step`.) `cap`: what keeps a mail waiting under a cap.
    """

    send_day: str = "send day"
    published: str = "published"
    cap: str = "too many mails before"


class Platform(Protocol[S]):
    """An email platform: how to read its sequences, translate them into plans, and describe them.

    To add one, subclass it, make one instance in its package and `register` that. You can leave out everything that
    has a default here.

    - `name`: a short name in lower case, for the command line.
    - `title`: its name as people write it.
    - `package`: the package that people import, with `load`, `Sequence` and `Assumptions`.
    - `look`: what its files look like, in a few words.
    - `sequence`: the class of its sequences.
    - `assumptions`: a frozen dataclass of switches (`simcore.platform.switch`), one for each point that the platform
      does not document.
    - `events`: the meaning of the events of a log; its plans have the same.
    - `codes`: for each code of its findings, the severity, and what it means and what to do.
    - `words`: its own words.
    - `options`: which of the command line's options `--emails, --time-zone, --include-drafts, --changes, --enabled-at`
      and `--render` it uses, by their parameters' names (`time_zone`), with a sentence of help for each.
    - `rules`: the path of its RULES.md, with the rules that its plans follow.
    - `columns`: the names of the columns of entries in the platform's own tables, by their names here; at least
      `subscriber_id` and `entered_at`.
    - `standing`: which column of these tables says how subscribers stand, and what it says of those who are active; a
      warning counts the others. "" for none.
    - `unchanging`: the error for people who give a change, if `changes` and `after` are left out.
    """

    name: str
    title: str
    package: str
    look: str
    sequence: type[S]
    assumptions: type[Any]
    events: Events
    codes: Codes = MappingProxyType({})
    words: Words = Words()
    options: Mapping[str, str] = MappingProxyType({})
    rules: Path | None = None
    columns: Names = NO_NAMES
    standing: tuple[str, str] = ("", "")
    unchanging: str = (
        "changes of this platform's sequences are not modelled: make the changed sequence with with_fields(), and "
        "project each by itself"
    )

    @abstractmethod
    def recognises(self, payload: Any) -> int:
        """How surely a file's JSON belongs to this platform, valid or not: 0 not at all; 1 by its outer form, which
        other platforms' files may share; 2 by something that only its own files have. Never raises an error."""
        ...

    @abstractmethod
    def load(self, payload: Any, options: Mapping[str, Any], /) -> S | list[S]:
        """The sequence of a file's JSON, or a list of sequences if the file holds a list.

        `options`: `emails` (the JSON of the second file) and `time_zone`, if they were given and the platform uses
        them. Raises ValidationError with all problems.
        """
        ...

    @abstractmethod
    def plan(self, sequence: S, assumptions: Any, *, include_drafts: bool = False) -> Plan:
        """The plan of a sequence: its delays, gates and rules, under some `assumptions`.

        `include_drafts`: whether to treat drafts as if they were published.
        """
        ...

    def key(self, sequence: S) -> str:
        """What identifies a sequence in a list: FILE#KEY on the command line."""
        return sequence.name

    def changes(self, items: Any) -> list[Any]:
        """The changes of a JSON list. Each has `at`, an instant as people write it.

        Raises ValidationError with all problems. This default raises SimcoreError if there is a change.
        """
        if items != []:
            raise SimcoreError(self.unchanging)
        return []

    def after(
        self, sequence: S, changes: Iterable[tuple[int, Any]], assumptions: Any | None = None
    ) -> list[S]:
        """The sequence after each of some changes, which build on one another. `changes` or the package's functions
        made them. Each comes with its number in the user's list, for the paths of errors: `changes[2]`.
        `assumptions`: some of them say what a change does; None for the defaults.

        This default raises SimcoreError if there is a change.
        """
        if list(changes):
            raise SimcoreError(self.unchanging)
        return []

    def own_steps(self, sequence: S, paths: Iterable[str]) -> dict[str, int | str]:
        """Of some paths to set together, those that touch one step alone: the step's `email_id`, by path.

        They decide its delay and gate, whether runs wait for it and it is sent, and whether its own fields are valid,
        together with paths that touch more; and nothing else, whatever the values. They may be set before the others.
        `simcore.optimize` then needs no plan for each combination. This default names none.
        """
        return {}

    def controls(self, sequence: S) -> list[Control]:
        """The controls of `simcore.explore`, by paths that `with_fields` takes. This default has none."""
        return []

    def findings(
        self, sequence: S, *, among: Iterable[S] = (), as_of_us: int | None = None
    ) -> Iterable[Finding]:
        """The findings of `simcore.lint`, in the order of the sequence; their codes are in `codes`.

        `among`: the account's other sequences, as far as they are known. `as_of_us` [µs, UTC]: the time from which on
        to check what depends on dates; None to skip those checks.
        """
        return ()

    def schema(self) -> dict[str, Any]:
        """A JSON Schema (2020-12) of its files, for editors and validators."""
        raise SimcoreError(f"{self.title} gives no JSON Schema of its files")

    def live(self, api_key: str | None = None, *, base_url: str | None = None) -> Any:
        """An account, to be read over the platform's API: what `live` of its package gives."""
        raise SimcoreError(f"reading an account of {self.title} is not possible yet")

    def load_snapshot(self, folder: str | PathLike[str]) -> Any:
        """What was read of an account into a folder: what `load_snapshot` of its package gives."""
        raise SimcoreError(f"reading an account of {self.title} is not possible yet")


class _Known:
    """The registered platforms, by name and by the class of their sequences. `broken`: what is wrong with those whose
    entry points cannot be used, by name; None until somebody looks for entry points."""

    def __init__(self) -> None:
        self.by_name: dict[str, Platform[Any]] = {}
        self.by_class: dict[type, Platform[Any]] = {}
        self.broken: dict[str, str] | None = None


_known = _Known()
_MEMBERS = tuple(
    name for name in dict.fromkeys([*Platform.__annotations__, *vars(Platform)]) if not name.startswith("_")
)


def register(platform: Platform[Any]) -> None:
    """Registers a platform. Its package calls this when it is imported; a second call changes nothing.

    Raises SimcoreError for what is not a platform, and if a platform of another package has the same name or the same
    class of sequences.
    """
    missing = [name for name in _MEMBERS if not hasattr(platform, name)]
    if missing:
        raise SimcoreError(
            f"platform: found {shown(platform)}, expected a simcore.platform.Platform; it has no {listed(missing)}"
        )
    for other in _known.by_name.values():
        if other.package != platform.package:  # one of the same was loaded anew
            if other.name == platform.name:
                raise SimcoreError(
                    f"platform: {other.package} is known by the name {platform.name!r} already"
                )
            if other.sequence is platform.sequence:
                raise SimcoreError(
                    f"platform: {other.package} is known for the class {shown(other.sequence)} already"
                )
    _known.by_name[platform.name] = platform
    _known.by_class[platform.sequence] = platform


def known(sequence: object) -> Platform[Any] | None:
    """The registered platform of a sequence; None if there is none. Does not look for entry points."""
    of = _known.by_class
    return next((of[kind] for kind in type(sequence).__mro__ if kind in of), None)


def platform_of(sequence: object) -> Platform[Any]:
    """The platform of a sequence. Raises SimcoreError for what is not a sequence of any platform."""
    found = known(sequence)
    if found is None:
        loads = [f"{each.package}.load" for each in platforms().values()]
        found = known(sequence)  # its entry point may just have made it known
        if found is None:
            raise SimcoreError(
                f"sequence: found {shown(sequence)}, expected one as loaded by {listed(loads, 'or')}"
            )
    return found


def platforms() -> dict[str, Platform[Any]]:
    """All platforms by name, simcore's own first. Looks for entry points once.

    Warns of platforms that cannot be used, and names their packages.
    """
    if _known.broken is None:
        _known.broken = {}  # a package that is imported now may ask, too
        _known.broken = _look()
        for message in _known.broken.values():
            warnings.warn(message, stacklevel=2)
    return dict(_known.by_name)


def platform_named(name: str) -> Platform[Any]:
    """A platform by its name. Raises SimcoreError if there is none, or if its package cannot be used."""
    found = platforms()
    if not isinstance(name, str) or name not in found:
        message = (_known.broken or {}).get(name) if isinstance(name, str) else None
        raise SimcoreError(message or f"no platform {shown(name)}; there are: {', '.join(found)}")
    return found[name]


def recognised(payload: Any) -> Platform[Any]:
    """The platform that a file's JSON belongs to. Raises SimcoreError if there is none, or more than one."""
    sure = {each.name: each.recognises(payload) for each in platforms().values()}
    most = max(sure.values())
    found = [each for each in platforms().values() if sure[each.name] == most]
    if not most:
        looks = [f"  {each.title}'s: {each.look}" for each in found]
        expected = "expected a sequence as its platform's API gives it"
        raise SimcoreError("\n".join([expected, *looks, f"  found: {shown(payload)}"]))
    if len(found) > 1:
        owners = listed((f"{each.title}'s" for each in found), "or")
        loads = listed((f"{each.package}.load" for each in found), "or")
        raise SimcoreError(f"this may be a sequence of {owners}: load it by {loads}")
    return found[0]


def _look() -> dict[str, str]:
    """Imports the packages whose entry points name a platform, and registers the platforms.

    Returns what is wrong with those that cannot be used, by name.
    """
    from importlib.metadata import entry_points  # slow to import, and seldom needed

    broken = {}
    for each in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        try:
            register(each.load())
        except Exception as error:  # any error; the other platforms still work
            package = "a package" if each.dist is None else f"{each.dist.name} {each.dist.version}"
            reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            broken[each.name] = f"the platform {each.name!r} of {package} cannot be used: {reason}"
    return broken
