"""A Kit sequence and its emails, as Kit's API describes them: frozen, and valid once made (K1 to K5)."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Required, Self, TypedDict, Unpack

from simcore.clock.dates import NO_DATES, Dates, DatesGiven, dates_of
from simcore.errors import inside, refuse, shown
from simcore.kit.fields import EmailFields, SequenceChanges, Settings, WholeEmail
from simcore.kit.problems import by_position, email_problems, order_problems, sequence_problems, whole
from simcore.plan.paths import parts
from simcore.text.tables import Shown, Table
from simcore.text.wording import WEEKDAYS, count, weekdays

ACCOUNT_ZONE = "America/New_York"  # K1


@dataclass(frozen=True, kw_only=True)
class Email:
    """One email of a Kit sequence (K2): its fields, named as in Kit's API, and `extra` for those it may add.

    `send_days` is None where the sequence's days hold. `position` and `id` may be left out: the sequence that
    the email is put into gives it its place and a negative id. In a sequence `position` is the place from 0, and
    `number` what Kit has as its position, where that is another (K25). Raises ValidationError with all problems.

    >>> Email(subject="Hello", delay_value=1, delay_unit="days", published=True).delay_value
    1
    """

    subject: str
    delay_value: int
    delay_unit: str
    id: int | None = None
    sequence_id: int | None = None
    preview_text: str | None = None
    content: str | None = None
    email_address: str | None = None
    email_template_id: int | None = None
    published: bool = False
    position: int | None = None
    send_days: tuple[str, ...] | None = None
    number: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[WholeEmail]) -> None: ...

    def __post_init__(self) -> None:
        refuse(email_problems({each.name: getattr(self, each.name) for each in fields(self)}))
        _plain_integers(self, ("delay_value", "id", "position", "number", "sequence_id", "email_template_id"))
        if self.send_days is not None:
            object.__setattr__(self, "send_days", tuple(self.send_days))
        object.__setattr__(self, "extra", deepcopy(dict(self.extra)))

    def _wait(self) -> str:
        """In words, how long it waits, and its own days."""
        if self.delay_value == 0:
            return "at once"
        unit = self.delay_unit if self.delay_value != 1 else self.delay_unit[:-1]
        days = "" if self.send_days is None else f", {weekdays(map(WEEKDAYS.index, self.send_days))}"
        return f"{self.delay_value} {unit}{days}"

    def _status(self) -> str:
        return "published" if self.published else "draft"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Whom a sequence leaves out (K16): subscribers of these tags, sequences, forms or segments."""

    type: str
    ids: tuple[int, ...]
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


class _Kept(TypedDict, total=False):
    """What a sequence may have beside its settings."""

    emails: Iterable[Email]
    id: int | None
    created_at: str | None
    updated_at: str | None
    extra: Mapping[str, Any]
    envelope: Mapping[str, Any]
    left_out: DatesGiven


class SequenceFields(SequenceChanges, _Kept, total=False):
    """What `kit.Sequence.replace` changes."""


class WholeSequence(Settings, _Kept, total=False):
    """What `kit.Sequence` is made of."""

    name: Required[str]


