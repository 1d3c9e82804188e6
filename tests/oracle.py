"""A slow, plain second reading of the Kit rules, to compare the library with.

It shares no code with the library: one subscriber and one instant at a time, `datetime` and `zoneinfo` only.
A comment such as `# K7` names the rule that the line follows. Instants are aware UTC datetimes, inside and
in the results; a case may also hold them as ISO 8601 strings. Weekdays are numbers, Monday is 0.

A case is a dict: sequence, emails, assumptions, include_drafts, until, entries and, where it has a history,
events and changes. It may have `left_out`, dates as ISO texts (T23), and its entries a `time_zone` of their own (T22).
It is taken to be valid: the oracle refuses nothing.
"""

import importlib.resources
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import count, pairwise
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LISTED = ("visual_automation", "rule", "bulk_action", "import")  # K14
JOINS = {  # K16: event, (kind of source, whether the subscriber is in it from then on)
    "tag_added": ("tag", True),
    "tag_removed": ("tag", False),
    "segment_entered": ("segment", True),
    "segment_left": ("segment", False),
    "form_joined": ("form", True),
    "sequence_joined": ("sequence", True),
}
LEAVES = {  # K17: event, status of the run that it ends
    "unsubscribed": "cancelled",
    "bounced": "cancelled",
    "complained": "cancelled",
    "removed": "removed",
}
DEFAULTS = {
    "day_count": "calendar",
    "poll_every": "15 minutes",
    "poll_phase": "0 minutes",
    "immediate_days": "any",
    "email_days": "override",
    "draft_delay": "skip",
    "restart_via": "all",
    "hold_without_automation": "same",
    "excluded_midway": "skip_email",
    "queued_emails": "keep",
    "insert_before_next": "wait",
    "earlier_insert": "send",
}
SEQUENCE = {  # K1
    "send_days": list(WEEKDAYS),
    "send_hour": 11,
    "time_zone": "America/New_York",
    "active": True,
    "repeat": False,
    "hold": False,
    "exclude_subscriber_sources": [],
}


# ---------------------------------------------------------------- the clock


@cache
def zone_info(zone: str) -> ZoneInfo:
    """The zone of that IANA name, from the tzdata package."""
    file = importlib.resources.files("tzdata").joinpath("zoneinfo", *zone.split("/"))
    with file.open("rb") as data:
        return ZoneInfo.from_file(data, key=zone)


def wall_clock(t: datetime, zone: str) -> datetime:
    """What the wall clock shows at t, naive."""
    return t.astimezone(zone_info(zone)).replace(tzinfo=None, fold=0)


def local_date(t: datetime, zone: str) -> date:
    """The date on the wall at t."""
    return wall_clock(t, zone).date()


def wall_to_utc(naive: datetime, zone: str) -> datetime:
    """The instant of a wall-clock time; PEP 495 fold=0 for one that is missing or happens twice."""
    return naive.replace(tzinfo=zone_info(zone), fold=0).astimezone(UTC)


def utc_offset(t: datetime, zone: str) -> timedelta:
    """How far the wall clock is ahead of UTC at t."""
    return t.astimezone(zone_info(zone)).utcoffset()


@lru_cache(200_000)
def pieces_of(day: date, zone: str) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """(start, end, offset) of the stretches of a UTC day through which the offset stays the same."""
    start = datetime.combine(day, time(), UTC)
    cuts = [start]
    for hour in range(24):
        low, high = start + hour * HOUR, start + (hour + 1) * HOUR
        before = utc_offset(low, zone)
        if utc_offset(high, zone) != before:
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if utc_offset(middle, zone) == before else (low, middle)
            if high < start + DAY:
                cuts.append(high)
    ends = [*cuts[1:], start + DAY]
    return tuple((cut, end, utc_offset(cut, zone)) for cut, end in zip(cuts, ends, strict=True))


