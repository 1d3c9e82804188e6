"""Sequenzy as a platform: its model, its rules, its findings and controls, tied together."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simcore.plan.controls import Control
from simcore.plan.findings import Finding
from simcore.plan.plan import Plan
from simcore.plan.platform import Platform
from simcore.sequenzy import changes as edits
from simcore.sequenzy.api import LOOK, from_api, mine
from simcore.sequenzy.assumptions import Assumptions
from simcore.sequenzy.changes import Change
from simcore.sequenzy.controls import controls
from simcore.sequenzy.findings import CODES, look_over
from simcore.sequenzy.model import Sequence
from simcore.sequenzy.translate import EVENTS, translate

_OPTIONS = {
    "changes": "changes of the sequence, a JSON list of {at, op, fields, realign}; op is update, disable or enable.",
    "enabled_at": "when the sequence is enabled; nothing before enrols. Without it, before all EVENTS.",
    "render": "add a column of subjects with their merge tags filled in.",
}


class Sequenzy(Platform[Sequence]):
    """Sequenzy."""

    name = "sequenzy"
    title = "Sequenzy"
    package = "simcore.sequenzy"
    look = LOOK
    sequence = Sequence
    assumptions = Assumptions
    events = EVENTS
    codes = CODES
    options = _OPTIONS
    rules = Path(__file__).with_name("RULES.md")
    columns = MappingProxyType({  # Q41
        "subscriber_id": "subscriberId",
        "entered_at": "enrollmentStartedAt",
        "via": "enteredVia",
    })

    def recognises(self, payload: Any) -> int:
        """By what only its sequences have."""
        return 2 * mine(payload)

    def load(self, payload: Any, options: Mapping[str, Any], /) -> Sequence:
        """See `from_api`."""
        return from_api(payload)

    def plan(self, sequence: Sequence, assumptions: Assumptions, *, include_drafts: bool = False) -> Plan:
        """See `translate`. No step is a draft, so `include_drafts` changes nothing."""
        return translate(sequence, assumptions)

    def changes(self, items: Any) -> list[Change]:
        """See `from_json`."""
        return edits.from_json(items)

    def after(
        self, sequence: Sequence, changes: Iterable[tuple[int, Change]], assumptions: Any = None
    ) -> list[Sequence]:
        """See `simcore.sequenzy.changes.after`; no switch decides anything there."""
        return edits.after(sequence, changes)

    def controls(self, sequence: Sequence) -> list[Control]:
        """Its sending window, and each step's wait."""
        return controls(sequence)

    def findings(
        self, sequence: Sequence, *, among: Iterable[Sequence] = (), as_of_us: int | None = None
    ) -> list[Finding]:
        """See `look_over`. `among` changes nothing."""
        return look_over(sequence, as_of_us)

    def schema(self) -> dict[str, Any]:
        """Of the body of a create call, wrapped or not."""
        from simcore.sequenzy.schema import schema  # seldom asked for

        return schema()

    def live(self, api_key: str | None = None, *, base_url: str | None = None) -> Any:
        """See `simcore.sequenzy.live`."""
        from simcore.sequenzy.reading import live  # as little

        return live(api_key, base_url=base_url)

    def load_snapshot(self, folder: str | PathLike[str]) -> Any:
        """See `simcore.sequenzy.load_snapshot`."""
        from simcore.sequenzy.reading import load_snapshot

        return load_snapshot(folder)


platform = Sequenzy()
