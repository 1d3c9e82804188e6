"""Changes of a Kit sequence while people are inside it: what the API would be asked to do, at an instant."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Unpack

from simcore.clock.instants import Instant
from simcore.errors import Problem, inside, refuse, shown
from simcore.kit.fields import EmailChanges, NewEmail, SequenceChanges
from simcore.kit.model import Email, Sequence, edited, numbered
from simcore.kit.numbering import free, put, taken_out
from simcore.kit.problems import number_problem

_OPS = ("update", "create_email", "update_email", "delete_email")
_NOT_UPDATED = {"id", "emails", "created_at", "updated_at", "extra", "envelope", "left_out"}
_OURS = {"extra", "number"}
_PLAIN = ("at", "op", "email_id", "fields")
_CALL = ("at", "method", "path", "body")
_PATH = r"/?v4/sequences/(?P<sequence>\d+)(?P<emails>/emails(?:/(?P<email>-?\d+))?)?/?"
_CALLS = {
    ("PUT", False, False): "update",
    ("POST", True, False): "create_email",
    ("PUT", True, True): "update_email",
    ("DELETE", True, True): "delete_email",
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One call of Kit's API: `op` at an instant `at` (as people write it), to `email_id` where one is meant.

    `sequence_id`: the sequence that the call is to, where that is known.

    >>> print(Change(at="2026-03-06T21:00Z", op="delete_email", email_id=303))
    delete_email 303 at 2026-03-06T21:00Z
    """

    at: Any
    op: str
    email_id: int | None = None
    sequence_id: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        whom = "" if self.email_id is None else f" {self.email_id}"
        return f"{self.op}{whom} at {self.at}"


def update(at: Instant, **fields: Unpack[SequenceChanges]) -> Change:
    """The sequence gets other fields (K18): `name, send_days, send_hour, time_zone, active, repeat, hold`, ….

    `at`: an instant, as for entries. Whether the change can be is checked when it is applied.

    >>> str(update("2026-03-06T21:00Z", active=False))
    'update at 2026-03-06T21:00Z'
    """
    return Change(at=at, op="update", fields=fields)


def create_email(at: Instant, **fields: Unpack[NewEmail]) -> Change:
    """An email is added (K25): at `position`, the rest moves down, or without one at the end.

    >>> create_email("2026-03-06T21:00Z", subject="New", delay_value=1, delay_unit="days").op
    'create_email'
    """
    return Change(at=at, op="create_email", fields=fields)


def update_email(at: Instant, email_id: int, **fields: Unpack[EmailChanges]) -> Change:
    """An email gets other fields; another `position` moves it: it is taken out first, then put there.

    >>> update_email("2026-03-06T21:00Z", 303, published=True).email_id
    303
    """
    return Change(at=at, op="update_email", email_id=email_id, fields=fields)


def delete_email(at: Instant, email_id: int) -> Change:
    """An email is taken out.

    >>> delete_email("2026-03-06T21:00Z", 303).email_id
    303
    """
    return Change(at=at, op="delete_email", email_id=email_id)


def from_json(items: Any) -> list[Change]:
    """The changes of a JSON list: `{"at", "op", "email_id", "fields"}`, or calls `{"at", "method", "path", "body"}`.

    Raises ValidationError with all problems at once.

    >>> [str(change) for change in from_json([{"at": "2026-03-06T21:00Z", "method": "DELETE",
    ...     "path": "/v4/sequences/30/emails/303"}])]
    ['delete_email 303 at 2026-03-06T21:00Z']
    """
    if not isinstance(items, list):
        refuse([("changes", "changes must be a list of objects", shown(items))])
    problems: list[Problem] = []
    changes = []
    for number, item in enumerate(items):
        path = f"changes[{number}]"
        if not isinstance(item, Mapping) or "at" not in item or not ({"op", "method"} & set(item)):
            problems.append((path, "a change must be an object with at, and op or method", shown(item)))
            continue
        called = "method" in item
        known = _CALL if called else _PLAIN
        unknown = [name for name in item if name not in known]
        if unknown:
            problems.append((
                path,
                f"a change can only have: {', '.join(known)}",
                ", ".join(map(shown, unknown)),
            ))
            continue
        op, email_id, sequence_id = item.get("op"), item.get("email_id"), None
        if called:
            match = re.fullmatch(_PATH, str(item.get("path")))
            call = match and (
                str(item["method"]).upper(),
                match["emails"] is not None,
                match["email"] is not None,
            )
            op = _CALLS.get(call) if call else None
            if match is None or op is None:
                found = shown(f"{item['method']} {item.get('path')}")
                problems.append((path, "not a call that changes a sequence: see Kit's API v4", found))
                continue
            email_id = None if match["email"] is None else int(match["email"])
            sequence_id = int(match["sequence"])
        name = known[-1]
        given = item.get(name)
        if op not in _OPS:
            problems.append((f"{path}.op", f"op must be one of: {', '.join(_OPS)}", shown(op)))
        elif given is not None and not isinstance(given, Mapping):
            problems.append((f"{path}.{name}", f"{name} must be an object", shown(given)))
        elif op in _OPS[2:] and (not isinstance(email_id, int) or isinstance(email_id, bool)):
            problems.append((f"{path}.email_id", "email_id must be an integer", shown(email_id)))
        else:
            wanted = dict(given or {})
            for wrapper in ("sequence", "email"):  # as the API's responses have it
                if [*wanted] == [wrapper] and isinstance(wanted[wrapper], Mapping):
                    wanted = dict(wanted[wrapper])
            changes.append(
                Change(at=item["at"], op=str(op), email_id=email_id, sequence_id=sequence_id, fields=wanted)
            )
    refuse(problems)
    return changes