@dataclass(frozen=True, kw_only=True, repr=False)
class Sequence(Shown):
    """A Kit sequence (K1): its fields, named as in Kit's API, its emails in order, and `extra`.

    Emails are put in the order of their positions, those without one last, and numbered from 0 (the position
    given is kept as the `number`); those without an id get -1, -2, … in the order given.
    `exclude_subscriber_sources` takes dicts of type and ids. `envelope` keeps what stood beside the sequence and its
    emails in the API's response. `left_out`: see `without`. Raises ValidationError with all problems.

    >>> hello = Email(subject="Hello", delay_value=0, delay_unit="days", published=True)
    >>> Sequence(name="Welcome", send_hour=9, emails=[hello]).emails[0].id
    -1
    """

    name: str
    emails: tuple[Email, ...] = ()
    id: int | None = None
    email_address: str | None = None
    email_template_id: int | None = None
    send_days: tuple[str, ...] = WEEKDAYS
    send_hour: int = 11
    time_zone: str = ACCOUNT_ZONE
    active: bool = True
    repeat: bool = False
    hold: bool = False
    exclude_subscriber_sources: tuple[Source, ...] = ()
    created_at: str | None = None
    updated_at: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    envelope: Mapping[str, Any] = field(default_factory=dict, repr=False)
    left_out: Dates = NO_DATES

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[WholeSequence]) -> None: ...

    def __post_init__(self) -> None:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        sources = given["exclude_subscriber_sources"]
        if isinstance(sources, list | tuple):
            given["exclude_subscriber_sources"] = [
                vars(each) if isinstance(each, Source) else each for each in sources
            ]
        emails = given.pop("emails")
        emails = list(emails) if isinstance(emails, Iterable) else [emails]
        if not all(isinstance(email, Email) for email in emails):
            refuse([("emails", "emails must be a list of kit.Email", shown(emails))])
        refuse([*sequence_problems(given), *order_problems([_place(email) for email in emails])])
        sources = tuple(_source(source) for source in sources)
        for name, value in {
            "emails": _in_order(emails),
            "send_days": tuple(self.send_days),
            "send_hour": int(self.send_hour),
            "exclude_subscriber_sources": sources,
            "extra": deepcopy(dict(self.extra)),
            "envelope": deepcopy(dict(self.envelope)),
            "left_out": dates_of(self.left_out, "left_out"),
        }.items():
            object.__setattr__(self, name, value)
        _plain_integers(self, ("id", "email_template_id"))

    def _table(self) -> Table:
        days = weekdays(map(WEEKDAYS.index, self.send_days))
        flags = [
            "" if self.active else "not active",
            "repeats" if self.repeat else "",
            "holds" if self.hold else "",
            "with exclusions" if self.exclude_subscriber_sources else "",
            f"without {count(len(self.left_out), 'date')}" if self.left_out else "",
        ]
        when = f"{days} at {self.send_hour:02}:00 {self.time_zone}"
        rows = [(email.position, email._wait(), email.subject, email._status()) for email in self.emails]
        heading = ", ".join(filter(None, [f"{self.name}: {when}", *flags]))
        return Table(heading, ("pos", "wait", "subject", "status"), rows)

    def replace(self, **changed: Unpack[SequenceFields]) -> Self:
        """A copy with other fields, validated; emails are put in order as at construction.

        >>> Sequence(name="Welcome").replace(send_hour=7).send_hour
        7
        """
        _known(changed, type(self))
        values: dict[str, Any] = {**changed}
        return replace(self, **values)

    def without(self, dates: DatesGiven, /) -> Self:
        """A copy that leaves out dates such as holidays (T23), besides those left out already.

        No email goes out on these dates if it waits for send days. Others do: those with a wait in hours, and one at
        once (K9), unless the assumption `immediate_days` is `send_days`.

        `dates`: dates, or texts such as 2026-05-25; or a calendar such as `holidays.US()`, whose names reasons tell.
        Such a calendar fills itself as it is asked, so it is asked for every year from 1970 to 2200 (it may know
        fewer). They are dates in the zone in which the emails are timed.

        This is a what-if. Kit has no such field: `to_api` leaves it out, and changes keep it. `replace(left_out=())`
        takes it back. Raises SimcoreError for what is no date.

        >>> hello = Email(subject="Hello", delay_value=1, delay_unit="days")
        >>> [*Sequence(name="Welcome", emails=[hello]).without(["2026-05-25"]).left_out]
        [datetime.date(2026, 5, 25)]
        """
        return self.replace(left_out=self.left_out.and_also(dates_of(dates, "dates")))

    def replace_email(self, position: int, /, **changed: Unpack[EmailFields]) -> Self:
        """A copy with other fields of the email at `position` (from 0), validated.

        An email that becomes hour-based loses its send_days (K20); one that gets another position moves: it is
        taken out first, then put there. Raises IndexError where there is no such email.

        >>> hello = Email(subject="Hello", delay_value=1, delay_unit="days")
        >>> Sequence(name="Welcome", emails=[hello]).replace_email(0, subject="Hi").emails[0].subject
        'Hi'
        """
        if not (whole(position) and 0 <= position < len(self.emails)):
            raise IndexError(f"no email at position {position!r}: the sequence has {len(self.emails)}")
        others = list(self.emails)
        email = edited(others.pop(position), changed)
        to = position if email.position is None else email.position
        others.insert(min(to, len(others)), email)
        return replace(self, emails=numbered(others, self.numbers))

    @property
    def numbers(self) -> list[int]:
        """What Kit has as the positions of the emails, in order: rising, and now and then with gaps (K25).

        >>> late = Email(subject="Hello", delay_value=1, delay_unit="days", position=7)
        >>> Sequence(name="Welcome", emails=[late]).numbers
        [7]
        """
        return [at if email.number is None else email.number for at, email in enumerate(self.emails)]

    def with_fields(self, changed: Mapping[str, Any], /) -> Self:
        """A copy with other values at paths such as `send_hour` and `emails[2].delay_value`, validated as a whole.

        Emails are named by their positions as they are now, from 0. Those that get another position move, one after
        the other in the order of their `position` paths, each as with `replace_email`; one that becomes hour-based
        loses its send_days (K20). Raises ValidationError for a path that leads nowhere, too.

        >>> hello = Email(subject="Hello", delay_value=1, delay_unit="days")
        >>> later = Sequence(name="Welcome", emails=[hello]).with_fields({"send_hour": 7, "emails[0].delay_value": 2})
        >>> later.send_hour, later.emails[0].delay_value
        (7, 2)
        """
        of_sequence: dict[str, Any] = {}
        of_emails: dict[int, dict[str, Any]] = {}
        moves: dict[int, Any] = {}
        for path, value in changed.items():
            match parts(path):
                case ("emails", int(place), str(name)) if place < len(self.emails):
                    of_emails.setdefault(place, {})[name] = value
                    if name == "position":
                        moves[place] = value
                case ("emails", int(place), str(_)):
                    message = f"there is no email at position {place}: the sequence has {len(self.emails)}"
                    refuse([(path, message, "")])
                case ("emails", *_):
                    refuse([(path, "a field of an email must be named like emails[2].delay_value", "")])
                case _:
                    of_sequence[path] = value
        emails = list(self.emails)
        for place, given in of_emails.items():
            with inside(f"emails[{place}]."):
                emails[place] = edited(emails[place], given)
        if moves:
            order = list(emails)
            for place, to in moves.items():
                if to is not None:
                    moved = order.pop(next(at for at, each in enumerate(order) if each is emails[place]))
                    order.insert(min(to, len(order)), moved)
            emails = [*numbered(order, self.numbers)]
        return self.replace(**of_sequence, emails=tuple(emails))

    def to_api(self) -> dict[str, Any]:
        """What Kit's API would give: `{"sequence": {...}, "emails": [...]}`, unknown fields included (K3).

        >>> Sequence(name="Welcome").to_api()["sequence"]["send_hour"]
        11
        """
        sequence = _plain(self, leave_out={"emails", "envelope", "left_out"})
        sequence["send_days"] = list(self.send_days)
        sequence["exclude_subscriber_sources"] = [
            {"type": source.type, "ids": list(source.ids), **source.extra}
            for source in self.exclude_subscriber_sources
        ]
        emails = []
        for email in self.emails:
            item = _plain(email, leave_out={"number", *({"id"} if (email.id or -1) < 0 else ())})
            item["send_days"] = None if email.send_days is None else list(email.send_days)
            emails.append(item)
        return deepcopy({"sequence": sequence, "emails": emails, **self.envelope})


