"""A Kit sequence and its emails, as Kit's API describes them: frozen, and valid once made (K1 to K5)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral
from typing import Any, Self, TypeGuard

from simcore.errors import ValidationError, shown
from simcore.kit.assumptions import Assumptions
from simcore.kit.translate import WEEKDAYS, translate
from simcore.plan import Plan
from simcore.zones import zone_names

ACCOUNT_ZONE = "America/New_York"  # S4's example
_SOURCES = ("tag", "sequence", "form", "segment")
_LONGEST = {"days": 3650, "hours": 87_600}
_MOST_EMAILS = 32_767  # the timeline's positions are int16

Problem = tuple[str, str, str]
"""A path, a message in Kit's manner, and what was found there ("" where the message says it all)."""


@dataclass(frozen=True, kw_only=True)
class Email:
    """One email of a Kit sequence (K2): its fields, named as in Kit's API, and `extra` for those it may add.

    `send_days` is None where the sequence's days hold. `position` and `id` may be left out: the sequence that
    the email is put into gives it its place and a negative id. Raises ValidationError with all problems.

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
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        refuse(email_problems({each.name: getattr(self, each.name) for each in fields(self)}))
        for name in ("delay_value", "id", "position"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, int(getattr(self, name)))
        if self.send_days is not None:
            object.__setattr__(self, "send_days", tuple(self.send_days))
        object.__setattr__(self, "extra", dict(self.extra))


@dataclass(frozen=True, kw_only=True)
class Source:
    """Whom a sequence leaves out (K16): subscribers of these tags, sequences, forms or segments."""

    type: str
    ids: tuple[int, ...]
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """A Kit sequence (K1): its fields, named as in Kit's API, its emails in order, and `extra`.

    Emails are put in the order of their positions, those without one last, and numbered from 0; those without
    an id get -1, -2, … in the order given. `exclude_subscriber_sources` takes dicts of type and ids.
    `envelope` keeps what stood beside the sequence and its emails in the API's response. Raises
    ValidationError with all problems.

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

    def __post_init__(self) -> None:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        emails = given.pop("emails")
        emails = list(emails) if isinstance(emails, Iterable) else [emails]
        if not all(isinstance(email, Email) for email in emails):
            refuse([("emails", "emails must be a list of kit.Email", shown(emails))])
        refuse([*sequence_problems(given), *order_problems([_place(email) for email in emails])])
        sources = tuple(_source(source) for source in self.exclude_subscriber_sources)
        for name, value in {
            "emails": _in_order(emails),
            "send_days": tuple(self.send_days),
            "send_hour": int(self.send_hour),
            "exclude_subscriber_sources": sources,
            "extra": dict(self.extra),
            "envelope": dict(self.envelope),
        }.items():
            object.__setattr__(self, name, value)

    def replace(self, **changed: Any) -> Self:
        """A copy with other fields, validated; emails are put in order as at construction.

        >>> Sequence(name="Welcome").replace(send_hour=7).send_hour
        7
        """
        _known(changed, type(self))
        return replace(self, **changed)

    def replace_email(self, position: int, /, **changed: Any) -> Self:
        """A copy with other fields of the email at `position` (from 0), validated.

        An email that becomes hour-based loses its send_days (K21); one that gets another position moves: it is
        taken out first, then put there. Raises IndexError where there is no such email.

        >>> hello = Email(subject="Hello", delay_value=1, delay_unit="days")
        >>> Sequence(name="Welcome", emails=[hello]).replace_email(0, subject="Hi").emails[0].subject
        'Hi'
        """
        if not 0 <= position < len(self.emails):
            raise IndexError(f"no email at position {position!r}: the sequence has {len(self.emails)}")
        _known(changed, Email)
        if changed.get("delay_unit") == "hours":
            changed = {"send_days": None} | changed
        others = list(self.emails)
        old = others.pop(position)
        email = replace(old, **changed)
        to = position if email.position is None else email.position
        others.insert(to, email)
        return replace(self, emails=tuple(replace(each, position=None) for each in others))

    def to_api(self) -> dict[str, Any]:
        """What Kit's API would give: `{"sequence": {...}, "emails": [...]}`, unknown fields included (K3).

        >>> Sequence(name="Welcome").to_api()["sequence"]["send_hour"]
        11
        """
        sequence = _plain(self, leave_out={"emails", "envelope"})
        sequence["send_days"] = list(self.send_days)
        sequence["exclude_subscriber_sources"] = [
            {"type": source.type, "ids": list(source.ids), **source.extra}
            for source in self.exclude_subscriber_sources
        ]
        emails = []
        for email in self.emails:
            item = _plain(email, leave_out={"id"} if email.id is None or email.id < 0 else set())
            item["send_days"] = None if email.send_days is None else list(email.send_days)
            emails.append(item)
        return {"sequence": sequence, "emails": emails, **self.envelope}

    def after(self, changes: Iterable[tuple[int, Any]]) -> list[Self]:
        """The sequence after each of some changes, numbered as the user gave them, one upon the other."""
        from simcore.kit.changes import after  # built upon this room

        return after(self, changes)

    def plan(self, assumptions: Assumptions | None = None, *, include_drafts: bool = False) -> Plan:
        """The delays and gates that the sequence comes down to."""
        return translate(self, assumptions, include_drafts=include_drafts)


