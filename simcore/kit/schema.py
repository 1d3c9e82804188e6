"""The JSON Schema of Kit's files (K1 to K5): the rules for single fields, and those for days and hours together."""

from simcore.clock.zones import zone_names
from simcore.kit.model import Email, Sequence
from simcore.kit.problems import LONGEST, SOURCES
from simcore.plan.schemas import DIALECT, Schema, of_fields
from simcore.text.wording import WEEKDAYS

_ID = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
_TEXT = {"type": "string"}
_WORDS = {"type": "string", "pattern": r"\S"}
_FLAG = {"type": "boolean"}
_DAYS = {"type": "array", "items": {"enum": [*WEEKDAYS]}, "uniqueItems": True}
_OTHERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"type": {"enum": [*SOURCES]}, "ids": {"type": "array", "items": {"type": "integer"}}},
        "required": ["type", "ids"],
    },
}
_SEQUENCE: dict[str, tuple[Schema, str]] = {
    "id": (_ID, "Kit's number of the sequence."),
    "name": (_WORDS, "Its name."),
    "email_address": (_TEXT, "The sender's address."),
    "email_template_id": (_ID, "The template of its emails."),
    "send_days": (
        _DAYS,
        "The days on which emails with a wait in days go out. Left out: all seven. An empty list: none.",
    ),
    "send_hour": (
        {"type": "integer", "minimum": 0, "maximum": 23},
        "The hour at which emails with a wait in days go out.",
    ),
    "time_zone": ({"enum": sorted(zone_names())}, "The time zone of days and hours; default: the account's."),
    "active": (_FLAG, "Whether anything is sent."),
    "repeat": (_FLAG, "Whether subscribers who are added again start over."),
    "hold": (_FLAG, "Whether subscribers stay after the last email, to get emails that are published later."),
    "exclude_subscriber_sources": (
        _OTHERS,
        "Excluded sources: their members neither enter nor receive anything.",
    ),
    "created_at": (_TEXT, "When it was created."),
    "updated_at": (_TEXT, "When it was last changed."),
}
_EMAIL: dict[str, tuple[Schema, str]] = {
    "subject": (_WORDS, "Its subject."),
    "delay_value": (
        {"type": "integer", "minimum": 0},
        "How long after the previous email (the first: after the entry). Only the first can have 0 days: at once.",
    ),
    "delay_unit": ({"enum": [*LONGEST]}, "Days go by the calendar, hours by the clock."),
    "id": (_ID, "Kit's number of the email."),
    "sequence_id": (_ID, "The number of its sequence."),
    "preview_text": (_TEXT, "What inboxes show after the subject."),
    "content": (_TEXT, "Its HTML."),
    "email_address": (_TEXT, "The sender's address."),
    "email_template_id": (_ID, "Its template."),
    "published": (_FLAG, "Whether it goes out; a draft does not."),
    "position": ({"type": "integer", "minimum": 0}, "Its place among the emails."),
    "send_days": (
        _DAYS | {"minItems": 1},
        "Its own days, instead of the sequence's; only for an email with a wait in days.",
    ),
}


def schema() -> Schema:
    """The schema of a file: one sequence with its emails, or a list of them."""
    emails = {"type": ["array", "null"], "items": {"$ref": "#/$defs/email"}}
    sequence = of_fields(Sequence, _SEQUENCE, ["name"], ("emails", "extra", "envelope", "left_out"))
    sequence["properties"]["emails"] = emails
    email = of_fields(Email, _EMAIL, ["subject", "delay_value", "delay_unit"], ("extra", "number"))
    hours = {
        "delay_value": {"minimum": 1, "maximum": LONGEST["hours"]},
        "send_days": {"minItems": len(WEEKDAYS)},
    }
    email |= {
        "if": {"properties": {"delay_unit": {"const": "hours"}}},
        "then": {"properties": hours},
        "else": {"properties": {"delay_value": {"maximum": LONGEST["days"]}}},
    }
    return {
        "$schema": DIALECT,
        "title": "A sequence of Kit, or a list of them",
        "type": "object",
        "properties": {
            "sequence": {"$ref": "#/$defs/sequence"},
            "sequences": {"type": "array", "items": {"$ref": "#/$defs/sequence"}},
            "emails": emails,
            "pagination": {
                "description": "A list must be complete: fetch all pages and join them.",
                "properties": {"has_next_page": {"enum": [False, None]}},
            },
        },
        "anyOf": [{"required": ["sequence"]}, {"required": ["sequences"]}],
        "$defs": {"sequence": sequence, "email": email},
    }
