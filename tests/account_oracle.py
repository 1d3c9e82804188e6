"""A slow, plain second reading of the rules of whole accounts, to compare the library with.

It shares no code with the library. It follows one subscriber at a time through all sequences at once, one instant
after the other; what a sequence does by itself is `oracle`'s (Kit) and `sequenzy_graph_oracle`'s (Sequenzy). A
comment such as `# A6` names the rule of accounts that the line follows.

`simulate_case` takes a case as `account_cases` makes it: a dict that JSON can hold, taken to be valid but for what the
rules of accounts refuse: a `sequence_joined` of one of its sequences, a cap of no mails or of no time.

Choices: where the rules leave room, what is taken here. or: what else it could be.

D1. Sequenzy reads every name of the log, `form_joined` too, as it does alone: such an event makes a subscriber known
    (Q16) and does nothing else. or: it is Kit's alone, and nobody is known by it.
D2. An email that is owed (K22) is a mail like another: where there is no room, `defer` lets it wait for the instant
    at which there is (it has no gate), where K22's conditions are looked at again; `skip` passes it over.
    or: it is sent whatever the cap says, as a broadcast is.
D3. An email that the cap passed over is treated as one that an exclusion did: passed, but not received (K25).
    or: it counts as received.
D4. `contact_added` with `listScope: any_list` is a trigger with lists: a step that adds to any list enrols.
    or: only listId and listIds are.
D5. A step's tag or list is an occasion each time that the step runs, also where it changes nothing (as Q14).
    A property or an unsubscription by a step reaches all that reads properties, waits for a date among them.
D6. `removed` with a `sequence_id` in the log ends the runs of that sequence alone; a `sequence_id` beside
    another name is not looked at.
D7. A broadcast's audience is a tag, list, segment or form whose id reads the same as text: 7 is "7".
D8. A random split takes the path that it takes alone: the sequence's name has no part in it. or: it has.
D9. A run that goes from node to node at one instant is chosen anew at each node, and at each wait that is over.
    An enrolment by a step comes before the next node, of its own run too.
D10. Sequences that enrol each other without end at one instant are an error here. or: refused from the start.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import oracle
import sequenzy_graph_oracle as graph_oracle
from oracle import JOINS, LEAVES, State, first_state, minutes
from sequenzy_graph_oracle import Judge, Node, Person, Run, by_seed, no_seed, setting_of
from sequenzy_graph_reading import is_blank, opened
from sequenzy_oracle import SETS, Row, in_order, maybe_instant

Chooser = Callable[[Any, Any, int, str, list[float]], int]  # sequence, subscriber, run, node, percentages
MOST_STEPS = 1_000  # of one subscriber at one instant


@dataclass(frozen=True)
class Cap:
    """At most so many mails in any window of that length."""  # A6

    most: int
    window: timedelta
    defers: bool
    priority: list[Any]


def cap_of(given: Row | None) -> Cap | None:
    if given is None or given["most"] is None:
        return None
    window = minutes(given["window"])
    if given["most"] < 1 or window <= timedelta(0):
        raise ValueError("a cap lets at least one mail through, in a window of some length")  # N6
    defers = (given.get("on_excess") or "defer") == "defer"
    return Cap(given["most"], window, defers, given.get("priority") or [])


class Tagged(list[Row]):
    """Rows of one sequence, which go to the list of all."""

    def __init__(self, everything: list[Row], sequence_id: Any) -> None:
        super().__init__()
        self.everything = everything
        self.sequence_id = sequence_id

    def append(self, row: Row) -> None:
        self.everything.append({"sequence_id": self.sequence_id, **row})


def as_id(ref: object) -> int | None:
    """The integer that a ref reads as; None where it is none of Kit's."""  # N4, N9
    if isinstance(ref, int) and not isinstance(ref, bool):
        return ref
    return int(ref) if isinstance(ref, str) and ref.isdecimal() else None


# ---------------------------------------------------------------- a sequence of Kit's


