"""An account of Sequenzy's: its sequences, subscribers, tags and lists, and all that is written down of them."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from simcore import sequenzy
from simcore.answers.projection import plan_of
from simcore.clock.zones import MINUTE_US
from simcore.errors import SimcoreError, shown
from simcore.sequenzy import changes as edits
from simcore.sequenzy.translate import EVENTS
from simcore.text.wording import halved
from simcore.twin.answers import LONGEST, Refused, is_text
from simcore.twin.events import Events, check, frame_of_instants
from simcore.twin.kept import Arguments, Kept
from simcore.twin.kit_account import checked_address
from simcore.twin.stamps import stamp, text

WRITING_US = MINUTE_US
"""How long it takes until the emails of a goal are written: the platform says 30 to 60 seconds."""
USUAL_EMAILS = 5
_GONE = {"unsubscribed": "unsubscribed", "bounced": "bounced", "complained": "unsubscribed"}
_BY_CALLS = frozenset({"tag_added", "tag_removed", "list_joined", "field_changed"})


@dataclass(slots=True)
class Subscriber:
    """A subscriber."""

    id: str
    email: str
    created_us: int
    first_name: str | None = None
    last_name: str | None = None
    status: str = "active"
    tags: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """As Sequenzy's API gives one."""
        return {
            "id": self.id,
            "email": self.email,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "status": self.status,
            "tags": [*self.tags],
            "customAttributes": dict(self.attributes),
            "createdAt": text(self.created_us),
        }


class Sequence:
    """A sequence, as it was when it was enabled first and as it is now; its changes, and who was put in by hand."""

    def __init__(self, name: str, sequence: sequenzy.Sequence, at_us: int, events: Events) -> None:
        self.id = name
        self.first = self.now = sequence
        self.goal: str | None = sequence.goal
        self.created_us = self.updated_us = at_us
        self.enabled_us: int | None = None
        self.changes: list[edits.Change] = []
        self.who: list[str] = []
        self.entered_us = array("q")
        self._events = events
        self.kept = Kept(self)

    @property
    def status(self) -> str:
        """Whether it is a draft, active or paused."""
        if self.enabled_us is None:
            return "draft"
        return "paused" if self.now.is_paused else "active"

    @property
    def is_written(self) -> bool:
        """Whether its emails are there."""
        return self.now.goal is None

    def change(self, at_us: int, change: edits.Change) -> None:
        """A change of a sequence that is enabled. Raises SimcoreError where it cannot be, and nothing is changed."""
        before = self.now
        [self.now] = edits.after(before, [(len(self.changes), change)])
        self.changes.append(change)
        self._try(at_us, before)
        self.updated_us = at_us

    def _try(self, at_us: int, before: sequenzy.Sequence) -> None:
        """Sees to it that it can be simulated as it is now, or takes the last change back."""
        try:
            plan_of(self.now)
            self.kept.sent(at_us)
        except SimcoreError:
            self.now = before
            self.changes.pop()
            raise

    # ---------------------------------------------------------------- what is simulated

    def version(self) -> tuple[int, ...]:
        """Counts of changes, events and entries; the last is 0, since all entries are simulated anew."""
        return len(self.changes), len(self._events), len(self.who), 0

    def arguments(self, since: int = 0) -> Arguments:
        """What is written down, as `simcore.simulate` takes it."""
        entries = None
        if self.first.trigger == "manual":
            entries = pd.DataFrame({
                "subscriber_id": pd.Series(self.who, dtype="str"),
                "entered_at": frame_of_instants(self.entered_us),
                "via": pd.Series(["manual"] * len(self.who), dtype="str"),
            })
        events = self._events.frame()
        if events is None and entries is None:
            events = pd.DataFrame({
                "subscriber_id": pd.Series([], dtype="str"),
                "at": frame_of_instants(array("q")),
                "event": pd.Series([], dtype="str"),
            })
        enabled_at = None if self.enabled_us is None else stamp(self.enabled_us)
        return Arguments(self.first, entries, events, self.changes, enabled_at)