def pieces_from(day: date, zone: str) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The stretches of one offset from the start of a UTC day on, without end."""
    for n in count():
        yield from pieces_of(day + n * DAY, zone)


@lru_cache(200_000)
def first_instant_of(day: date, zone: str) -> datetime:
    """The first instant of a local date; of a date that does not exist, the first instant after it."""
    for start, end, offset in pieces_from(day - 2 * DAY, zone):
        midnight = datetime.combine(day, time(), UTC) - offset
        if midnight < end:
            return max(start, midnight)
    raise AssertionError("the pieces have no end")


def slot_of(day: date, hour: int, zone: str, minute: int = 0) -> datetime | None:
    """The instant at hour:minute of a local date, or None where there is none on that date."""
    t = wall_to_utc(datetime.combine(day, time(hour, minute)), zone)
    return t if local_date(t, zone) == day else None


def allowed_slot(t: datetime, weekdays: Collection[int], hour: int, zone: str, minute: int = 0) -> bool:
    """Whether t is the send slot of a local date whose weekday is allowed."""
    day = local_date(t, zone)
    return day.weekday() in weekdays and slot_of(day, hour, zone, minute) == t


def next_slot(
    t: datetime, weekdays: Collection[int], hour: int, zone: str, left_out: Collection[date] = ()
) -> datetime | None:
    """The first send slot at or after t on a date that is not left out; None where no weekday is allowed."""
    if not weekdays:
        return None
    for n in count(-2):
        day = local_date(t, zone) + n * DAY
        allowed = day.weekday() in weekdays and day not in left_out  # T23
        slot = slot_of(day, hour, zone) if allowed else None
        if slot is not None and slot >= t:
            return slot
    raise AssertionError("the days have no end")


def in_window(t: datetime, weekdays: Collection[int], start: int, end: int, zone: str) -> bool:
    """Whether the wall clock at t shows an allowed weekday and a time from start to before end [minutes]."""
    wall = wall_clock(t, zone)
    since_midnight = wall - datetime.combine(wall.date(), time())
    return wall.weekday() in weekdays and timedelta(minutes=start) <= since_midnight < timedelta(minutes=end)


def next_in_window(
    t: datetime,
    weekdays: Collection[int],
    start: int,
    end: int,
    zone: str,
    left_out: Collection[date] = (),
) -> datetime | None:
    """The first instant at or after t that is in the window; None where no weekday is allowed."""
    if not weekdays:
        return None
    for piece_start, piece_end, offset in pieces_from(t.date(), zone):
        for n in range(3):  # within one offset the wall clock runs on evenly
            day = (piece_start + offset).date() + n * DAY
            opening = datetime.combine(day, time(), UTC) - offset + timedelta(minutes=start)
            first = max(opening, piece_start, t)
            if local_date(first, zone) in left_out:  # T23
                continue
            if first < piece_end and in_window(first, weekdays, start, end, zone):
                return first
    raise AssertionError("the pieces have no end")


def next_poll(t: datetime, every: timedelta, phase: timedelta) -> datetime:
    """The first instant at or after t that is a whole number of polls from epoch + phase."""
    return t + (EPOCH + phase - t) % every


# ---------------------------------------------------------------- the sequence as it stands


def instant(value: datetime | str) -> datetime:
    """An aware datetime or ISO 8601 string as an aware UTC datetime."""
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


def minutes(text: str) -> timedelta:
    """The duration in a text such as "15 minutes"."""
    number, unit = text.split()
    return timedelta(**{unit if unit.endswith("s") else unit + "s": float(number)})


@dataclass(frozen=True)
class State:
    """A sequence between two changes: its fields, its emails in order, and how the rules are read."""

    fields: dict
    emails: tuple[dict, ...]
    rules: dict
    include_drafts: bool

    def place(self, email_id: int | None) -> int:
        """Where an email stands; -1 for one that is not there."""
        return next((i for i, email in enumerate(self.emails) if email["id"] == email_id), -1)

    def published(self, email_id: int) -> bool:
        """Whether an email is there and goes out."""
        place = self.place(email_id)
        return place >= 0 and (self.include_drafts or self.emails[place]["published"])  # K12

    def days(self, email: dict) -> set[int]:
        """The weekdays that an email may go out on."""  # K10
        everyday = {WEEKDAYS.index(name) for name in self.fields["send_days"]}
        own = {WEEKDAYS.index(name) for name in email["send_days"] or WEEKDAYS}
        if len(own) == 7:
            return everyday
        return own & everyday if self.rules["email_days"] == "intersect" else own

    def earliest(self, email: dict, anchor: datetime, own_zone: str | None = None) -> datetime:
        """When the wait of an email is over."""
        n = email["delay_value"]
        if email["delay_unit"] == "hours":  # K8
            return anchor + n * HOUR
        if n == 0:  # K9
            return anchor
        if self.rules["day_count"] == "elapsed":  # K7
            return anchor + n * DAY
        zone = own_zone or self.fields["time_zone"]  # T22
        return first_instant_of(local_date(anchor, zone) + n * DAY, zone)

    def snap(self, email: dict, t: datetime, own_zone: str | None = None) -> datetime | None:
        """The first instant at or after t at which an email may go out; None where its gate is closed."""
        if email["delay_unit"] == "hours":  # K8
            return next_poll(t, minutes(self.rules["poll_every"]), minutes(self.rules["poll_phase"]))
        zone, left_out = own_zone or self.fields["time_zone"], self.fields["left_out"]  # T22, T23
        if email["delay_value"] > 0:  # K7
            return next_slot(t, self.days(email), self.fields["send_hour"], zone, left_out)
        if self.rules["immediate_days"] == "any":  # K9
            return t
        return next_in_window(t, self.days(email), 0, 1440, zone, left_out)

    def due(
        self, email: dict, anchor: datetime, not_before: datetime, own_zone: str | None = None
    ) -> datetime | None:
        """When a queued email goes out; None where its gate is closed."""
        return self.snap(email, max(self.earliest(email, anchor, own_zone), not_before), own_zone)

    def after(self, change: dict) -> "State":
        """The sequence after a change."""
        fields, emails = dict(change.get("fields", {})), list(self.emails)
        if change["op"] == "update":
            return State({**self.fields, **fields}, self.emails, self.rules, self.include_drafts)
        if change["op"] == "create_email":
            place, email = len(emails), {"id": None, "published": False, "send_days": None}
            if fields.get("id") is None:
                fields["id"] = min([0, *(e["id"] for e in emails)]) - 1
        else:
            place = self.place(change["email_id"])
            email = emails.pop(place)
        if change["op"] == "delete_email":
            emails = closed_up(emails, email["position"])
        else:
            wanted = fields.pop("position", None)
            email = {"position": None, **email, **fields}
            if fields.get("delay_unit") == "hours":
                email["send_days"] = None
            end = max((e["position"] for e in emails), default=-1) + 1
            if change["op"] == "create_email":
                wanted = end if wanted is None else min(wanted, end)
            elif wanted is None:
                wanted = email["position"]
            emails = with_email(self.emails, emails, email, wanted)
        return State(self.fields, tuple(emails), self.rules, self.include_drafts)


def closed_up(emails: list[dict], gone: int) -> list[dict]:
    """Who follows on a deleted email without a gap moves up (K25, `shift`)."""
    numbers = {email["position"] for email in emails}
    last = gone
    while last + 1 in numbers:
        last += 1
    return [{**email, "position": email["position"] - (gone < email["position"] <= last)} for email in emails]


def with_email(before: tuple[dict, ...], others: list[dict], email: dict, wanted: int) -> list[dict]:
    """An email at Kit's number `wanted`; at one that is taken it has the holder's place (K25, `shift`)."""
    at = {other["position"]: place for place, other in enumerate(others)}
    if wanted not in at:
        return sorted([*others, {**email, "position": wanted}], key=lambda each: each["position"])
    place = [each["position"] for each in before].index(wanted)
    numbers = [each["position"] for each in others]
    low, high = numbers[:place], numbers[place:]
    for i in range(len(low)):  # whoever has no room before it any more
        room = wanted - (len(low) - i)
        low[i] = min(low[i], room)
    for i in range(len(high)):
        high[i] = max(high[i], wanted + 1 + i)
    emails = [*others[:place], email, *others[place:]]
    return [{**each, "position": number} for each, number in zip(emails, [*low, wanted, *high], strict=True)]


def first_state(case: dict) -> State:
    """The sequence of a case before any change."""
    given = {key: value for key, value in case["sequence"].items() if value is not None}
    given["left_out"] = {date.fromisoformat(text) for text in case.get("left_out", ())}
    emails = [{"published": False, "send_days": None, "position": None, **email} for email in case["emails"]]
    unnamed = count(-1, -1)
    for email in emails:  # K2
        if email.get("id") is None:
            email["id"] = next(unnamed)
    emails.sort(key=lambda email: (email["position"] is None, email["position"] or 0))  # K2
    for before, email in pairwise([{"position": -1}, *emails]):
        if email["position"] is None:
            email["position"] = before["position"] + 1
    return State(
        {**SEQUENCE, **given}, tuple(emails), {**DEFAULTS, **case["assumptions"]}, case["include_drafts"]
    )


# ---------------------------------------------------------------- one subscriber


@dataclass
class Run:
    """One time through the sequence."""

    number: int
    via: str
    entered_at: datetime
    anchor: datetime
    zone: str | None = None  # its own
    status: str = "active"
    last: int | None = None  # the last email passed
    queued: int | None = None
    due: datetime | None = None
    holding: bool = False
    received: set[int] = field(default_factory=set)
    owed: set[int] = field(default_factory=set)  # K22
    sends: list[datetime] = field(default_factory=list)
    ended_at: datetime | None = None


class Subscriber:
    """One subscriber's way through a sequence: `act` at each instant that matters, in order."""

    def __init__(self, subscriber_id: object, state: State) -> None:
        self.id = subscriber_id
        self.state = state
        self.runs: list[Run] = []
        self.sources: set[tuple[str, int]] = set()
        self.blocked = False
        self.timeline: list[dict] = []
        self.journal: list[dict] = []

    @property
    def run(self) -> Run | None:
        """The run that is going on."""  # K14: never at two places
        return self.runs[-1] if self.runs and self.runs[-1].status == "active" else None

    def due(self) -> datetime | None:
        """When the next send is, as things stand."""
        return self.run.due if self.run and self.state.fields["active"] else None

    def note(self, at: datetime, what: str, email_id: int | None = None, *, outside: bool = False) -> None:
        number = None if outside else self.runs[-1].number
        row = {"subscriber_id": self.id, "run": number, "at": at, "what": what, "email_id": email_id}
        self.journal.append(row)

    def excluded(self) -> bool:
        sources = self.state.fields["exclude_subscriber_sources"]
        return any((source["type"], i) in self.sources for source in sources for i in source["ids"])

    def end(self, now: datetime, status: str) -> None:
        run = self.run
        if run:
            run.status, run.ended_at, run.queued, run.due = status, now, None, None
            self.note(now, "excluded_out" if status == "excluded" else status)

    # changes

    def change(self, now: datetime, change: dict, after: State) -> None:
        """Take one change of the sequence."""
        before, self.state, run = self.state, after, self.run
        if run is None:
            return
        if change["op"] == "delete_email" and change["email_id"] == run.last:  # K24
            place = before.place(run.last)
            run.last = before.emails[place - 1]["id"] if place > 0 else None
        new = {e["id"] for e in after.emails if after.published(e["id"]) and not before.published(e["id"])}
        if after.rules["earlier_insert"] == "send":  # K22
            run.owed |= {i for i in new if after.place(i) < after.place(run.last)} - run.received
        reactivated = after.fields["active"] and not before.fields["active"]
        self.look_up(now, new, reactivated=reactivated)

    def next_email(self) -> dict | None:
        """The first email after the last one passed that is to be queued."""  # K21
        counted = self.state.rules["draft_delay"] == "count"  # K12
        for email in self.state.emails[self.state.place(self.run.last) + 1 :]:
            if (counted or self.state.published(email["id"])) and email["id"] not in self.run.received:
                return email
        return None

    def look_up(self, now: datetime, new: Collection[int] = (), *, reactivated: bool = False) -> None:
        """Queue what is next, or end or hold the run where nothing is."""
        run, state, email = self.run, self.state, self.next_email()
        if email is None:
            run.queued = run.due = None
            if not self.holds():
                self.end(now, "completed")  # K15, K26
            elif not run.holding:
                run.holding = True
                self.note(now, "holding")
            return
        run.holding = False
        if email["id"] != run.queued:  # K21
            passed_by = run.queued is not None and email["id"] in new
            at_once = passed_by and state.rules["insert_before_next"] == "at_once"
            run.queued = email["id"]
            run.due = now if at_once else state.due(email, run.anchor, now, run.zone)
        elif state.snap(email, now, run.zone) is None:  # K11
            run.due = None
        elif run.due is None or state.rules["queued_emails"] == "reschedule":  # K11, K20
            run.due = state.due(email, run.anchor, now, run.zone)
        elif reactivated and run.due < now:  # K19
            run.due = state.snap(email, now, run.zone)

    def holds(self) -> bool:
        """Whether the run stays active where no email is left."""  # K15
        reading = self.state.rules["hold_without_automation"]
        if reading == "same" or self.run.via == "visual_automation":
            return self.state.fields["hold"]
        return reading == "stay"

    # events and entries

    def event(self, now: datetime, name: str, ref: int | None) -> None:
        """Take one event."""
        if name in JOINS:  # K16
            kind, inside = JOINS[name]
            (self.sources.add if inside else self.sources.discard)((kind, int(ref)))
        elif name in LEAVES:  # K17
            self.blocked |= LEAVES[name] == "cancelled"
            self.end(now, LEAVES[name])
        elif name == "resubscribed":  # K17
            self.blocked = False
        else:
            raise ValueError(f"no event of Kit's: {name}")

    def enter(self, now: datetime, via: str, zone: str | None = None) -> None:
        """Take one entry."""
        again, rules = bool(self.runs), self.state.rules
        unlisted = rules["restart_via"] == "listed" and via not in LISTED
        if self.blocked:  # K17
            self.note(now, "blocked", outside=True)
        elif again and (not self.state.fields["repeat"] or unlisted):  # K14
            self.note(now, "ignored", outside=True)
        elif self.excluded():  # K16
            self.note(now, "excluded", outside=True)
        else:
            self.end(now, "restarted")  # K14
            self.runs.append(Run(len(self.runs) + 1, via, now, anchor=now, zone=zone))
            self.note(now, "started")
            self.look_up(now)

    # sends

    def send(self, now: datetime, email_id: int) -> bool:
        """Send an email; whether it is passed."""
        run, place = self.run, self.state.place(email_id)  # K27
        row = {"subscriber_id": self.id, "run": run.number, "position": place}
        self.timeline.append({**row, "email_id": email_id, "send_at": now})
        run.sends.append(now)
        run.received.add(email_id)
        return True

    def send_owed(self, now: datetime) -> None:
        """Send what was published behind the subscriber."""  # K22
        run = self.run
        for email in self.state.emails[: max(self.state.place(run.last), 0)]:
            if email["id"] in run.owed - run.received and self.state.published(email["id"]):
                if self.excluded():
                    self.note(now, "excluded", email["id"])
                else:
                    self.send(now, email["id"])
        run.owed.clear()

    def send_due(self, now: datetime) -> None:
        """Pass the queued email, with or without a send, and queue the next."""
        run, email_id = self.run, self.run.queued
        if not self.state.published(email_id):  # K12
            self.note(now, "draft", email_id)
        elif self.excluded():  # K16
            self.note(now, "excluded", email_id)
            if self.state.rules["excluded_midway"] == "end_run":
                self.end(now, "excluded")
                return
        elif not self.send(now, email_id):
            return
        run.last, run.anchor, run.queued = email_id, now, None  # K6
        self.look_up(now)

    def act(self, now: datetime, changes: list, events: list[dict], entries: list[dict]) -> None:
        """Everything of one instant, in the order of K18."""
        for change, after in changes:
            self.change(now, change, after)
        for event in events:
            self.event(now, event["event"], event.get("ref"))
        for entry in entries:
            self.enter(now, entry.get("via") or "api", entry.get("time_zone"))
        if self.state.fields["active"] and self.run:  # K19
            self.send_owed(now)
        while self.due() == now:
            self.send_due(now)

    def row_of(self, run: Run) -> dict:
        return {
            "subscriber_id": self.id,
            "run": run.number,
            "via": run.via,
            "entered_at": run.entered_at,
            "status": run.status,
            "sends": len(run.sends),
            "last_send_at": max(run.sends, default=None),
            "next_email_id": run.queued,
            "next_send_at": run.due if self.state.fields["active"] else None,  # K27
            "ended_at": run.ended_at,
        }


