"""What a platform is to everybody else: the protocols `Platform` and `Sequence`, and which platforms there are.

Nothing outside a platform's own package names it. The rooms ask `platform_of(sequence)`, the command line asks
`platforms()`. A platform makes itself known by `register`, which its package calls when it is imported; its entry
point in the group `simcore.platforms` says which package to import. PLATFORMS.md, beside this file, is the guide for
whoever writes one.
"""

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Mapping
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
    """A sequence of some platform: what people load or build, and give to the verbs.

    It is frozen: what changes it gives another one. Equal fields make equal sequences, and it pickles, since workers
    of Dask and Spark get it so. What cannot be is refused when it is made, with a ValidationError that has all
    problems.
    """

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def time_zone(self) -> str:
        """The zone in which its instants are shown, and what is typed without an offset is read: an IANA name."""
        ...

    def with_fields(self, changed: Mapping[str, Any], /) -> Self:
        """A copy with other values at paths such as `send_hour` or `emails[2].delay_value`, validated as a whole.

        `simcore.sweep` and `simcore.explore` turn sequences by it. Raises ValidationError for a path that leads
        nowhere, too. `simcore.platform` has `parts` and `put` for paths.
        """
        ...

    def to_api(self) -> Any:
        """The JSON that it was loaded from, as Python has it, unknown fields included."""
        ...


S = TypeVar("S", bound=Sequence)


class Words(NamedTuple):
    """What a platform calls things, where reasons and warnings speak of them.

    `send_day`: a day on which emails may go out. `published`: what an email is that goes out, in difference to one
    that is only there. (What the others are called is said step by step, see `simcore.platform.Step`.)
    """

    send_day: str = "send day"
    published: str = "published"


class Platform(Protocol[S]):
    """An email platform: how its sequences are read, what they come down to, and what can be said of them.

    Subclass it, give its package one instance and `register` that. What has a default here may be left out.

    `name`: its short name in lower case, as the command line takes it; `title`: as people write it; `package`: what
    they import, which has its `load`, `Sequence` and `Assumptions`. `look`: what a file of it looks like, in a few
    words. `sequence`: the class of its sequences. `assumptions`: a frozen dataclass of switches
    (`simcore.platform.switch`), one for each thing that the platform does not say of itself. `events`: what those of
    a log mean to it, as its plans have it too. `codes`: of each code of its findings the severity, and what it means
    and asks for. `words`: what it calls things. `options`: of the command line's options `--emails, --time-zone,
    --include-drafts, --changes, --enabled-at` and `--render` those that it has a use for, by their parameters' names
    (`time_zone`), and what each is good for, in a sentence. `rules`: the path of its RULES.md, the rules that its
    plans follow. `columns`: what the columns of entries are called in the tables that the platform gives of them, by
    their names here, `subscriber_id` and `entered_at` at the least. `unchanging`: what is said to whoever gives a
    change, where `changes` and `after` are left out.
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
    unchanging: str = (
        "changes of this platform's sequences are not modelled: make the changed sequence with with_fields(), and "
        "project each by itself"
    )

    @abstractmethod
    def recognises(self, payload: Any) -> int:
        """How surely a file's JSON is of this platform, be it right or wrong: 0 not at all; 1 by its frame, which
        others' files may have too; 2 by what only its own have. Whatever the JSON is, nothing is raised."""
        ...

    @abstractmethod
    def load(self, payload: Any, options: Mapping[str, Any], /) -> S | list[S]:
        """The sequence of a file's JSON; a list where the file holds a list of them.

        `options`: what was given of `emails` (the JSON of that second file) and `time_zone`, where it has a use for
        them. Raises ValidationError with all problems.
        """
        ...

    @abstractmethod
    def plan(self, sequence: S, assumptions: Any, *, include_drafts: bool = False) -> Plan:
        """The delays, gates and rules that a sequence comes down to, under some `assumptions` of its class.

        `include_drafts`: whether emails that are there and do not go out count as though they did.
        """
        ...

    def key(self, sequence: S) -> str:
        """What tells a sequence apart from the others in a list, as FILE#KEY on the command line."""
        return sequence.name

    def changes(self, items: Any) -> list[Any]:
        """The changes of a JSON list. Each has `at`, an instant as people write it.

        Raises ValidationError with all problems; as it stands here, SimcoreError where there is a change.
        """
        if items != []:
            raise SimcoreError(self.unchanging)
        return []

    def after(
        self, sequence: S, changes: Iterable[tuple[int, Any]], assumptions: Any | None = None
    ) -> list[S]:
        """The sequence after each of some changes, one upon the other, as `changes` or the package's functions make
        them; each with its number in the list that the user gave, by which an error's paths name it: `changes[2]`.
        `assumptions`: under which, None for the defaults; those that say what a change comes to play a part here.

        As it stands here, SimcoreError where there is a change.
        """
        if list(changes):
            raise SimcoreError(self.unchanging)
        return []

    def controls(self, sequence: S) -> list[Control]:
        """What `simcore.explore` turns, by paths that `with_fields` takes; as it stands here, nothing."""
        return []

    def findings(
        self, sequence: S, *, among: Iterable[S] = (), as_of_us: int | None = None
    ) -> Iterable[Finding]:
        """What `simcore.lint` finds, in the order of the sequence, by codes that stand in `codes`.

        `among`: the account's other sequences, as far as they are known. `as_of_us` [µs, UTC]: from when on what
        depends on dates is looked at; None for not at all.
        """
        return ()

    def schema(self) -> dict[str, Any]:
        """A JSON Schema (2020-12) of its files, for editors and validators."""
        raise SimcoreError(f"{self.title} gives no JSON Schema of its files")