def refuse(problems: list[Problem]) -> None:
    """Raises ValidationError where there is a problem (K4)."""
    if problems:
        raise ValidationError(
            [message for _, message, _ in problems],
            [(path, message) for path, message, _ in problems],
            [found for *_, found in problems],
        )


def sequence_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the fields of a sequence, its emails aside (K5)."""
    problems = [*_text("name", given.get("name"))]
    problems += _days("send_days", given.get("send_days"))
    hour = given.get("send_hour")
    if not (_whole(hour) and 0 <= hour <= 23):
        problems.append(("send_hour", "send_hour must be an integer between 0 and 23", shown(hour)))
    place = given.get("time_zone")
    if not (isinstance(place, str) and place in zone_names()):
        problems.append(("time_zone", "time_zone must be a valid IANA timezone string", shown(place)))
    for name in ("active", "repeat", "hold"):
        problems += _boolean(name, given.get(name))
    problems += _identity("id", given.get("id"))
    problems += _source_problems(given.get("exclude_subscriber_sources"))
    return problems


def email_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the fields of one email, wherever it stands (K5)."""
    problems = [*_text("subject", given.get("subject"))]
    unit, value, days = given.get("delay_unit"), given.get("delay_value"), given.get("send_days")
    if not (isinstance(unit, str) and unit in _LONGEST):
        problems.append(("delay_unit", "delay_unit must be one of: days, hours", shown(unit)))
        unit = "hours"  # the longest of both
        least = 0
    else:
        least = 0 if unit == "days" else 1
    if not (_whole(value) and least <= value <= _LONGEST[unit]):
        message = f"delay_value must be an integer between {least} and {_LONGEST[unit]}"
        problems.append(("delay_value", message, shown(value)))
    if days is not None:
        wrong = _days("send_days", days)
        if not wrong and not list(days):
            wrong.append(("send_days", "send_days can't be empty: the email could never be sent", ""))
        if not wrong and given.get("delay_unit") == "hours" and len(days) < len(WEEKDAYS):
            message = "send_days can't be set when delay_unit is hours"
            wrong.append(("send_days", message, shown(list(days))))
        problems += wrong
    problems += _boolean("published", given.get("published"))
    position = given.get("position")
    if position is not None and not (_whole(position) and position >= 0):
        problems.append(("position", "position must be an integer of 0 or more", shown(position)))
    problems += _identity("id", given.get("id"))
    return problems