# ---------------------------------------------------------------- a whole case


def by_instant(rows: list[dict], key: str, until: datetime | None) -> dict[datetime, list[dict]]:
    """Rows by their instant, those of one instant in the order given, without those from until on."""
    found: dict[datetime, list[dict]] = {}
    for row in rows:
        if until is None or instant(row[key]) < until:
            found.setdefault(instant(row[key]), []).append(row)
    return found


def follow(case: dict, subscriber_id: object) -> Subscriber:
    """One subscriber's whole way through the sequence of a case."""
    until = instant(case["until"]) if case["until"] else None
    mine = [
        [r for r in case.get(k) or [] if r["subscriber_id"] == subscriber_id] for k in ("entries", "events")
    ]
    entries, events = by_instant(mine[0], "entered_at", until), by_instant(mine[1], "at", until)
    state, changes = first_state(case), {}
    subscriber = Subscriber(subscriber_id, state)
    for at, given in sorted(by_instant(case.get("changes") or [], "at", until).items()):
        changes[at] = []
        for change in given:
            state = state.after(change)
            changes[at].append((change, state))
    agenda = sorted({*entries, *events, *changes})
    while agenda or subscriber.due():
        now = min(t for t in (*agenda[:1], subscriber.due()) if t is not None)
        if until is not None and now >= until:
            break
        agenda = agenda[1:] if agenda and agenda[0] == now else agenda
        subscriber.act(now, changes.get(now, []), events.get(now, []), entries.get(now, []))
    return subscriber


def simulate(case: dict) -> dict[str, list[dict]]:
    """`timeline`, `subscribers` (a row a run) and `journal` of a case, subscriber by subscriber."""
    ids = dict.fromkeys(entry["subscriber_id"] for entry in case["entries"])
    followed = [follow(case, subscriber_id) for subscriber_id in ids]
    return {
        "timeline": [row for subscriber in followed for row in subscriber.timeline],
        "subscribers": [subscriber.row_of(run) for subscriber in followed for run in subscriber.runs],
        "journal": [row for subscriber in followed for row in subscriber.journal],
    }


def project(case: dict) -> list[dict]:
    """The timeline: `subscriber_id, run, position, email_id, send_at` (aware, UTC), a row a send."""
    return simulate(case)["timeline"]
