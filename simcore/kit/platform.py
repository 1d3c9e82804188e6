"""Kit as a platform: ties together its model, rules, findings and controls."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simcore.kit import changes as edits
from simcore.kit.api import LOOK, all_from_api, from_api, mine
from simcore.kit.assumptions import Assumptions
from simcore.kit.changes import Change
from simcore.kit.controls import controls
from simcore.kit.findings import CODES, look_over
from simcore.kit.model import ACCOUNT_ZONE, Sequence
from simcore.kit.translate import EVENTS, translate
from simcore.plan.controls import Control
from simcore.plan.findings import Finding
from simcore.plan.paths import parts
from simcore.plan.plan import Plan
from simcore.plan.platform import Platform

_OWN = frozenset({"subject", "published", "delay_value", "delay_unit", "send_days"})
_OPTIONS = {
    "emails": "a second file with the emails, if they are in a file of their own.",
    "time_zone": f"the account's time zone, for a sequence without one; default: {ACCOUNT_ZONE}.",
    "include_drafts": "treat every draft as published.",
    "changes": "edits of the sequence: a JSON list of {at, op, email_id, fields}, or of calls of Kit's API: "
    "{at, method, path, body}.",
}


class Kit(Platform[Sequence]):
    """Kit (formerly ConvertKit)."""

    name = "kit"
    title = "Kit"
    package = "simcore.kit"
    look = LOOK
    sequence = Sequence
    assumptions = Assumptions
    events = EVENTS
    codes = CODES
    options = _OPTIONS
    rules = Path(__file__).with_name("RULES.md")
    columns = MappingProxyType({"subscriber_id": "id", "entered_at": "added_at"})  # K29
    standing = "state", "active"

    def recognises(self, payload: Any) -> int:
        """By its outer form, which other platforms' files may share."""
        return int(mine(payload))

    def load(self, payload: Any, options: Mapping[str, Any], /) -> Sequence | list[Sequence]:
        """See `from_api` and `load_all`."""
        emails, zone = options.get("emails"), options.get("time_zone")
        if "sequences" in payload and emails is None:
            return all_from_api(payload, time_zone=zone)
        return from_api(payload, emails, time_zone=zone)

    def plan(self, sequence: Sequence, assumptions: Assumptions, *, include_drafts: bool = False) -> Plan:
        """See `translate`."""
        return translate(sequence, assumptions, include_drafts=include_drafts)

    def key(self, sequence: Sequence) -> str:
        """Its id."""
        return str(sequence.id)

    def changes(self, items: Any) -> list[Change]:
        """See `from_json`."""
        return edits.from_json(items)

    def after(
        self,
        sequence: Sequence,
        changes: Iterable[tuple[int, Change]],
        assumptions: Assumptions | None = None,
    ) -> list[Sequence]:
        """See `simcore.kit.changes.after`."""
        assume = assumptions or Assumptions()
        return edits.after(sequence, changes, make_room=assume.position_taken == "shift")

    def own_steps(self, sequence: Sequence, paths: Iterable[str]) -> dict[str, int | str]:
        """The fields of an email, unless emails move or get other ids."""
        own: dict[str, int | str] = {}
        for path in paths:
            match parts(path):
                case ("emails", int(place), str(name)) if place < len(sequence.emails) and name in _OWN:
                    own[path] = sequence.emails[place].id or 0
                case ("emails", *_):
                    return {}
        return own

    def controls(self, sequence: Sequence) -> list[Control]:
        """Its own fields, and each email's wait."""
        return controls(sequence)

    def findings(
        self, sequence: Sequence, *, among: Iterable[Sequence] = (), as_of_us: int | None = None
    ) -> list[Finding]:
        """See `look_over`."""
        return look_over(sequence, tuple(among), as_of_us)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a sequence with its emails, or of a list of sequences."""
        from simcore.kit.schema import schema  # seldom asked for

        return schema()

    def live(self, api_key: str | None = None, *, base_url: str | None = None) -> Any:
        """See `simcore.kit.live`."""
        from simcore.kit.reading import live  # as little

        return live(api_key, base_url=base_url)

    def load_snapshot(self, folder: str | PathLike[str]) -> Any:
        """See `simcore.kit.load_snapshot`."""
        from simcore.kit.reading import load_snapshot

        return load_snapshot(folder)


platform = Kit()