def order_problems(emails: list[Mapping[str, Any]]) -> list[Problem]:
    """What is wrong with emails as a list: ids, positions, and who may be immediate (K5).

    Only what is right by itself is looked at; what is wrong with one email is told by `email_problems`.
    """
    problems: list[Problem] = []
    if len(emails) > _MOST_EMAILS:
        problems.append(("emails", f"emails can't be more than {_MOST_EMAILS}", str(len(emails))))
    for name in ("id", "position"):
        given = [email.get(name) if _whole(email.get(name)) else None for email in emails]
        often = Counter(value for value in given if value is not None)
        first = {value: at for at, value in reversed(list(enumerate(given)))}
        for at, value in enumerate(given):
            if value is not None and often[value] > 1 and first[value] != at:
                message = f"{name} has already been taken by emails[{first[value]}]"
                problems.append((f"emails[{at}].{name}", message, shown(value)))
    order = [at for at, _ in sorted(enumerate(emails), key=_by_position)]
    for at in order[1:]:
        email = emails[at]
        if (
            email.get("delay_unit") == "days"
            and _whole(email.get("delay_value"))
            and email["delay_value"] == 0
        ):
            message = "delay_value must be greater than 0: only the first email can be immediate"
            problems.append((f"emails[{at}].delay_value", message, "0"))
    return problems


def _by_position(numbered: tuple[int, Mapping[str, Any]]) -> tuple[bool, int]:
    """The sort key of K2: by position, those without (or with a wrong one) after all others, as they stand."""
    position = numbered[1].get("position")
    return (False, position) if _whole(position) else (True, 0)


def _place(email: Email) -> Mapping[str, Any]:
    return {name: getattr(email, name) for name in ("id", "position", "delay_unit", "delay_value")}


def _in_order(emails: list[Email]) -> tuple[Email, ...]:
    """The emails by position, numbered from 0, each with an id (K2)."""
    taken = {email.id for email in emails}
    free = (number for number in range(-1, -2 * len(emails) - 2, -1) if number not in taken)
    named = [email if email.id is not None else replace(email, id=next(free)) for email in emails]
    order = sorted(enumerate(_place(email) for email in named), key=_by_position)
    placed = (named[at] for at, _ in order)
    return tuple(
        email if email.position == position else replace(email, position=position)
        for position, email in enumerate(placed)
    )


def _source(source: Any) -> Source:
    if isinstance(source, Source):
        return source
    rest = {name: value for name, value in source.items() if name not in {"type", "ids"}}
    return Source(type=source["type"], ids=tuple(source["ids"]), extra=rest)


def _known(changed: Mapping[str, Any], kind: type[Email] | type[Sequence]) -> None:
    names = [each.name for each in fields(kind)]
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


def _whole(value: Any) -> TypeGuard[int]:
    """Whether a value is an integer: true and 9.0 are not."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _text(name: str, value: Any) -> Iterator[Problem]:
    if value is None or (isinstance(value, str) and not value.strip()):
        yield name, f"{name} can't be blank", ""
    elif not isinstance(value, str):
        yield name, f"{name} must be a string", shown(value)


def _boolean(name: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield name, f"{name} must be true or false", shown(value)


def _identity(name: str, value: Any) -> Iterator[Problem]:
    if value is not None and not (_whole(value) and -(2**63) <= value < 2**63):
        yield name, f"{name} must be an integer", shown(value)


def _days(name: str, value: Any) -> list[Problem]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        return [(name, f"{name} must be a list of weekdays", shown(value))]
    problems = []
    for at, day in enumerate(value):
        if not (isinstance(day, str) and day in WEEKDAYS):
            problems.append((f"{name}[{at}]", f"{name} must be one of: {', '.join(WEEKDAYS)}", shown(day)))
        elif day in value[:at]:
            problems.append((f"{name}[{at}]", f"{name} can't list a day twice", shown(day)))
    return problems


def _source_problems(sources: Any) -> Iterator[Problem]:
    name = "exclude_subscriber_sources"
    if not isinstance(sources, list | tuple):
        yield name, f"{name} must be a list", shown(sources)
        return
    for at, source in enumerate(sources):
        path = f"{name}[{at}]"
        if isinstance(source, Source):
            source = {"type": source.type, "ids": source.ids}
        if not isinstance(source, Mapping):
            yield path, f"{name} must be objects with type and ids", shown(source)
            continue
        kind, ids = source.get("type"), source.get("ids")
        if kind not in _SOURCES:
            yield f"{path}.type", f"type must be one of: {', '.join(_SOURCES)}", shown(kind)
        if not isinstance(ids, list | tuple) or not all(_whole(each) for each in ids):
            yield f"{path}.ids", "ids must be a list of integers", shown(ids)