class _Known:
    """The platforms that are known: by name, and by the class of their sequences. `broken`: what is wrong with those
    whose entry points cannot be used, by name; None as long as nobody has looked for entry points."""

    def __init__(self) -> None:
        self.by_name: dict[str, Platform[Any]] = {}
        self.by_class: dict[type, Platform[Any]] = {}
        self.broken: dict[str, str] | None = None


_known = _Known()
_MEMBERS = tuple(
    name for name in dict.fromkeys([*Platform.__annotations__, *vars(Platform)]) if not name.startswith("_")
)


def register(platform: Platform[Any]) -> None:
    """Makes a platform known; its package calls it when it is imported. A second time changes nothing.

    Raises SimcoreError for what is no platform, and where one of another package has its name or its class of
    sequences.
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
    """The platform of a sequence; None for what is no sequence of any that is known. Looks for no entry points."""
    of = _known.by_class
    return next((of[kind] for kind in type(sequence).__mro__ if kind in of), None)


def platform_of(sequence: object) -> Platform[Any]:
    """The platform of a sequence. Raises SimcoreError for what is none of any platform's."""
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
    """All platforms by name, those that are shipped first; entry points are looked for once.

    Warns of those that cannot be used, and names their packages.
    """
    if _known.broken is None:
        _known.broken = {}  # a package that is imported now may ask, too
        _known.broken = _look()
        for told in _known.broken.values():
            warnings.warn(told, stacklevel=2)
    return dict(_known.by_name)


def platform_named(name: str) -> Platform[Any]:
    """A platform by its name. Raises SimcoreError where there is none, or its package cannot be used."""
    found = platforms()
    if not isinstance(name, str) or name not in found:
        told = (_known.broken or {}).get(name) if isinstance(name, str) else None
        raise SimcoreError(told or f"no platform {shown(name)}; there are: {', '.join(found)}")
    return found[name]


def recognised(payload: Any) -> Platform[Any]:
    """The platform that a file's JSON is of. Raises SimcoreError where it is of none, or of several."""
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
    """Imports the packages whose entry points name a platform, and makes those known that their import does not.

    Gives what is wrong with those that cannot be used, by name.
    """
    from importlib.metadata import entry_points  # slow to import, and seldom needed

    broken = {}
    for each in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        try:
            register(each.load())
        except Exception as error:  # whatever it is, the other platforms are none the worse
            package = "a package" if each.dist is None else f"{each.dist.name} {each.dist.version}"
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            broken[each.name] = f"the platform {each.name!r} of {package} cannot be used: {told}"
    return broken