class KitPart(oracle.Subscriber):
    """One subscriber in one of the account's sequences of Kit's."""

    def __init__(
        self, someone: "Someone", sequence_id: int, state: State, changes: list[Row], entries: list[Row]
    ) -> None:
        super().__init__(someone.id, state)
        self.someone = someone
        self.sequence_id = sequence_id
        self.changes = changes  # in order, those still to come
        self.entries = entries  # the same
        self.timeline = Tagged(someone.timeline, sequence_id)
        self.journal = Tagged(someone.journal, sequence_id)
        self.owed_at: dict[tuple[int, int], datetime] = {}  # D2: (run, email), when there may be room

    def note(self, at: datetime, what: str, email_id: int | None = None, *, outside: bool = False) -> None:
        super().note(at, what, email_id, outside=outside)
        if not outside:
            self.someone.noted(self.sequence_id, self.runs[-1].number, what)

    def next_instant(self) -> datetime | None:
        instants = [
            *(row["at"] for row in self.changes[:1]),
            *(row["entered_at"] for row in self.entries[:1]),
            *([self.due()] if self.due() else []),
        ]
        if self.run and self.state.fields["active"]:
            instants += [at for i in self.run.owed if (at := self.owed_at.get((self.run.number, i)))]
        return min(instants, default=None)

    def take_changes(self, now: datetime) -> None:
        while self.changes and self.changes[0]["at"] == now:
            change = self.changes.pop(0)
            self.change(now, change, self.state.after(change))

    def hear(self, event: Row) -> None:
        """Take an event of the log, or one that a step is as, if it is one of Kit's."""  # N9
        name, ref = event["event"], as_id(event.get("ref"))
        if (name in JOINS and ref is not None) or name in LEAVES or name == "resubscribed":
            self.event(event["at"], name, ref)

    def look_around(self, now: datetime) -> None:
        """Kit has no looks."""

    def take_entries(self, now: datetime) -> None:
        while self.entries and self.entries[0]["entered_at"] == now:
            self.enter(now, self.entries.pop(0).get("via") or "api")

    def excluded(self) -> bool:
        """Whether the subscriber is in an excluded source."""  # A3, N2
        found = False
        for source in self.state.fields["exclude_subscriber_sources"]:
            for i in source["ids"]:
                if source["type"] == "sequence" and i in self.someone.kits:
                    inside = self.someone.is_in(i)
                    self.someone.marks[f"A3 {self.sequence_id} excluded by {i}"] += inside
                else:
                    inside = (source["type"], i) in self.sources
                    changed_by = self.someone.changed_by.get((source["type"], str(i)))
                    self.someone.marks["A5 excluded by a step's tag"] += inside and changed_by is not None
                found |= inside
        return found

    # steps

    def owed_now(self, now: datetime) -> set[int]:
        """What is owed by now (K22)."""
        run = self.run
        return {i for i in run.owed if self.owed_at.get((run.number, i), now) <= now} if run else set()

    def has_step(self, now: datetime) -> bool:
        """Whether a step is due."""
        return bool(self.run and self.state.fields["active"] and (self.owed_now(now) or self.run.due == now))

    def step(self, now: datetime) -> None:
        """Take one step."""
        if self.owed_now(now):
            self.send_one_owed(now)
        else:
            self.send_due(now)

    def send(self, now: datetime, email_id: int) -> bool:
        """Send what is due, or let it wait or pass where there is no room."""  # N6
        if self.someone.send(now):
            super().send(now, email_id)
            self.someone.noted(self.sequence_id, self.run.number, "sent")
            return True
        if not self.someone.defers:
            self.note(now, "capped", email_id)
            return True
        email, room = self.state.emails[self.state.place(email_id)], self.someone.room_from()
        self.run.due = self.state.snap(email, room)
        self.someone.deferred(self.sequence_id, self.run.number, room, self.run.due)
        self.note(now, "deferred", email_id)
        return False

    def send_one_owed(self, now: datetime) -> None:
        """Send the first of the emails that are owed, if it still is one."""  # K22, D2
        run, state, due = self.run, self.state, self.owed_now(now)
        behind = [email["id"] for email in state.emails[: max(state.place(run.last), 0)]]
        still = [i for i in behind if i in due - run.received and state.published(i)]
        run.owed = (run.owed - due) | set(still[1:])
        if not still:
            return
        self.someone.marks["A6 owed" if self.someone.cap else "what owed"] += 1
        if self.excluded():
            self.note(now, "excluded", still[0])
        elif self.someone.send(now):
            super().send(now, still[0])
        elif self.someone.defers:
            run.owed.add(still[0])
            self.owed_at[run.number, still[0]] = self.someone.room_from()
            self.someone.marks["A6 owed, deferred"] += 1
            self.note(now, "deferred", still[0])
        else:
            self.note(now, "capped", still[0])


