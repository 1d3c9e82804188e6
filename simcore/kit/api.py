"""JSON as Kit's API gives it becomes sequences (K1 to K4)."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from os import PathLike
from typing import Any

from simcore.errors import Problem, ValidationError, refuse, shown
from simcore.files.json_file import MOST_TOLD, read_json
from simcore.kit.model import ACCOUNT_ZONE, Email, Sequence
from simcore.kit.problems import email_problems, number_problems, order_problems, sequence_problems, whole
from simcore.kit.unknown import unknown_beside

LOOK = '{"sequence": {...}, "emails": [...]}'
"""What a file of Kit's looks like, for people."""
_SHAPE = f"expected {LOOK} as Kit's API gives it"


def mine(payload: Any) -> bool:
    """Whether this has the frame of what Kit's API gives, be there in it what there may."""
    return isinstance(payload, Mapping) and bool({"sequence", "sequences"} & set(payload))


def load(
    path: str | PathLike[str], *, emails: str | PathLike[str] | None = None, time_zone: str | None = None
) -> Sequence:
    """The sequence of a JSON file: `{"sequence": {...}, "emails": [...]}`, UTF-8.

    `emails`: the path of a second file, where the API's two responses (the sequence, and the list of its
    emails) were saved apart. `time_zone`: the account's, for a sequence that names none (default
    America/New_York). Raises ValidationError with all problems at once, OSError where a file cannot be read.

    >>> import simcore
    >>> load(simcore.example("welcome")).name
    'Welcome series'
    """
    listed = None if emails is None else read_json(emails)
    return from_api(read_json(path), listed, time_zone=time_zone)


def load_all(path: str | PathLike[str], *, time_zone: str | None = None) -> list[Sequence]:
    """The sequences of a list response in a JSON file: `{"sequences": [...], "pagination": {...}}`.

    Each has those of the file's `"emails"`, if it has some, that carry its id as sequence_id. Raises
    ValidationError with all problems at once; one is a response that is not the whole list.

    >>> import simcore
    >>> [sequence.name for sequence in load_all(simcore.example("account"))]
    ['Welcome series', 'Weekly letters']
    """
    return all_from_api(read_json(path), time_zone=time_zone)


def all_from_api(payload: Any, *, time_zone: str | None = None) -> list[Sequence]:
    """The sequences of a list response, as dicts and lists (see `load_all`)."""
    if not isinstance(payload, Mapping) or not isinstance(payload.get("sequences"), list):
        hint = (
            "; for one sequence use kit.load"
            if isinstance(payload, Mapping) and "sequence" in payload
            else ""
        )
        raise _shape(
            "", f'expected {{"sequences": [...]}} as Kit\'s list of sequences gives it{hint}', payload
        )
    problems = whole_list(payload)
    beside = {name: value for name, value in payload.items() if name not in {"sequences", "emails"}}
    problems += unknown_beside(beside)
    sequences, emails = payload["sequences"], _email_list(payload.get("emails"), problems)
    places: dict[Any, int] = {}
    for at, item in enumerate(sequences):
        each = item.get("id") if isinstance(item, Mapping) else None
        if whole(each) and places.setdefault(each, at) < at:  # what is no id is told of each by itself
            message = f"id has already been taken by sequences[{places[each]}]"
            problems.append((f"sequences[{at}].id", message, shown(each)))
    theirs: list[list[tuple[str, Any]]] = [[] for _ in sequences]
    for path, email in emails:
        owner = email.get("sequence_id") if isinstance(email, Mapping) else None
        if len(problems) >= MOST_TOLD:
            break
        if not isinstance(email, Mapping):
            problems.append((path, "an email must be an object", shown(email)))
        elif not whole(owner) or owner not in places:
            problems.append((
                f"{path}.sequence_id",
                "sequence_id must be the id of one of the sequences",
                shown(owner),
            ))
        else:
            theirs[places[owner]].append((path, email))
    made: list[Sequence] = []
    for at, (item, mine) in enumerate(zip(sequences, theirs, strict=True)):
        if len(problems) >= MOST_TOLD:
            break
        path = f"sequences[{at}]"
        if isinstance(item, Mapping) and "emails" in item:
            mine = mine + _email_list(item["emails"], problems, f"{path}.emails")
        made += _make(item, mine, time_zone, {}, problems, f"{path}.")
    refuse(problems)
    return made


