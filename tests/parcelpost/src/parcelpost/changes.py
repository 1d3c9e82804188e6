"""Changes of a campaign while people are inside it (PP7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from parcelpost.model import Campaign
from simcore.platform import Problem, inside, refuse, shown


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is asked of the API at an instant: other `fields`, by their paths, or a held letter let go."""

    at: Any
    release: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def release(at: Any, letter: str) -> Change:
    """A held letter is let go."""
    return Change(at=at, release=letter)


def rewrite(at: Any, **fields: Any) -> Change:
    """A campaign gets other fields."""
    return Change(at=at, fields=fields)


def from_json(items: Any) -> list[Change]:
    """The changes of a JSON list of `{"at": ..., "release": ...}` and `{"at": ..., "fields": {...}}`."""
    listed = items if isinstance(items, list) else [items]
    problems: list[Problem] = [
        (f"changes[{at}]", "a change must have at, and release or fields", shown(each))
        for at, each in enumerate(listed)
        if not isinstance(each, dict) or {*each} not in ({"at", "release"}, {"at", "fields"})
    ]
    refuse(problems)
    return [Change(**each) for each in listed]


def after(campaign: Campaign, changes: Iterable[tuple[int, Change]]) -> list[Campaign]:
    """The campaign after each of some changes."""
    states = []
    for number, change in changes:
        with inside(f"changes[{number}]."):
            campaign = campaign.with_fields(change.fields)
            if change.release is not None:
                campaign = _released(campaign, change.release)
        states.append(campaign)
    return states


def _released(campaign: Campaign, letter: str) -> Campaign:
    ids = [each.id for each in campaign.letters]
    if letter not in ids:
        refuse([("release", f"release must be one of: {', '.join(ids)}", shown(letter))])
    letters = [replace(each, held=each.held and each.id != letter) for each in campaign.letters]
    return replace(campaign, letters=tuple(letters))