# ---------------------------------------------------------------- a sequence of Sequenzy's


class PartJudge(Judge):
    """The same, and it counts what other sequences' steps have led to."""

    part: "SequenzyPart"

    def holds(self, condition: Row, run: Run) -> bool:
        names = {"tagName": "tag", "tagId": "tag", "listId": "list"}
        kinds = [(of, str(condition[name])) for name, of in names.items() if condition.get(name) is not None]
        self.part.count_foreign("A5 branch on another's step", kinds)
        return super().holds(condition, run)

    def stops(self, run: Run) -> bool:
        found, condition = super().stops(run), self.setting.body.get("stopCondition") or {}
        if found:
            kinds = [(of, str(condition.get("value"))) for of in ("tag", "list")]
            self.part.count_foreign("A5 stopped by another's step", kinds)
        return found


class SequenzyPart(graph_oracle.Subscriber):
    """One subscriber in one of the account's sequences of Sequenzy's."""

    def __init__(
        self,
        someone: "Someone",
        sequence_id: str,
        setting: graph_oracle.Setting,
        changes: list[Row],
        entries: list[Row] | None,
    ) -> None:
        super().__init__(someone.id, setting, list(someone.events), entries, changes, someone.person)
        self.events = []  # they are heard from the account
        self.someone = someone
        self.sequence_id = sequence_id
        self.timeline = Tagged(someone.timeline, sequence_id)
        self.journal = Tagged(someone.journal, sequence_id)
        self.judge = PartJudge(someone.id, setting, someone.person, self.marks)
        self.judge.part = self

    def count_foreign(self, mark: str, kinds: list[tuple[str, str]]) -> None:
        changed_by = [self.someone.changed_by.get(kind) for kind in kinds]
        self.someone.marks[mark] += any(by not in {None, self.sequence_id} for by in changed_by)

    def note(self, now: datetime, what: str, run: Run | None, shown: str | None = None) -> None:
        super().note(now, what, run, shown)
        if run is not None:
            self.someone.noted(self.sequence_id, run.number, what)

    def hear(self, event: Row) -> None:
        """Take an event of the log."""
        self.heed(event)
        self.notice(event, event["at"])

    def take(self, event: Row) -> None:
        """Let a step change a property, or unsubscribe."""  # N4
        self.someone.step_does(self, event)

    def change_set(self, event: Row) -> None:
        """Let a step change a tag or list."""  # N4
        self.someone.step_does(self, event)

    def next_due(self, now: datetime) -> Run | None:
        """The run that comes next of those that have something to do."""  # N1
        return next((run for run in self.runs if self.is_due(run, now)), None)

    def has_step(self, now: datetime) -> bool:
        return self.next_due(now) is not None

    def step(self, now: datetime) -> None:
        run = self.next_due(now)
        assert run is not None
        self.go_on(run, now)

    def send(self, run: Run, node: Node, now: datetime) -> bool:
        """Send what is due, or let it wait or pass where there is no room."""  # N6
        if self.someone.send(now):
            self.someone.noted(self.sequence_id, run.number, "sent")
            return super().send(run, node, now)
        if not self.someone.defers:
            self.note(now, "capped", run, node.owner)
            return True
        window, room = self.window(run), self.someone.room_from()
        run.at = room if window is None else window.snap(room)
        self.someone.deferred(self.sequence_id, run.number, room, run.at)
        self.note(now, "deferred", run, node.owner)
        return False


Part = KitPart | SequenzyPart

# ---------------------------------------------------------------- an account


