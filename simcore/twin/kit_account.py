"""An account of Kit's: its sequences, subscribers and tags, and all that is written down of them."""

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from simcore import kit
from simcore.errors import shown
from simcore.kit import changes as edits
from simcore.kit.translate import EVENTS
from simcore.text.wording import halved
from simcore.twin.answers import LONGEST, Refused, is_text
from simcore.twin.events import Events, check, frame_of_instants
from simcore.twin.kept import Arguments, Kept
from simcore.twin.stamps import stamp, text

STATES = ("active", "cancelled", "bounced", "complained", "inactive")
GONE = {"unsubscribed": "cancelled", "bounced": "bounced", "complained": "complained"}
"""What becomes of a subscriber to whom such a thing happens."""
_BY_CALLS = frozenset({"tag_added", "tag_removed", "sequence_joined"})
_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,185}")


@dataclass(slots=True)
class Subscriber:
    """A subscriber; `tags`: when each of theirs was added, by its id [µs]."""

    id: int
    email_address: str
    first_name: str | None
    state: str
    created_us: int
    fields: dict[str, Any]
    tags: dict[int, int] = field(default_factory=dict)

    def shown(self, **more: Any) -> dict[str, Any]:
        """As Kit's API gives one."""
        return {
            "id": self.id,
            "first_name": self.first_name,
            "email_address": self.email_address,
            "state": self.state,
            "created_at": text(self.created_us),
            **more,
            "fields": self.fields,
        }


class Sequence:
    """A sequence, as it was at first and as it is now; its changes, and who entered it when."""

    def __init__(self, sequence: kit.Sequence, at_us: int, account: "Account") -> None:
        self.first = self.now = sequence
        self.created_us = self.updated_us = at_us
        self.changes: list[edits.Change] = []
        self.who = array("q")
        self.entered_us = array("q")
        self._entered: set[int] = set()
        self._account = account
        self._again = 0
        self._begun: tuple[Any, dict[int, int]] = (None, {})
        self._excluded = {*_sequences_of(sequence)}
        self.kept = Kept(self)

    @property
    def id(self) -> int:
        """Kit's number of it."""
        return self.first.id or 0

    def enter(self, subscriber: int, at_us: int) -> bool:
        """Somebody is added; whether for the first time."""
        new = subscriber not in self._entered
        self._entered.add(subscriber)
        self.who.append(subscriber)
        self.entered_us.append(at_us)
        self._again += not new
        return new

    def change(self, at_us: int, op: str, email_id: int | None, fields: Mapping[str, Any]) -> kit.Sequence:
        """An edit. Raises ValidationError where it cannot be, and then nothing is changed."""
        change = edits.Change(at=stamp(at_us), op=op, email_id=email_id, fields=fields)
        [self.now] = edits.after(self.now, [(len(self.changes), change)])
        self.changes.append(change)
        self._excluded |= {*_sequences_of(self.now)}
        self.updated_us = at_us
        return self.now

    def email(self, email_id: int | str) -> kit.Email:
        """One of its emails. Raises Refused where it has no such email."""
        number = _id(email_id)
        found = next((email for email in self.now.emails if email.id == number), None)
        if found is None:
            raise Refused(404, "Not Found")
        return found

    # ---------------------------------------------------------------- what is simulated

    def begun(self, now_us: int) -> dict[int, int]:
        """When the latest run of each subscriber began [µs], by the runs of the simulation (K29)."""
        key = (self.version(), now_us)
        known, found = self._begun
        if known != key:
            sent = self.kept.sent(now_us)
            found = dict(zip(sent.who.tolist(), sent.entered_us.tolist(), strict=True))
            self._begun = key, found
        return found

    def _others(self) -> list["Sequence"]:
        """The sequences that it has ever excluded."""
        return [each for number, each in self._account.sequences.items() if number in self._excluded]

    def version(self) -> tuple[int, ...]:
        """Counts of changes, events, entries into excluded sequences, entries of those who had entered before, and
        entries."""
        joined = sum(len(each.who) for each in self._others())
        return len(self.changes), len(self._account.events), joined, self._again, len(self.who)

    def arguments(self, since: int = 0) -> Arguments:
        """What is written down, as `simcore.simulate` takes it."""
        entries = _entries(self, since)
        events = self._account.events.frame()
        joined = [
            _entries(each).rename(columns={"entered_at": "at"}).assign(event="sequence_joined", ref=each.id)
            for each in self._others()
        ]
        if any(len(each) for each in joined):
            events = pd.concat([*([] if events is None else [events]), *joined], ignore_index=True)
        return Arguments(self.first, entries, events, self.changes)