def after(
    sequence: Sequence, changes: Iterable[tuple[int, Change]], *, make_room: bool = True
) -> list[Sequence]:
    """The sequence after each of some changes, one upon the other.

    Each comes with its number in the list that the user gave. `make_room`: whether the others give way where an
    email is put at a number that is taken, as in Kit's editor, or it is refused (K25). Raises ValidationError, with
    paths that begin with `changes[number]`, for the first that cannot be or would leave a sequence that cannot be
    (K4, K5).
    """
    states = []
    lowest = min([0, *(email.id or 0 for email in sequence.emails)])
    for number, change in changes:
        with inside(f"changes[{number}].", str(change)):
            sequence = _applied(sequence, change, lowest, make_room)
        lowest = min([lowest, *(email.id or 0 for email in sequence.emails)])
        states.append(sequence)
    return states


def _applied(sequence: Sequence, change: Change, lowest: int, make_room: bool) -> Sequence:
    given = dict(change.fields)
    if "published" in given and given["published"] is None:
        given["published"] = False  # K2
    if None not in {change.sequence_id, sequence.id} and change.sequence_id != sequence.id:
        refuse([("path", f"path must be that of sequence {sequence.id}", shown(change.sequence_id))])
    if change.op == "update":
        _only(given, [each.name for each in fields(Sequence) if each.name not in _NOT_UPDATED])
        defaults: dict[str, Any] = {
            each.name: None if each.default is MISSING else each.default for each in fields(Sequence)
        }
        return sequence.replace(**{
            name: defaults[name] if value is None else value for name, value in given.items()
        })
    if change.op == "create_email":
        return _created(sequence, given, lowest - 1, make_room)
    places = [at for at, email in enumerate(sequence.emails) if email.id == change.email_id]
    if not places:
        known = ", ".join(str(email.id) for email in sequence.emails) or "none"
        refuse([("email_id", f"email_id must be one of: {known}", shown(change.email_id))])
    place = places[0]
    if change.op == "delete_email":
        numbers = sequence.numbers
        left = taken_out(numbers, place) if make_room else [*numbers[:place], *numbers[place + 1 :]]
        emails = [email for at, email in enumerate(sequence.emails) if at != place]
        return sequence.replace(emails=numbered(emails, left))
    _only(given, [each.name for each in fields(Email) if each.name not in {"id", *_OURS}])
    position = given.pop("position", None)
    refuse(number_problem("position", position))
    if position is None:
        return sequence.replace_email(place, **given)
    others = [*sequence.emails]
    return _put(sequence, others, edited(others.pop(place), given), position, place, make_room)


def _created(sequence: Sequence, given: dict[str, Any], free_id: int, make_room: bool) -> Sequence:
    """With a new email, which has an id that was never there before where it is given none."""
    _only(given, [each.name for each in fields(Email) if each.name not in _OURS])
    missing = [name for name in ("subject", "delay_value", "delay_unit") if name not in given]
    position = given.pop("position", None)
    wanted: dict[str, Any] = {"published": False} | dict.fromkeys(missing) | given
    new = Email(**wanted)
    new = new if new.id is not None else replace(new, id=free_id)
    refuse(number_problem("position", position))
    end = max(sequence.numbers, default=-1) + 1
    if position is None or (make_room and position > end):
        position = end
    return _put(sequence, [*sequence.emails], new, position, None, make_room)


def _put(
    sequence: Sequence, others: list[Email], email: Email, number: int, moved: int | None, make_room: bool
) -> Sequence:
    """With an email at a number of Kit's; `moved`: its place, where it is in the sequence already (K25)."""
    numbers = sequence.numbers
    at = bisect_left(numbers, number)
    if not make_room and at != moved and numbers[at : at + 1] == [number]:
        holder = sequence.emails[at]
        nearest = free(numbers, number)
        told = f"number is {nearest[0]}" if len(nearest) == 1 else "numbers are {} and {}".format(*nearest)
        message = (
            f"position has already been taken by email {holder.id} ({shown(holder.subject)}): "
            f"the nearest free {told}"
        )
        refuse([("position", message, shown(number))])
    place, numbers = put(numbers, int(number), moved)
    return sequence.replace(emails=numbered([*others[:place], email, *others[place:]], numbers))


def _only(given: Mapping[str, Any], names: list[str]) -> None:
    refuse([
        (name, f"{name} can't be changed; what can: {', '.join(names)}", shown(value))
        for name, value in given.items()
        if name not in names
    ])