class Account:
    """What a case says of all subscribers."""

    def __init__(self, case: Row, choose: Chooser) -> None:
        self.case = case
        self.choose = choose
        self.until = maybe_instant(case.get("until"))
        self.cap = cap_of(case.get("cap"))
        self.rules: Row = case.get("assumptions") or {}
        self.log = in_order(case.get("events") or [], "at", self.until)
        self.entries = in_order(case.get("entries") or [], "entered_at", self.until)
        self.has_rows = {row["sequence_id"] for row in case.get("entries") or []}  # N8
        broadcasts = [{**row, "position": n} for n, row in enumerate(case.get("broadcasts") or [])]
        self.broadcasts = in_order(broadcasts, "at", self.until)
        self.ids = [id_of(one) for one in case["sequences"]]
        for event in self.log:
            if event["event"] == "sequence_joined" and str(event.get("ref")) in map(str, self.ids):
                raise ValueError(f"sequence_joined: {event['ref']} is a sequence of the account")  # A3, N9

    def people(self) -> list[Any]:
        """Everyone who is named."""
        rows = [*self.entries, *self.log, *self.broadcasts]
        return list(
            dict.fromkeys(row["subscriber_id"] for row in rows if row.get("subscriber_id") is not None)
        )

    def of(self, rows: Iterable[Row], subscriber_id: Any) -> list[Row]:
        return [row for row in rows if row.get("subscriber_id") == subscriber_id]

    def part(self, someone: "Someone", one: Row) -> Part | None:
        """One subscriber in one sequence; None where there is nothing to be in."""
        sequence_id, payload = id_of(one), one["payload"]
        given: Row = self.case.get("changes") or {}
        changes = in_order(given.get(str(sequence_id)) or given.get(sequence_id) or [], "at", self.until)
        entries = [row for row in self.of(self.entries, someone.id) if row["sequence_id"] == sequence_id]
        if one["platform"] == "kit":
            drafts = self.case.get("include_drafts") or False
            case = {**payload, "assumptions": self.rules.get("kit") or {}, "include_drafts": drafts}
            return KitPart(someone, sequence_id, first_state(case), changes, entries)
        if is_blank(opened(payload)):
            return None
        setting = setting_of(
            payload,
            self.rules.get("sequenzy") or {},
            maybe_instant(self.case.get("enabled_at")),
            lambda *about: self.choose(sequence_id, *about),
        )
        by_rows = sequence_id in self.has_rows or setting.body["trigger"] == "manual"
        return SequenzyPart(someone, sequence_id, setting, changes, entries if by_rows else None)


def id_of(one: Row) -> Any:
    """What a sequence of a case is called."""
    return one["payload"]["sequence"]["id"] if one["platform"] == "kit" else opened(one["payload"])["name"]


