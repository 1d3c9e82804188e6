"""Parcel Post as a platform of simcore."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from parcelpost import changes as edits
from parcelpost.assumptions import Assumptions
from parcelpost.changes import Change
from parcelpost.model import MOST, POST_OFFICE, Campaign, from_api
from parcelpost.translate import EVENTS, translate
from simcore.platform import DIALECT, Control, Finding, Plan, Platform, Words

_LONG = {"weeks": 13, "months": 3}

_CODES = {
    "never-posted": ("error", "The window has no days, so no letter is ever posted: name one."),
    "long-silence": (
        "warning",
        "A letter comes more than three months after the one before: write another.",
    ),
}
_OPTIONS = {
    "time_zone": f"the zone of a campaign that names none; without it {POST_OFFICE}.",
    "include_drafts": "post held letters too.",
    "changes": "a JSON list of {at, release} and {at, fields}.",
}


class ParcelPost(Platform[Campaign]):
    """Parcel Post."""

    name = "parcelpost"
    title = "Parcel Post"
    package = "parcelpost"
    look = '{"campaign": {...}}'
    sequence = Campaign
    assumptions = Assumptions
    events = EVENTS
    words = Words(send_day="posting day", published="let go")
    codes = _CODES
    options = _OPTIONS
    rules = Path(__file__).with_name("RULES.md")

    def recognises(self, payload: Any) -> int:
        """By what only its files have."""
        return 2 * (isinstance(payload, dict) and bool({"campaign", "campaigns"} & {*payload}))

    def load(self, payload: Any, options: Mapping[str, Any], /) -> Campaign | list[Campaign]:
        """One campaign, or a list of them."""
        if "campaigns" in payload:
            return [from_api({"campaign": each}, options.get("time_zone")) for each in payload["campaigns"]]
        return from_api(payload, options.get("time_zone"))

    def plan(self, sequence: Campaign, assumptions: Assumptions, *, include_drafts: bool = False) -> Plan:
        """See `translate`."""
        return translate(sequence, assumptions, include_drafts=include_drafts)

    def key(self, sequence: Campaign) -> str:
        """Its id."""
        return sequence.id

    def changes(self, items: Any) -> list[Change]:
        """See `from_json`."""
        return edits.from_json(items)

    def after(
        self,
        sequence: Campaign,
        changes: Iterable[tuple[int, Change]],
        assumptions: Assumptions | None = None,
    ) -> list[Campaign]:
        """See `simcore.platform.Platform.after`."""
        return edits.after(sequence, changes)

    def controls(self, sequence: Campaign) -> list[Control]:
        """The window, and each letter's wait."""
        window = sequence.window
        found = [
            Control("window.from", "From", "time", window.start, ("00:00", "23:45")),
            Control("window.to", "Until", "time", window.end, ("00:15", "24:00")),
            Control("window.days", "Days", "weekdays", window.days),
        ]
        for at, each in enumerate(sequence.letters):
            path = f"letters[{at}].after.{each.unit}"
            part = f"{at} {each.subject}"
            found.append(Control(path, each.unit.title(), "whole", each.number, (0, MOST[each.unit]), part))
        return found

    def findings(
        self, sequence: Campaign, *, among: Iterable[Campaign] = (), as_of_us: int | None = None
    ) -> Iterable[Finding]:
        """What hardly anybody means."""
        if not sequence.window.days:
            yield "never-posted", "window.days", "The window has no days: no letter is ever posted. Name one."
        for at, each in enumerate(sequence.letters):
            if each.number > _LONG[each.unit]:
                wait = f"{each.number} {each.unit}"
                yield (
                    "long-silence",
                    f"letters[{at}].after",
                    f"Letter {each.id} comes after {wait} of silence.",
                )

    def schema(self) -> dict[str, Any]:
        """Of one campaign."""
        wait = {unit: {"type": "integer", "minimum": 0, "maximum": most} for unit, most in MOST.items()}
        letter = {
            "type": "object",
            "properties": {
                "subject": {"type": "string", "pattern": r"\S"},
                "after": {"type": "object", "properties": wait, "additionalProperties": False},
            },
            "required": ["subject"],
        }
        campaign = {
            "type": "object",
            "properties": {"letters": {"type": "array", "items": letter}},
            "required": ["id", "title", "letters"],
        }
        return {
            "$schema": DIALECT,
            "title": "A campaign of Parcel Post",
            "type": "object",
            "properties": {"campaign": campaign},
        }


platform = ParcelPost()