def from_api(
    payload: Mapping[str, Any],
    emails: Mapping[str, Any] | list[Any] | None = None,
    *,
    time_zone: str | None = None,
) -> Sequence:
    """The sequence of what Kit's API gives, as dicts and lists (see `load`).

    `emails`: the list response of its emails, or the list itself, where `payload` holds the sequence alone.

    >>> from_api({"sequence": {"name": "Welcome"}}).send_hour
    11
    """
    if not isinstance(payload, Mapping) or not isinstance(payload.get("sequence"), Mapping):
        hint = (
            "; for a list of sequences use kit.load_all"
            if isinstance(payload, Mapping) and "sequences" in payload
            else ""
        )
        raise _shape("", _SHAPE + hint, payload)
    envelope = {name: value for name, value in payload.items() if name not in {"sequence", "emails"}}
    problems = [*whole_list(payload), *unknown_beside(envelope)]
    fields_ = dict(payload["sequence"])
    found = [
        each for each in (emails, payload.get("emails"), fields_.pop("emails", None)) if each is not None
    ]
    if len(found) > 1:
        problems.append(("emails", "emails are given twice: in the payload and beside it", ""))
    listed = found[0] if found else None
    if isinstance(listed, Mapping):
        problems += whole_list(listed)
        if "emails" not in listed:
            raise _shape(
                "emails", 'expected {"emails": [...]} as Kit\'s list of sequence emails gives it', listed
            )
        listed = listed["emails"]
    made = _make(fields_, _email_list(listed, problems), time_zone, envelope, problems, "")
    refuse(problems)
    return made[0]


def _make(
    item: Any,
    emails: list[tuple[str, Any]],
    time_zone: str | None,
    envelope: Mapping[str, Any],
    problems: list[Problem],
    prefix: str,
) -> list[Sequence]:
    """The sequence of an API object and its emails; or none, with what is wrong added to `problems`.

    `prefix` stands before the paths of the object's fields; each email comes with its own path.
    """
    if not isinstance(item, Mapping):
        problems.append((prefix.rstrip("."), "a sequence must be an object", shown(item)))
        return []
    before = len(problems)
    zone = ACCOUNT_ZONE if time_zone is None else time_zone
    given = _fields(item, Sequence, {"emails", "envelope", "left_out"}, {"time_zone": zone})
    given["extra"].pop("emails", None)
    problems += [(prefix + at, message, found) for at, message, found in sequence_problems(given)]
    paths, items = [], []
    many = number_problems(emails)
    problems += many
    for path, email in emails if not many else ():
        if not isinstance(email, Mapping):
            problems.append((path, "an email must be an object", shown(email)))
            continue
        paths.append(path)
        items.append(_fields(email, Email, {"number"}, {}))
        problems += [(f"{path}.{at}", message, found) for at, message, found in email_problems(items[-1])]
    problems += order_problems(items, paths)
    if len(problems) > before:
        return []
    return [Sequence(**given, emails=tuple(Email(**each) for each in items), envelope=envelope)]


def _fields(
    item: Mapping[str, Any], kind: type, leave_out: set[str], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of an API object, defaults where they are missing or null, and the unknown ones as `extra`.

    A null without a default is kept in `extra` too, so that it is written back.
    """
    given: dict[str, Any] = {}
    known = {each.name: each for each in fields(kind) if each.name not in leave_out | {"extra"}}
    for name, each in known.items():
        default = None if each.default is MISSING else each.default
        value = item.get(name)
        given[name] = defaults.get(name, default) if value is None else value
    given["extra"] = {
        name: value
        for name, value in item.items()
        if name not in known or (value is None and given[name] is None and name != "send_days")
    }
    return given


def _email_list(emails: Any, problems: list[Problem], path: str = "emails") -> list[tuple[str, Any]]:
    """The items of a list of emails, each with its path."""
    if emails is None:
        return []
    if not isinstance(emails, list | tuple):
        problems.append((path, "emails must be a list", shown(emails)))
        return []
    return [(f"{path}[{number}]", email) for number, email in enumerate(emails)]


def whole_list(payload: Mapping[str, Any]) -> list[Problem]:
    """A page of a list is not the whole (K5)."""
    pages = payload.get("pagination")
    if isinstance(pages, Mapping) and pages.get("has_next_page"):
        message = "the list goes on: get the next pages too, and put them together"
        return [("pagination.has_next_page", message, shown(pages["has_next_page"]))]
    return []


def _shape(path: str, message: str, found: Any) -> ValidationError:
    keys = (
        f"an object with {', '.join(map(str, found))}"
        if isinstance(found, Mapping) and found
        else shown(found)
    )
    return ValidationError([message], [(path, message)], [keys])