class Someone:
    """One subscriber's way through all sequences: `act` at each instant that matters, in order."""

    def __init__(self, account: Account, subscriber_id: Any) -> None:
        self.id = subscriber_id
        self.account = account
        self.cap = account.cap
        self.person = Person()
        self.marks: Counter[str] = Counter()  # what was exercised
        self.timeline: list[Row] = []
        self.journal: list[Row] = []
        self.mails: list[datetime] = []
        self.events = account.of(account.log, subscriber_id)  # in order, those still to come
        self.broadcasts = [
            row for row in account.broadcasts if row.get("subscriber_id") in {None, subscriber_id}
        ]
        entered = [row["entered_at"] for row in account.of(account.entries, subscriber_id)]
        self.known_at = min([*entered, *(row["at"] for row in self.events)], default=None)  # N5
        self.changed_by: dict[tuple[str, str], Any] = {}  # what steps changed last, and whose
        self.enrolled: set[tuple[Any, Any]] = set()  # by steps: (whose, into what)
        self.waiting: Counter[tuple[Any, int]] = Counter()  # (sequence, run): how often it was deferred
        found = [account.part(self, one) for one in account.case["sequences"]]
        self.parts = [part for part in found if part is not None]
        self.kits = {part.sequence_id: part for part in self.parts if isinstance(part, KitPart)}
        first = self.cap.priority if self.cap else []
        places = {sequence_id: n for n, sequence_id in reversed(list(enumerate(first)))}
        self.by_priority = sorted(self.parts, key=lambda part: places.get(part.sequence_id, len(first)))

    # the instants

    def next_instant(self) -> datetime | None:
        """When something happens next."""
        instants = [
            *(row["at"] for row in self.events[:1]),
            *(row["at"] for row in self.broadcasts[:1]),
            *(part.next_instant() for part in self.parts),
        ]
        return min((t for t in instants if t is not None), default=None)

    def act(self, now: datetime) -> None:
        """Everything of one instant, in the order of N1."""
        self.count_ties(now)
        for part in self.parts:
            part.take_changes(now)
        while self.events and self.events[0]["at"] == now:
            self.hear(self.events.pop(0))
        for part in self.parts:
            part.look_around(now)
        for part in self.parts:
            part.take_entries(now)
        while self.broadcasts and self.broadcasts[0]["at"] == now:
            self.take_broadcast(self.broadcasts.pop(0))
        for _ in range(MOST_STEPS):
            due = next((part for part in self.by_priority if part.has_step(now)), None)
            if due is None:
                return
            self.marks["A6 priority"] += due is not next(part for part in self.parts if part.has_step(now))
            due.step(now)
            for part in self.parts:  # whom a step enrols
                part.take_entries(now)
        raise RuntimeError(f"steps enrol {self.id} without end at {now}")  # D10

    def count_ties(self, now: datetime) -> None:
        """Count what meets at an instant."""
        due = {part.sequence_id for part in self.parts if part.has_step(now)}
        entered = {
            part.sequence_id
            for part in self.parts
            for row in (part.entries or [])[:1]
            if row["entered_at"] == now
        }
        event = bool(self.events and self.events[0]["at"] == now)
        self.marks["N1 several sequences due"] += len(due) > 1
        self.marks["N1 several sequences entered"] += len(entered) > 1
        self.marks["N1 entry and another's step"] += any(one != two for one in due for two in entered)
        self.marks["N1 event and step"] += bool(due) and event
        self.marks["N1 broadcast and step"] += bool(
            due and self.broadcasts and self.broadcasts[0]["at"] == now
        )

    # what happens

    def is_in(self, sequence_id: int) -> bool:
        """Whether the subscriber is in a sequence of the account."""  # N2
        rules, part = self.account.rules.get("kit") or {}, self.kits[sequence_id]
        if rules.get("excluded_sequence_membership") == "joined":
            self.marks["A3 joined, and no more active"] += bool(part.runs) and part.run is None
            return bool(part.runs)
        return part.run is not None

    def hear(self, event: Row) -> None:
        """Take an event of the log."""
        self.person.take(event)
        ref = str(event.get("ref"))
        if event["event"] == "form_joined":
            self.person.inside.add(("form", ref))
        if event["event"] in SETS:
            self.changed_by.pop((SETS[event["event"]][0], ref), None)
        only = event.get("sequence_id") if event["event"] == "removed" else None  # N9, D6
        self.marks["N9 removed from one"] += only is not None
        for part in self.parts:
            if only is None or part.sequence_id == only:
                part.hear(event)

    def step_does(self, whose: SequenzyPart, event: Row) -> None:
        """Let a step of a sequence act for all of them."""  # A5, N4
        self.person.take(event)
        kinds, ref = SETS.get(event["event"]), str(event.get("ref"))
        if kinds is not None:
            self.changed_by[kinds[0], ref] = whose.sequence_id
        for part in self.parts:
            if isinstance(part, KitPart):
                self.marks["N4 unsubscribed from another"] += event["event"] == "unsubscribed" and bool(
                    part.run
                )
                part.hear(event)
            elif kinds is None:
                others = part is not whose and event["event"] == "unsubscribed"
                self.marks["N4 unsubscribed from another"] += others and bool(part.active())
                part.heed(event)
            elif part is not whose:
                self.enrol_by_step(whose, part, event)

    def enrol_by_step(self, whose: SequenzyPart, part: SequenzyPart, event: Row) -> None:
        """Let what a step does to a tag or list be an occasion to enrol elsewhere."""  # N4
        before = len(part.occasions)
        part.notice(event, event["at"])
        if len(part.occasions) > before:
            self.marks["N4 step enrols"] += 1
            self.marks["N4 and back again"] += (part.sequence_id, whose.sequence_id) in self.enrolled
            self.enrolled.add((whose.sequence_id, part.sequence_id))

    def take_broadcast(self, row: Row) -> None:
        """Send a broadcast, if the subscriber is one of those that it is for."""  # A1, N5
        now, audience = row["at"], row.get("audience")
        alone = row.get("subscriber_id") is not None
        if self.person.inactive or (not alone and (self.known_at is None or self.known_at > now)):
            self.marks["N5 left" if self.person.inactive else "N5 not known yet"] += 1
            return
        if audience is not None and not any(
            (of, str(audience)) in self.person.inside for of in ("tag", "list", "segment", "form")
        ):
            self.marks["N5 not in the audience"] += 1
            return
        self.marks["N5 to one" if alone else "N5 to all" if audience is None else "N5 to an audience"] += 1
        if not self.has_room(now):
            self.marks["N5 over the cap"] += 1
        self.mails.append(now)
        sent = {"sequence_id": None, "subscriber_id": self.id, "run": 0, "position": row["position"]}
        self.timeline.append({**sent, "email_id": None, "send_at": now})

    # the cap

    @property
    def defers(self) -> bool:
        return self.cap is not None and self.cap.defers

    def has_room(self, now: datetime) -> bool:
        """Whether fewer than `most` mails went out in (now - window, now]."""  # N6
        if self.cap is None:
            return True
        return sum(t > now - self.cap.window for t in self.mails) < self.cap.most

    def room_from(self) -> datetime:
        """When there is room again, by what has been sent so far."""  # N6
        assert self.cap is not None
        return self.mails[-self.cap.most] + self.cap.window

    def send(self, now: datetime) -> bool:
        """Send a mail, if there is room for it."""
        room = self.has_room(now)
        if room:
            self.mails.append(now)
        return room

    def deferred(self, sequence_id: Any, run: int, room: datetime, to: datetime | None) -> None:
        """Count a deferral."""
        self.marks["A6 deferred again"] += self.waiting[sequence_id, run] > 0
        self.marks["A6 deferred to its gate"] += to is not None and to > room
        self.waiting[sequence_id, run] += 1

    def noted(self, sequence_id: Any, run: int, what: str) -> None:
        """Count what became of a run whose mail was deferred, and what else a case is about."""
        self.marks[f"what {what}"] += 1
        if what in {"deferred", "started"} or not self.waiting[sequence_id, run]:
            return
        self.marks[f"A6 deferred, then {what}"] += 1
        self.waiting[sequence_id, run] = 0


