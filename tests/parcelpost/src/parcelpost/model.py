"""A campaign and its letters, as Parcel Post's API describes them: frozen, and valid once made (PP1, PP2)."""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Self

from simcore.platform import WEEKDAYS, Problem, Shown, Table, put, read_json, refuse, shown, zone_names

POST_OFFICE = "Europe/Kyiv"  # the zone of a campaign that names none
MOST = {"weeks": 520, "months": 120}
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


@dataclass(frozen=True, kw_only=True)
class Window:
    """When letters are posted: on some days of the week, from a minute of the day to before another."""

    days: tuple[str, ...] = WEEKDAYS
    start: str = "00:00"
    end: str = "24:00"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One email: it waits for so many weeks or months after the letter before; a held one is not posted."""

    id: str
    subject: str
    unit: str = "weeks"
    number: int = 0
    held: bool = False


@dataclass(frozen=True, kw_only=True, repr=False)
class Campaign(Shown):
    """A sequence of Parcel Post. Raises ValidationError with all problems."""

    id: str
    name: str
    letters: tuple[Letter, ...] = ()
    window: Window = Window()
    time_zone: str = POST_OFFICE
    skip_labels: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse(_problems(self))

    def with_fields(self, changed: Mapping[str, Any], /) -> Self:
        """A copy with other values at paths such as `window.from` and `letters[1].after.months`."""
        body = self.to_api()["campaign"]
        for path, value in changed.items():
            put(body, path, list(value) if isinstance(value, tuple) else value)
        return type(self)(**_fields(body))

    def to_api(self) -> dict[str, Any]:
        """What the API gives."""
        window = {"days": [*self.window.days], "from": self.window.start, "to": self.window.end}
        letters = [
            {"id": each.id, "subject": each.subject, "after": {each.unit: each.number}, "held": each.held}
            for each in self.letters
        ]
        body = {
            "id": self.id,
            "title": self.name,
            "timezone": self.time_zone,
            "window": window,
            "skip_labels": [*self.skip_labels],
            "letters": letters,
        }
        return {"campaign": deepcopy(body | dict(self.extra))}

    def _table(self) -> Table:
        rows = [
            (at, f"{each.number} {each.unit}", each.subject, "held" if each.held else "")
            for at, each in enumerate(self.letters)
        ]
        return Table(f"{self.name}, {self.time_zone}", ("pos", "wait", "subject", "status"), rows)


def load(path: str | PathLike[str]) -> Campaign:
    """The campaign of a JSON file."""
    return from_api(read_json(path))


def from_api(payload: Any, time_zone: str | None = None) -> Campaign:
    """The campaign of what the API gives; `time_zone` is for one that names none."""
    if not isinstance(payload, Mapping) or not isinstance(payload.get("campaign"), Mapping):
        refuse([("", 'expected {"campaign": {...}}', shown(payload))])
    zone = {} if time_zone is None else {"timezone": time_zone}
    return Campaign(**_fields(zone | dict(payload["campaign"])))


def _fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a campaign, by those of the API's object."""
    body = dict(body)
    if missing := [name for name in ("id", "title", "letters") if name not in body]:
        refuse([(name, f"{name} is required", "") for name in missing])
    window = {name: body.get("window", {}).get(at) for name, at in _WINDOW.items()}
    given: dict[str, Any] = {"id": body.pop("id"), "name": body.pop("title")}
    given["letters"] = tuple(_letter(at, each) for at, each in enumerate(body.pop("letters")))
    given["window"] = Window(**{name: value for name, value in window.items() if value is not None})
    given["time_zone"] = body.pop("timezone", POST_OFFICE)
    given["skip_labels"] = tuple(body.pop("skip_labels", ()))
    body.pop("window", None)
    return given | {"extra": body}


_WINDOW = {"days": "days", "start": "from", "end": "to"}


def _letter(at: int, item: Mapping[str, Any]) -> Letter:
    after = item.get("after") or {"weeks": 0}
    if len(after) != 1:
        refuse([(f"letters[{at}].after", "after must have weeks or months", shown(after))])
    ((unit, number),) = after.items()
    return Letter(
        id=item.get("id", f"letter-{at + 1}"),
        subject=item.get("subject", ""),
        unit=unit,
        number=number,
        held=item.get("held", False),
    )


def _problems(campaign: Campaign) -> list[Problem]:
    found: list[Problem] = []
    if campaign.time_zone not in zone_names():
        found.append(("timezone", "timezone must be an IANA name", shown(campaign.time_zone)))
    window = campaign.window
    if not {*window.days} <= {*WEEKDAYS}:
        found.append(("window.days", f"days must be some of: {', '.join(WEEKDAYS)}", shown(window.days)))
    for name, clock in (("from", window.start), ("to", window.end)):
        if not _CLOCK.fullmatch(clock):
            found.append((f"window.{name}", f"{name} must be a time HH:mm", shown(clock)))
    if window.start >= window.end:
        found.append(("window.to", "to must be later than from", f"{window.start} to {window.end}"))
    for at, each in enumerate(campaign.letters):
        if not each.subject.strip():
            found.append((f"letters[{at}].subject", "subject is required", ""))
        if each.unit not in MOST:
            found.append((f"letters[{at}].after", "after must have weeks or months", shown(each.unit)))
        elif type(each.number) is not int or not 0 <= each.number <= MOST[each.unit]:
            message = f"{each.unit} must be an integer from 0 to {MOST[each.unit]}"
            found.append((f"letters[{at}].after.{each.unit}", message, shown(each.number)))
    return found