def edited(email: Email, changed: Mapping[str, Any]) -> Email:
    """An email with other fields; one that becomes hour-based loses its send_days (K20)."""
    _known(changed, Email)
    cleared = {"send_days": None} if changed.get("delay_unit") == "hours" else {}
    return replace(email, **{**cleared, **changed})


def numbered(emails: Iterable[Email], numbers: Iterable[int]) -> tuple[Email, ...]:
    """Emails with other numbers in Kit, as a new sequence takes them (K25)."""
    return tuple(
        email
        if (email.position, email.number) == (number, None)
        else replace(email, position=number, number=None)
        for email, number in zip(emails, numbers, strict=True)
    )


def _place(email: Email) -> Mapping[str, Any]:
    return {name: getattr(email, name) for name in ("id", "position", "delay_unit", "delay_value")}


def _in_order(emails: list[Email]) -> tuple[Email, ...]:
    """The emails by position, numbered from 0, each with an id (K2), and with Kit's number (K25)."""
    taken = {email.id for email in emails}
    free = (number for number in range(-1, -2 * len(emails) - 2, -1) if number not in taken)
    named = [email if email.id is not None else replace(email, id=next(free)) for email in emails]
    order = sorted(enumerate(_place(email) for email in named), key=by_position)
    found: list[Email] = []
    least = 0
    for place, (at, _) in enumerate(order):
        email = named[at]
        given = email.position if email.number is None else email.number
        least = max(least, least if given is None else given)
        number = None if least == place else least
        if (email.position, email.number) != (place, number):
            email = replace(email, position=place, number=number)
        found.append(email)
        least += 1
    return tuple(found)


def _source(source: Any) -> Source:
    if isinstance(source, Source):
        return source
    rest = {name: value for name, value in source.items() if name not in {"type", "ids"}}
    return Source(type=source["type"], ids=tuple(int(each) for each in source["ids"]), extra=deepcopy(rest))


def _plain_integers(item: Any, names: tuple[str, ...]) -> None:
    """Integers of numpy and the like become Python's own."""
    for name in names:
        if whole(getattr(item, name)):
            object.__setattr__(item, name, int(getattr(item, name)))


def _known(changed: Mapping[str, Any], kind: type[Email] | type[Sequence]) -> None:
    names = [each.name for each in fields(kind) if each.name != "number"]
    refuse([
        (name, f"{name} is not a field of {kind.__name__}; the fields are: {', '.join(names)}", "")
        for name in changed
        if name not in names
    ])


def _plain(item: Email | Sequence, leave_out: set[str]) -> dict[str, Any]:
    """The fields of an item, then its `extra`; what is None is left out, unless `extra` says it was null."""
    values = {each.name: getattr(item, each.name) for each in fields(item) if each.name not in leave_out}
    extra = values.pop("extra")
    said = {name: value for name, value in values.items() if value is not None or name in extra}
    return said | {name: value for name, value in extra.items() if name not in said}