class Account:
    """All that one account has. Every method that changes it does so at an instant [µs], wholly or not at all."""

    def __init__(self) -> None:
        self.sequences: dict[str, Sequence] = {}
        self.subscribers: dict[str, Subscriber] = {}
        self.by_address: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.lists: dict[str, str] = {}
        self.definitions: set[str] = set()
        self.events = Events()

    # ---------------------------------------------------------------- sequences

    def load(self, at_us: int, body: Mapping[str, Any]) -> Sequence:
        """A sequence that is enabled from the start, where it is not to be written still; it keeps its id."""
        found = self._put(at_us, body, body.get("id"))
        if found.is_written:
            self.switch(at_us, found.id, on=True)
        return found

    def create(self, at_us: int, body: Mapping[str, Any]) -> Sequence:
        """A draft, of the body of a call."""
        return self._put(at_us, body, None)

    def _put(self, at_us: int, body: Mapping[str, Any], name: Any) -> Sequence:
        given = {key: value for key, value in body.items() if key not in {"id", "createdAt"}}
        if not {"steps", "goal", "nodes"} & {key for key, value in given.items() if value is not None}:
            given["steps"] = []
        made = sequenzy.from_api(given)
        made = made.replace(createdAt=text(at_us), status=None, effectiveStatus=None)
        if not isinstance(name, str) or name in self.sequences:
            name = f"seq_{len(self.sequences) + 1:06}"
        found = Sequence(name, made, at_us, self.events)
        self.sequences[name] = found
        return found

    def sequence(self, name: str) -> Sequence:
        """One of them. Raises Refused where there is no such sequence."""
        found = self.sequences.get(name)
        if found is None:
            raise Refused(404, "Sequence not found")
        return found

    def update(self, at_us: int, sequence: str, fields: Mapping[str, Any]) -> Sequence:
        """Other fields of a sequence; None takes one away."""
        found = self.sequence(sequence)
        if found.enabled_us is None:
            found.now = found.now.replace(**fields)
            found.updated_us = at_us
        else:
            found.change(at_us, sequenzy.update(stamp(at_us), **fields))
        return found

    def switch(self, at_us: int, sequence: str, *, on: bool) -> Sequence:
        """A sequence is enabled, or disabled."""
        found = self.sequence(sequence)
        if not found.is_written:
            raise Refused(400, "The emails of this sequence are still being generated")
        if found.enabled_us is None:
            if not on:
                raise Refused(400, "Only an active sequence can be disabled")
            if not found.now.nodes:
                raise Refused(400, "A sequence without steps can't be enabled")
            plan_of(found.now)
            found.first, found.enabled_us = found.now, at_us
            try:
                found.kept.sent(at_us)
            except SimcoreError:
                found.enabled_us = None
                raise
        elif on != (found.status == "active"):
            change = sequenzy.enable if on else sequenzy.disable
            found.change(at_us, change(stamp(at_us)))
        found.updated_us = at_us
        return found

    def write_goals(self, now_us: int) -> None:
        """The emails of goals that are old enough are there."""
        for each in self.sequences.values():
            if not each.is_written and each.created_us + WRITING_US <= now_us:
                count = each.now.emailCount or USUAL_EMAILS
                each.now = each.now.replace(goal=None, steps=_written(each.now.name, count))
                each.updated_us = each.created_us + WRITING_US

    def enroll(self, at_us: int, sequence: str, subscribers: list[str]) -> None:
        """Subscribers are put into a sequence by hand."""
        found = self.sequence(sequence)
        if found.enabled_us is None or found.first.trigger != "manual":
            raise Refused(
                400, "Only an enabled sequence with the trigger manual takes in people by hand here"
            )
        for name in subscribers:
            found.who.append(self.subscriber(name).id)
            found.entered_us.append(at_us)

    # ---------------------------------------------------------------- people

    def subscriber(self, name: Any) -> Subscriber:
        """One of them, by id or address. Raises Refused where there is none."""
        key = self.by_address.get(name.strip().lower(), name) if isinstance(name, str) else None
        found = self.subscribers.get(key) if key is not None else None
        if found is None:
            raise Refused(404, "Subscriber not found")
        return found

    def subscribe(self, at_us: int, given: Mapping[str, Any]) -> tuple[Subscriber, bool]:
        """A new subscriber, or the one of that address with other fields; and whether they are new."""
        address = _address(given.get("email"))
        changed = _changed(given)
        known = self.by_address.get(address.lower())
        new = known is None
        if known is None:
            found = Subscriber(f"sub_{len(self.subscribers) + 1:06}", address, at_us)
            self.subscribers[found.id] = found
            self.by_address[address.lower()] = found.id
            self.events.add(found.id, at_us, "contact_added")
        else:
            found = self.subscribers[known]
        self._change(at_us, found, changed)
        return found, new

    def edit(self, at_us: int, subscriber: str, given: Mapping[str, Any]) -> Subscriber:
        """Other fields of a subscriber."""
        found, changed = self.subscriber(subscriber), _changed(given)
        self._change(at_us, found, changed)
        return found

    def _change(self, at_us: int, found: Subscriber, changed: Mapping[str, Any]) -> None:
        found.first_name = changed.get("firstName", found.first_name)
        found.last_name = changed.get("lastName", found.last_name)
        for name, value in changed.get("customAttributes", {}).items():
            if name not in found.attributes or found.attributes[name] != value:
                found.attributes[name] = value
                self.events.add(found.id, at_us, "field_changed", name, {"value": value})
        for tag in changed.get("tags", ()):
            self.tag(at_us, found.id, tag)
        for name in changed.get("lists", ()):
            self.add_to_list(at_us, name, found.id)
        status = changed.get("status", found.status)
        if status != found.status:
            event = {"active": "resubscribed"}.get(status, status)
            self.happen(at_us, found.id, event)

    def happen(
        self,
        at_us: int,
        subscriber: str,
        event: str,
        ref: str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        """What the engine knows happens to a subscriber: they unsubscribe, bounce, enter a segment."""
        found = self.subscriber(subscriber)
        check(EVENTS.vocabulary, _BY_CALLS, event, ref, 400)
        _check_properties(properties)
        if event in _GONE:
            found.status = _GONE[event]
            found.lists = [] if event == "unsubscribed" else found.lists
        elif event == "resubscribed":
            found.status = "active"
        elif event == "list_left" and ref in found.lists:
            found.lists.remove(ref)
        self.events.add(found.id, at_us, event, ref, properties)

    def event(
        self, at_us: int, given: Mapping[str, Any], event: Any, properties: Any = None
    ) -> tuple[Subscriber, bool, bool]:
        """A tracked event of a subscriber, who is new where they were not known; and whether its name is new."""
        if not is_text(event) or not event.strip():
            raise Refused(400, f"event must be the name of an event (found {shown(event)})")
        if event in EVENTS.vocabulary.names or event == "contact_added":
            raise Refused(400, f"event {event} is the platform's own: the call for it does it")
        _check_properties(properties)
        found, new = self.subscribe(at_us, given)
        defined = event not in self.definitions
        self.definitions.add(event)
        ref = (properties or {}).get("linkUrl") if event == "link_clicked" else None
        self.events.add(found.id, at_us, event, ref if isinstance(ref, str) else None, properties)
        return found, new, defined

    # ---------------------------------------------------------------- tags and lists

    def make_tag(self, name: Any) -> tuple[str, bool]:
        """A tag of a name, by its id, and whether it is new."""
        name = checked_name("tag", name)
        new = name not in self.tags
        return self.tags.setdefault(name, f"tag_{len(self.tags) + 1:06}"), new

    def tag(self, at_us: int, subscriber: str, tag: Any) -> bool:
        """A subscriber is tagged, again too (Q14); whether the tag is new."""
        found, name = self.subscriber(subscriber), checked_name("tag", tag)
        _, new = self.make_tag(name)
        if name not in found.tags:
            found.tags.append(name)
        self.events.add(found.id, at_us, "tag_added", name)
        return new

    def untag(self, at_us: int, subscriber: str, tag: Any) -> bool:
        """A tag is taken off a subscriber; whether they had it."""
        found, name = self.subscriber(subscriber), checked_name("tag", tag)
        if name not in found.tags:
            return False
        found.tags.remove(name)
        self.events.add(found.id, at_us, "tag_removed", name)
        return True

    def make_list(self, at_us: int, name: Any) -> str:
        """A new list of a name, by its id."""
        name, key = checked_name("name", name), f"list_{len(self.lists) + 1:06}"
        self.lists[key] = name
        return key

    def add_to_list(self, at_us: int, name: Any, subscriber: str) -> bool:
        """A subscriber joins a list; whether they were not on it."""
        found, key = self.subscriber(subscriber), checked_name("list", name)
        if key in found.lists:
            return False
        self.lists.setdefault(key, key)
        found.lists.append(key)
        self.events.add(found.id, at_us, "list_joined", key)
        return True


def _written(name: str, count: int) -> list[dict[str, Any]]:
    """The emails of a goal: nobody knows what the platform writes, so each says which it is."""
    return [
        {
            "subject": f"{name}: email {number + 1} of {count}",
            "html": "<p>Written by the twin.</p>",
            **({"delay": {"days": 1}} if number else {}),
        }
        for number in range(count)
    ]


def _address(address: Any) -> str:
    try:
        return checked_address(address)
    except Refused:
        raise Refused(400, "A valid email address is required") from None


def checked_name(what: str, name: Any) -> str:
    """The name of a tag, a list or what else `what` says."""
    if not is_text(name) or not name.strip():
        raise Refused(400, f"{what} must be a name of at most {LONGEST} characters (found {shown(name)})")
    return name


def _check_properties(properties: Any) -> None:
    if properties is not None and not isinstance(properties, dict):
        raise Refused(400, f"properties must be an object (found {shown(properties)})")


def _changed(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a subscriber that a body changes. Raises Refused where one is wrong."""
    changed = {name: value for name, value in given.items() if value is not None or name[-4:] == "Name"}
    for name in ("firstName", "lastName"):
        value = changed.get(name)
        if value is not None and not is_text(value):
            raise Refused(400, f"{name} must be text (found {shown(value)})")
    for name in ("tags", "lists"):
        if name in changed:
            if not isinstance(changed[name], list):
                raise Refused(400, f"{name} must be a list of names (found {shown(changed[name])})")
            changed[name] = [checked_name(name, each) for each in changed[name]]
    attributes = changed.get("customAttributes", {})
    if not isinstance(attributes, dict) or not all(key.strip() and not halved(key) for key in attributes):
        raise Refused(400, f"customAttributes must be an object (found {shown(attributes)})")
    statuses = ("active", "unsubscribed", "bounced")
    if changed.get("status", "active") not in statuses:
        raise Refused(400, f"status must be one of: {', '.join(statuses)}")
    return changed
