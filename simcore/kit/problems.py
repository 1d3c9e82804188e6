"""What is wrong with a Kit sequence or email, all at once, in Kit's own manner (K4, K5)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from numbers import Integral
from typing import Any, TypeGuard

from simcore.clock.zones import zone_names
from simcore.errors import Problem, shown
from simcore.files.json_file import MOST_TOLD, too_deep
from simcore.kit.unknown import unknown_of_email, unknown_of_sequence
from simcore.text.wording import WEEKDAYS, halved

SOURCES = ("tag", "sequence", "form", "segment")
LONGEST = {"days": 3650, "hours": 87_600}
_MOST_EMAILS = 32_767  # the timeline's positions are int16


def sequence_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the fields of a sequence, its emails aside (K5)."""
    problems = [*_text("name", given.get("name"))]
    problems += _days("send_days", given.get("send_days"))
    hour = given.get("send_hour")
    if not (whole(hour) and 0 <= hour <= 23):
        problems.append(("send_hour", "send_hour must be an integer between 0 and 23", shown(hour)))
    place = given.get("time_zone")
    if not (isinstance(place, str) and place in zone_names()):
        problems.append(("time_zone", "time_zone must be a valid IANA timezone string", shown(place)))
    for name in ("active", "repeat", "hold"):
        problems += _boolean(name, given.get(name))
    problems += _identity("id", given.get("id"))
    problems += islice(_source_problems(given.get("exclude_subscriber_sources")), MOST_TOLD)
    problems += islice(unknown_of_sequence(given.get("extra")), MOST_TOLD)
    return [*problems, *_nesting(given)]


def email_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the fields of one email, wherever it stands (K5)."""
    problems = [*_text("subject", given.get("subject"))]
    unit, value, days = given.get("delay_unit"), given.get("delay_value"), given.get("send_days")
    if not (isinstance(unit, str) and unit in LONGEST):
        problems.append(("delay_unit", "delay_unit must be one of: days, hours", shown(unit)))
        unit = "hours"  # the longest of both
        least = 0
    else:
        least = 0 if unit == "days" else 1
    if not (whole(value) and least <= value <= LONGEST[unit]):
        message = f"delay_value must be an integer between {least} and {LONGEST[unit]}"
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
    for name in ("position", "number"):
        problems += number_problem(name, given.get(name))
    problems += _identity("id", given.get("id"))
    problems += islice(unknown_of_email(given.get("extra")), MOST_TOLD)
    return [*problems, *_nesting(given)]


def number_problems(emails: Sequence[Any]) -> list[Problem]:
    """What is wrong with how many emails there are."""
    if len(emails) <= _MOST_EMAILS:
        return []
    return [("emails", f"emails can't be more than {_MOST_EMAILS}", str(len(emails)))]


def order_problems(emails: Sequence[Mapping[str, Any]], paths: Sequence[str] | None = None) -> list[Problem]:
    """What is wrong with emails as a list: ids, positions, and who may be immediate (K5).

    `paths`: how the user names them, without it emails[0], …. Only what is right by itself is looked at;
    what is wrong with one email is told by `email_problems`.
    """
    problems = number_problems(emails)
    paths = [f"emails[{at}]" for at in range(len(emails))] if paths is None else paths
    for name in ("id", "position"):
        given = [email.get(name) if whole(email.get(name)) else None for email in emails]
        often = Counter(value for value in given if value is not None)
        first = {value: at for at, value in reversed(list(enumerate(given)))}
        for at, value in enumerate(given):
            if value is not None and often[value] > 1 and first[value] != at:
                message = f"{name} has already been taken by {paths[first[value]]}"
                problems.append((f"{paths[at]}.{name}", message, shown(value)))
    order = [at for at, _ in sorted(enumerate(emails), key=by_position)]
    for at in order[1:]:
        email = emails[at]
        if (
            email.get("delay_unit") == "days"
            and whole(email.get("delay_value"))
            and email["delay_value"] == 0
        ):
            message = "delay_value must be greater than 0: only the first email can be immediate"
            problems.append((f"{paths[at]}.delay_value", message, "0"))
    return problems


def number_problem(name: str, value: Any) -> list[Problem]:
    """What is wrong with a position, or with Kit's number of an email, where there is one."""
    if value is None or (whole(value) and value >= 0):
        return []
    return [(name, f"{name} must be an integer of 0 or more", shown(value))]


def by_position(numbered: tuple[int, Mapping[str, Any]]) -> tuple[bool, int]:
    """The sort key of K2: by position, those without (or with a wrong one) after all others, as they stand."""
    position = numbered[1].get("position")
    return (False, position) if whole(position) else (True, 0)


def whole(value: Any) -> TypeGuard[int]:
    """Whether a value is an integer: true and 9.0 are not."""
    return type(value) is int or (isinstance(value, Integral) and not isinstance(value, bool))


def _text(name: str, value: Any) -> Iterator[Problem]:
    if value is None or (isinstance(value, str) and not value.strip()):
        yield name, f"{name} can't be blank", ""
    elif not isinstance(value, str):
        yield name, f"{name} must be a string", shown(value)
    elif halved(value):
        yield name, f"{name} must be text: it has half a character (a lone surrogate)", shown(value)


def _boolean(name: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield name, f"{name} must be true or false", shown(value)


def _identity(name: str, value: Any) -> Iterator[Problem]:
    if value is not None and not (whole(value) and -(2**63) <= value < 2**63):
        yield name, f"{name} must be an integer", shown(value)


def _nesting(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Fields that could not be copied."""
    for name, value in given.items():
        if too_deep(value):
            yield name, f"{name} must not be nested this deep", ""


def _days(name: str, value: Any) -> list[Problem]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        return [(name, f"{name} must be a list of weekdays", shown(value))]
    return [*islice(_day_problems(name, value), MOST_TOLD)]


def _day_problems(name: str, days: Sequence[Any]) -> Iterator[Problem]:
    before = set[str]()
    for at, day in enumerate(days):
        if not (isinstance(day, str) and day in WEEKDAYS):
            yield f"{name}[{at}]", f"{name} must be one of: {', '.join(WEEKDAYS)}", shown(day)
        elif day in before:
            yield f"{name}[{at}]", f"{name} can't list a day twice", shown(day)
        else:
            before.add(day)


def _source_problems(sources: Any) -> Iterator[Problem]:
    name = "exclude_subscriber_sources"
    if not isinstance(sources, list | tuple):
        yield name, f"{name} must be a list", shown(sources)
        return
    for at, source in enumerate(sources):
        path = f"{name}[{at}]"
        if not isinstance(source, Mapping):
            yield path, f"{name} must be objects with type and ids", shown(source)
            continue
        kind, ids = source.get("type"), source.get("ids")
        if kind not in SOURCES:
            yield f"{path}.type", f"type must be one of: {', '.join(SOURCES)}", shown(kind)
        if not isinstance(ids, list | tuple) or not all(whole(each) for each in ids):
            yield f"{path}.ids", "ids must be a list of integers", shown(ids)
