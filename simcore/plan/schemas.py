"""JSON Schemas (2020-12) of platforms' files, made from the fields of their classes."""

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from typing import Any

from simcore.plan.known import CAPTIONS, NOTES, Known

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
NOTHING_SAID: Schema = {"enum": [None, "", [], {}]}
"""What fits a field that is not there, or says nothing."""


def or_null(schema: Schema) -> Schema:
    """A schema that also accepts null, for fields where null means left out.

    >>> or_null({"type": "string"}), or_null({"enum": ["a"]})
    ({'type': ['string', 'null']}, {'enum': ['a', None]})
    """
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    if "type" in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def of_fields(
    kind: type,
    known: Mapping[str, tuple[Schema, str]],
    needed: Collection[str] = (),
    without: Collection[str] = ("extra", "envelope"),
) -> Schema:
    """The schema of an object with the fields of a dataclass, except those in `without`.

    `known`: for each field its schema and its description. Fields that are not `needed` can be null, and show their
    default.

    Raises KeyError for a field that is not in `known`.
    """
    properties = {}
    for each in fields(kind):
        if each.name not in without:
            fits, about = known[each.name]
            told = {"description": about, **(fits if each.name in needed else or_null(fits))}
            if each.default is not MISSING and each.default is not None:
                told["default"] = list(each.default) if isinstance(each.default, tuple) else each.default
            properties[each.name] = told
    return {"type": "object", "properties": properties, "required": [*needed]}


def closed(known: Known, fits: Mapping[str, Schema]) -> Schema:
    """The schema of an object that decides: what fits some of its fields, and no others but notes.

    >>> closed(Known(("days",)), {"days": {"type": "number"}})["properties"]["days"]
    {'type': 'number'}
    """
    named: dict[str, Schema] = {name: {} for name in (*CAPTIONS, *known.kept, *known.read)}
    return {
        "type": "object",
        "properties": {**named, **fits},
        "patternProperties": {f"^({'|'.join(NOTES)})": {}},
        "additionalProperties": NOTHING_SAID,
    }


def kept(known: Known) -> Schema:
    """What must fit an open object, too: that it has no other fields that decide, as far as their names say so.

    >>> kept(Known(("send_days",), is_open=True, stems=("send_",)))["patternProperties"]
    {'^(?!(send_days)$)(send_)': {'enum': [None, '', [], {}]}}
    """
    own = "|".join(known.read)
    stems = {f"^(?!({own})$)({'|'.join(known.stems)})": NOTHING_SAID} if known.stems else {}
    return {"properties": dict.fromkeys(known.instead, NOTHING_SAID), "patternProperties": stems}


def when(name: str, value: Any, then: Schema) -> Schema:
    """The schema `then`, for objects whose field `name` has this value."""
    return {"if": {"properties": {name: {"const": value}}, "required": [name]}, "then": then}


def needs(*names: str, **fits: Schema) -> Schema:
    """A schema that requires fields, not null; `fits` gives the schemas of some."""
    there = {name: {"not": {"type": "null"}} for name in names} | fits
    return {"required": [*there], "properties": there}