# ---------------------------------------------------------------- a whole case


@dataclass
class Result:
    """What becomes of everyone, each subscriber's rows in the order in which they happened."""

    timeline: list[Row] = field(default_factory=list)
    subscribers: list[Row] = field(default_factory=list)
    journal: list[Row] = field(default_factory=list)
    marks: Counter[str] = field(default_factory=Counter)
    instants: set[datetime] = field(default_factory=set)  # at which anything was done


def by_table(paths: list[Row]) -> Chooser:
    """The paths of a table of `sequence_id, subscriber_id, run, node, path`."""
    names = ("sequence_id", "subscriber_id", "run", "node")
    table = {tuple(row[name] for name in names): int(row["path"]) for row in paths}
    return lambda *about: table[about[:4]]


def chooser_of(case: Row) -> Chooser:
    """How a case's random splits are decided: by its table of paths, or by its seed."""  # D8
    if case.get("paths"):
        return by_table(case["paths"])
    choose = no_seed if case.get("seed") is None else by_seed(case["seed"])
    return lambda _, *about: choose(*about)


def simulate_case(case: Row, choose: Chooser | None = None) -> Result:
    """`timeline`, `subscribers` (a row a run) and `journal`, each row with its `sequence_id` first.

    The case's keys: `sequences, entries, events, broadcasts, cap, assumptions, enabled_at, until, changes, seed,
    paths`. Rows are otherwise as the oracle of the sequence's platform has them. A broadcast's row has no
    sequence_id (None), run 0, its place in `broadcasts` as position and no email_id (None).
    """
    account, result = Account(case, choose or chooser_of(case)), Result()
    for subscriber_id in account.people():
        someone = Someone(account, subscriber_id)
        while (now := someone.next_instant()) is not None and (account.until is None or now < account.until):
            someone.act(now)
            result.instants.add(now)
        result.timeline += someone.timeline
        result.journal += someone.journal
        result.marks += +someone.marks
        for part in someone.parts:
            result.subscribers += [{"sequence_id": part.sequence_id, **part.row_of(run)} for run in part.runs]
            if isinstance(part, SequenzyPart):
                result.marks += +part.marks
    return result