def _entries(sequence: Sequence, since: int = 0) -> pd.DataFrame:
    return pd.DataFrame({
        "subscriber_id": np.array(sequence.who[since:], np.int64),
        "entered_at": frame_of_instants(sequence.entered_us[since:]),
    })


def _sequences_of(sequence: kit.Sequence) -> list[int]:
    """The sequences that one excludes."""
    sources = sequence.exclude_subscriber_sources
    return [number for source in sources if source.type == "sequence" for number in source.ids]


class Account:
    """All that one account has. Every method that changes it does so at an instant [µs], wholly or not at all."""

    def __init__(self) -> None:
        self.sequences: dict[int, Sequence] = {}
        self.subscribers: dict[int, Subscriber] = {}
        self.by_address: dict[str, int] = {}
        self.tags: dict[int, dict[str, Any]] = {}
        self.tagged: dict[int, dict[int, int]] = {}
        self.events = Events()
        self._listed: dict[Any, tuple[Any, list[int]]] = {}
        self._last_email = 0

    # ---------------------------------------------------------------- sequences

    def load(self, at_us: int, payload: Mapping[str, Any]) -> Sequence:
        """A sequence with its emails, as Kit's API gives it; what has no id gets one."""
        return self._put(at_us, kit.from_api(payload))

    def create(self, at_us: int, fields: Mapping[str, Any]) -> Sequence:
        """A sequence without emails, of the body of a call."""
        kept = {name: value for name, value in fields.items() if name not in {"id", "emails"}}
        return self._put(at_us, kit.from_api({"sequence": kept}))

    def _put(self, at_us: int, sequence: kit.Sequence) -> Sequence:
        number = sequence.id
        if number is None or number in self.sequences:
            number = max(self.sequences, default=0) + 1
        free = max([self._last_email, *(email.id or 0 for email in sequence.emails)])
        emails = []
        for place, email in zip(sequence.numbers, sequence.emails, strict=True):
            own = email.id or 0
            if own < 0:
                free += 1
                own = free
            emails.append(replace(email, id=own, position=place, number=None, sequence_id=number))
        self._last_email = free
        found = Sequence(sequence.replace(id=number, emails=tuple(emails)), at_us, self)
        self.sequences[number] = found
        return found

    def sequence(self, number: int | str) -> Sequence:
        """One of them. Raises Refused where there is no such sequence."""
        found = self.sequences.get(_id(number))
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def change(
        self,
        at_us: int,
        sequence: int,
        op: str,
        fields: Mapping[str, Any],
        email: int | None = None,
    ) -> kit.Sequence:
        """An edit of a sequence; an email that is created gets its id here."""
        given = dict(fields)
        if op == "create_email":
            given["id"] = self._last_email + 1
        found = self.sequence(sequence).change(at_us, op, email, given)
        if op == "create_email":
            self._last_email += 1
        return found

    def enter(self, at_us: int, sequence: int, subscriber: int) -> bool:
        """A subscriber is added to a sequence; whether for the first time."""
        return self.sequence(sequence).enter(self.subscriber(subscriber).id, at_us)

    # ---------------------------------------------------------------- people

    def subscriber(self, number: int | str) -> Subscriber:
        """One of them. Raises Refused where there is no such subscriber."""
        found = self.subscribers.get(_id(number))
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def by_email(self, address: Any) -> Subscriber:
        """The subscriber of an address. Raises Refused where there is none."""
        known = self.by_address.get(address.strip().lower()) if isinstance(address, str) else None
        if known is None:
            raise Refused(404, "Not Found")
        return self.subscribers[known]

    def listed(self, name: Any, version: Any, some: Iterable[int], status: str) -> list[int]:
        """Some subscribers of a state, or of all, by their ids, rising.

        `name`, `version`: of which list, and what it was made of; while that stands still the list is kept. (No state
        changes without an event.)
        """
        if status not in {*STATES, "all"}:
            raise Refused(422, f"status must be one of: {', '.join([*STATES, 'all'])}")
        now = (version, len(self.events), status)
        known, found = self._listed.get((name, status), (None, []))
        if known != now:
            found = [each for each in sorted(some) if status in {self.subscribers[each].state, "all"}]
            self._listed[name, status] = now, found
        return found

    def subscribe(self, at_us: int, **given: Any) -> tuple[Subscriber, bool]:
        """A new subscriber, or the one of that address with other names and fields; and whether they are new."""
        address = checked_address(given.get("email_address"))
        state, fields = given.get("state") or "active", checked_fields(given.get("fields"))
        name = checked_name(given.get("first_name"))
        if state not in STATES:
            raise Refused(422, f"state must be one of: {', '.join(STATES)}")
        known = self.by_address.get(address.lower())
        if known is not None:
            found = self.subscribers[known]
            found.first_name = name if "first_name" in given else found.first_name
            found.fields |= fields
            return found, False
        found = Subscriber(len(self.subscribers) + 1, address, name, state, at_us, fields)
        self.subscribers[found.id] = found
        self.by_address[address.lower()] = found.id
        for event, means in GONE.items():
            if means == state:
                self.events.add(found.id, at_us, event)
        return found, True

    def edit(self, at_us: int, subscriber: int, given: Mapping[str, Any]) -> Subscriber:
        """Another address, name or fields of a subscriber."""
        found = self.subscriber(subscriber)
        address = checked_address(given.get("email_address", found.email_address))
        name, fields = checked_name(given.get("first_name")), checked_fields(given.get("fields"))
        if self.by_address.get(address.lower(), found.id) != found.id:
            raise Refused(422, "Email address has already been taken")
        del self.by_address[found.email_address.lower()]
        self.by_address[address.lower()] = found.id
        found.email_address = address
        found.first_name = name if "first_name" in given else found.first_name
        found.fields |= fields
        return found

    def happen(self, at_us: int, subscriber: int, event: str, ref: int | None = None) -> None:
        """What the engine knows happens to a subscriber: they unsubscribe, bounce, join a form."""
        found = self.subscriber(subscriber)
        check(EVENTS.vocabulary, _BY_CALLS, event, ref, 422)
        if event in GONE:
            if found.state == GONE[event]:
                return
            found.state = GONE[event]
        elif event == "resubscribed":
            found.state = "active"
        self.events.add(found.id, at_us, event, ref)

    # ---------------------------------------------------------------- tags

    def tag(self, at_us: int, name: Any) -> tuple[dict[str, Any], bool]:
        """A tag of a name, and whether it is new."""
        name = checked_tag(name)
        known = next((tag for tag in self.tags.values() if tag["name"] == name), None)
        if known is not None:
            return known, False
        number = len(self.tags) + 1
        found = {"id": number, "name": name, "created_at": text(at_us)}
        self.tags[number] = found
        self.tagged[number] = {}
        return found, True

    def tag_of(self, number: int | str) -> dict[str, Any]:
        """A tag by its id. Raises Refused where there is no such tag."""
        found = self.tags.get(_id(number))
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def add_tag(self, at_us: int, tag: int, subscriber: int) -> bool:
        """A subscriber is tagged; whether they were not before."""
        number, found = self.tag_of(tag)["id"], self.subscriber(subscriber)
        if number in found.tags:
            return False
        found.tags[number] = self.tagged[number][found.id] = at_us
        self.events.add(found.id, at_us, "tag_added", number)
        return True

    def remove_tag(self, at_us: int, tag: int, subscriber: int) -> None:
        """A tag is taken off a subscriber, where they have it."""
        number, found = self.tag_of(tag)["id"], self.subscriber(subscriber)
        if found.tags.pop(number, None) is not None:
            del self.tagged[number][found.id]
            self.events.add(found.id, at_us, "tag_removed", number)


