"""JSON as Sequenzy's API takes and gives it becomes sequences (Q1)."""

from collections.abc import Mapping
from dataclasses import fields
from os import PathLike
from typing import Any

from simcore.errors import ValidationError, shown
from simcore.files.json_file import read_json
from simcore.sequenzy.drawing import undrawn
from simcore.sequenzy.model import Sequence

LOOK = '{"name": ..., "trigger": ..., "steps": [...]}'
"""What a file of Sequenzy's looks like, for people."""
_BODY = {"trigger", "steps", "nodes"}
_OF_KIT = {"send_hour", "send_days", "time_zone"}


def mine(payload: Any) -> bool:
    """Whether this is what Sequenzy's API takes or gives, be it right or wrong: by what only its sequences have."""
    if not isinstance(payload, Mapping):
        return False
    listed = payload.get("sequences")
    bodies = [payload, payload.get("sequence"), *(listed if isinstance(listed, list) else [])]
    signs = {*_BODY, "goal", "emailCount", "success"}
    return any(isinstance(each, Mapping) and bool(signs & set(each)) for each in bodies)


def load(path: str | PathLike[str]) -> Sequence:
    """The sequence of a JSON file, UTF-8: the body of a create call, or wrapped, `{"sequence": {...}}`.

    Raises ValidationError with all problems at once, OSError where the file cannot be read.

    >>> import simcore
    >>> load(simcore.example("onboarding")).trigger
    'contact_added'
    """
    return from_api(read_json(path))


def from_api(payload: Mapping[str, Any]) -> Sequence:
    """The sequence of a body as a dict, wrapped or not (see `load`).

    >>> from_api({"name": "Welcome", "trigger": "contact_added", "goal": "Welcome them"}).mode
    'unlimited'
    """
    wrapped = isinstance(payload, Mapping) and "sequence" in payload and not _BODY & set(payload)
    body = payload["sequence"] if wrapped else payload
    expected = f"expected the body of a sequence, {LOOK}"
    if not isinstance(body, Mapping):
        raise _shape("sequence" if wrapped else "", expected, body)
    if not (_BODY | {"goal"}) & set(body):
        if (wrapped and isinstance(payload.get("emails"), list)) or _OF_KIT & set(body):
            raise _shape("", f"{expected}; this is a sequence of Kit's: use simcore.kit.load", payload)
        if "sequences" in body:
            raise _shape("", f"{expected}; of a list, give one sequence with its steps", body)
    if "id" in body and not any(body.get(name) is not None for name in ("steps", "goal", "nodes")):
        message = (
            "this is only what the create call answers: fetch the whole sequence "
            "(GET /api/v1/sequences/{id}), and load that"
        )
        raise _shape("sequence" if wrapped else "", message, body)
    if body.get("nodes") is not None:
        body = undrawn(body)
    known = {each.name for each in fields(Sequence)} - {"extra", "envelope", "left_out"}
    given: dict[str, Any] = {name: body[name] for name in known if body.get(name) is not None}
    extra = {name: value for name, value in body.items() if name not in known or value is None}
    envelope = {name: value for name, value in payload.items() if name != "sequence"} if wrapped else None
    return Sequence(**{"name": None, **given}, extra=extra, envelope=envelope)


def _shape(path: str, message: str, found: Any) -> ValidationError:
    keys = (
        f"an object with {', '.join(map(str, found))}"
        if isinstance(found, Mapping) and found
        else shown(found)
    )
    return ValidationError([message], [(path, message)], [keys])