def _id(number: Any) -> int:
    """A number as it stands in a path; -1 for what is none."""
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 19:
        return int(number)
    return number if isinstance(number, int) and not isinstance(number, bool) else -1


def checked_address(address: Any) -> str:
    """An email address, as far as one can tell by looking at it."""
    found = address.strip() if isinstance(address, str) else ""
    if not (_ADDRESS.fullmatch(found) and is_text(found)):
        raise Refused(422, "Email address is invalid")
    return found


def checked_tag(name: Any) -> str:
    """The name of a tag."""
    if name is None or (isinstance(name, str) and not name.strip()):
        raise Refused(422, "Name can't be blank")
    if not is_text(name):
        raise Refused(422, f"Name must be text of at most {LONGEST} characters (found {shown(name)})")
    return name


def checked_name(name: Any) -> str | None:
    """A first name, or none."""
    if name is not None and not is_text(name):
        raise Refused(422, f"First name must be text of at most {LONGEST} characters (found {shown(name)})")
    return name


def checked_fields(fields: Any) -> dict[str, Any]:
    """Custom fields, texts by their keys."""
    if fields is None:
        return {}
    if not isinstance(fields, dict) or not all(
        each is None or (isinstance(each, str) and not halved(each)) for each in fields.values()
    ):
        raise Refused(422, f"fields must be an object of texts (found {shown(fields)})")
    return dict(fields)
