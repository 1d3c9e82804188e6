"""Accounts worked by hand from the rules: what goes out when, and what else happens.

All of it is in June 2026 (the 1st is a Monday) and in UTC: "1 08:00" is the 1st at 08:00. Sequences of Kit's send on
every day, day-based emails at 09:00, hour-based ones on polls (:00, :15, …). An email of Kit's is named by its
sequence and its place (101.0), one of Sequenzy's by its id. The journal is without `started` and `completed`.
"""

from typing import Any

Row = dict[str, Any]

WORKED: list[Row] = []
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
AT_ONCE, DRAFT = (0, "days"), (1, "hours", False)


def at(text: str) -> str:
    day, time = text.split()
    return f"2026-06-{int(day):02}T{time}:00+00:00"


def hours(n: int) -> tuple[int, str]:
    return (n, "hours")


def days(n: int) -> tuple[int, str]:
    return (n, "days")


def kit(sequence_id: int, *emails: Any, excludes: Any = (), tags: Any = (), **fields: Any) -> Row:
    """A sequence of Kit's: its delays, and the sequences and tags that it excludes."""
    sources = [{"type": "sequence", "ids": list(excludes)}] if excludes else []
    sources += [{"type": "tag", "ids": list(tags)}] if tags else []
    sequence = {
        "id": sequence_id,
        "name": f"Kit {sequence_id}",
        "send_days": WEEKDAYS,
        "send_hour": 9,
        "time_zone": "UTC",
        "exclude_subscriber_sources": sources,
        **fields,
    }
    rows = [
        {
            "id": sequence_id * 10 + n,
            "subject": f"{sequence_id}.{n}",
            "position": n,
            "delay_value": email[0],
            "delay_unit": email[1],
            "published": len(email) == 2,
        }
        for n, email in enumerate(emails)
    ]
    return {"platform": "kit", "payload": {"sequence": sequence, "emails": rows}}


def mail(name: str, **wait: float) -> Row:
    return {"id": name, "subject": name, "html": "<p>Hello</p>", **({"delay": wait} if wait else {})}


def does(name: str, kind: str, **fields: Any) -> Row:
    return {"id": name, "type": kind, **fields}


def sequenzy(name: str, *steps: Row, **fields: Any) -> Row:
    """A sequence of Sequenzy's, begun by its entries where no trigger is given."""
    return {"platform": "sequenzy", "payload": {"name": name, **fields, "steps": list(steps)}}


def by_tag(name: str) -> Row:
    return {"trigger": "tag_added", "tagName": name}


def entries(*rows: tuple[Any, str] | tuple[Any, str, str]) -> list[Row]:
    """Entries of `sequence, instant` and, where it is not "a", the subscriber."""
    found = []
    for sequence_id, t, *who in rows:
        found.append({"sequence_id": sequence_id, "subscriber_id": (*who, "a")[0], "entered_at": at(t)})
    return found


def events(*rows: Any) -> list[Row]:
    """Events of `instant, name` and, where there is one, ref; of "a" unless a dict of others follows."""
    found = []
    for row in rows:
        others = row[-1] if isinstance(row[-1], dict) else {}
        t, name, *ref = row[:-1] if others else row
        event = {"subscriber_id": "a", "at": at(t), "event": name, "ref": ref[0] if ref else None}
        found.append({**event, **others})
    return found


def broadcast(t: str, **fields: Any) -> Row:
    return {"at": at(t), "subject": "News", **fields}


def cap(most: int, window: str, on_excess: str = "defer", priority: Any = ()) -> Row:
    return {"most": most, "window": window, "on_excess": on_excess, "priority": list(priority)}


def worked(rules: str, why: str, sent: list[Any], noted: list[Any] = (), **case: Any) -> None:
    """Keep an example: `sent` are (instant, mail, subscriber), `noted` (instant, sequence, what, email)."""
    statuses = case.pop("statuses", None)
    parts = {"entries": [], "events": [], "broadcasts": [], "cap": None, "assumptions": {}, "until": None}
    parts |= {"enabled_at": None, "changes": {}, "seed": None}
    kept = {"case": {**parts, **case}, "sent": sent, "noted": list(noted), "statuses": statuses}
    WORKED.append({"rules": rules.split(), "why": why, **kept})


JOINED = {"kit": {"excluded_sequence_membership": "joined"}}
END_RUN = {"kit": {"excluded_midway": "end_run"}}

# ---------------------------------------------------------------- A1, N5: broadcasts; drafts and inactive sequences

worked(
    "A1 N5",
    # At 12:00 on the 1st a has entered and b stands in an event; c enters on the 2nd, so is nobody yet.
    "a broadcast goes to all who stand in an entry or event by then",
    sequences=[kit(101, AT_ONCE)],
    entries=entries((101, "1 08:00"), (101, "2 08:00", "c")),
    events=events(("1 07:00", "tag_added", 7, {"subscriber_id": "b"})),
    broadcasts=[broadcast("1 12:00")],
    sent=[
        ("1 08:00", "101.0", "a"),
        ("1 12:00", "news 0", "a"),
        ("1 12:00", "news 0", "b"),
        ("2 08:00", "101.0", "c"),
    ],
)
worked(
    "A1 N5",
    # z has entered nothing and need not have; a has unsubscribed at 11:00 and is not sent it.
    "a broadcast with subscriber_id goes to that one alone, a stranger too, not to who has left",
    sequences=[kit(101, AT_ONCE)],
    entries=entries((101, "1 08:00"), (101, "1 08:00", "b")),
    events=events(("1 11:00", "unsubscribed")),
    broadcasts=[broadcast("1 12:00", subscriber_id="z"), broadcast("1 12:00", subscriber_id="a")],
    sent=[("1 08:00", "101.0", "a"), ("1 08:00", "101.0", "b"), ("1 12:00", "news 0", "z")],
)
worked(
    "A1 A3 N2",
    # 101: at once 08:00; the draft is passed over, so the third waits 1 hour from 08:00. 102 is inactive: it sends
    # nothing, but its run waits and is active, so 103, which excludes it, does not take a in at 10:00.
    "drafts and inactive sequences play the part that they play alone",
    sequences=[
        kit(101, AT_ONCE, DRAFT, hours(1)),
        kit(102, AT_ONCE, active=False),
        kit(103, AT_ONCE, excludes=[102]),
    ],
    entries=entries((101, "1 08:00"), (102, "1 08:00"), (103, "1 10:00")),
    sent=[("1 08:00", "101.0", "a"), ("1 09:00", "101.2", "a")],
    noted=[("1 10:00", 103, "excluded", None)],
)
worked(
    "N5",
    # vip from 08:30 on; the step of S takes it away at 10:00. Of one instant the broadcast is before steps: the one at
    # 10:00 still goes. The one at 10:01 does not.
    "an audience is who is in it at that instant; what a step did before counts",
    sequences=[sequenzy("S", does("n1", "remove_tag", tagName="vip", delay={"hours": 2}))],
    entries=entries(("S", "1 08:00")),
    events=events(("1 08:30", "tag_added", "vip")),
    broadcasts=[broadcast(t, audience="vip") for t in ("1 08:29", "1 08:30", "1 10:00", "1 10:01")],
    sent=[("1 08:30", "news 1", "a"), ("1 10:00", "news 2", "a")],
    noted=[("1 10:00", "S", "remove_tag", "n1")],
)
worked(
    "N5",
    # Bounced at 09:00: not at 09:00 either (events first). Resubscribed at 11:00: at 11:00 again.
    "who has left gets none until they come back",
    sequences=[kit(101, AT_ONCE)],
    entries=entries((101, "1 08:00")),
    events=events(("1 09:00", "bounced"), ("1 11:00", "resubscribed")),
    broadcasts=[broadcast(t) for t in ("1 08:00", "1 09:00", "1 10:00", "1 11:00")],
    sent=[("1 08:00", "news 0", "a"), ("1 08:00", "101.0", "a"), ("1 11:00", "news 3", "a")],
)
worked(
    "N5 A1",
    # Form 8 is joined at 08:30 and never left; segment 5 is left at 09:30.
    "an audience may be a form or a segment; nothing at or after until goes out",
    sequences=[kit(101, AT_ONCE)],
    entries=entries((101, "1 08:00")),
    events=events(
        ("1 08:30", "form_joined", 8), ("1 09:00", "segment_entered", 5), ("1 09:30", "segment_left", 5)
    ),
    broadcasts=[
        broadcast(t, audience=ref)
        for t, ref in (("1 08:00", 8), ("1 09:00", 5), ("1 09:30", 5), ("1 10:00", 8), ("1 11:00", 8))
    ],
    until=at("1 11:00"),
    sent=[("1 08:00", "101.0", "a"), ("1 09:00", "news 1", "a"), ("1 10:00", "news 3", "a")],
)

# ---------------------------------------------------------------- A2: the union

worked(
    "A2",
    # 101: 08:00, then the slot of the next date. S: enrolled by the tag at 08:00, at once and 3 hours later.
    "sequences that have nothing to do with each other are as they are alone",
    sequences=[kit(101, AT_ONCE, days(1)), sequenzy("S", mail("m1"), mail("m2", hours=3), **by_tag("7"))],
    entries=entries((101, "1 08:00")),
    events=events(("1 08:00", "tag_added", "7")),
    sent=[
        ("1 08:00", "101.0", "a"),
        ("1 08:00", "m1", "a"),
        ("1 11:00", "m2", "a"),
        ("2 09:00", "101.1", "a"),
    ],
)
worked(
    "A2",
    # One log: unsubscribed at 08:30 ends the run of each and keeps a out of 102 at 09:00.
    "the log is one for all: who unsubscribes leaves every sequence",
    sequences=[kit(101, AT_ONCE, hours(1)), kit(102, AT_ONCE), sequenzy("S", mail("m1", hours=1))],
    entries=entries((101, "1 08:00"), ("S", "1 08:00"), (102, "1 09:00")),
    events=events(("1 08:30", "unsubscribed")),
    sent=[("1 08:00", "101.0", "a")],
    noted=[
        ("1 08:30", 101, "cancelled", None),
        ("1 08:30", "S", "cancelled", None),
        ("1 09:00", 102, "blocked", None),
    ],
)
worked(
    "A2",
    # Tag 7 from 08:30 on. 101 excludes it: its mail of 09:00 is passed, its next one is due 1 hour after that, when
    # the tag is gone (09:30). 102 does not.
    "an exclusion by a tag of the log is the sequence's own",
    sequences=[kit(101, AT_ONCE, hours(1), hours(1), tags=[7]), kit(102, AT_ONCE, hours(1))],
    entries=entries((101, "1 08:00"), (102, "1 08:00")),
    events=events(("1 08:30", "tag_added", 7), ("1 09:30", "tag_removed", 7)),
    sent=[
        ("1 08:00", "101.0", "a"),
        ("1 08:00", "102.0", "a"),
        ("1 09:00", "102.1", "a"),
        ("1 10:00", "101.2", "a"),
    ],
    noted=[("1 09:00", 101, "excluded", 1011)],
)

# ---------------------------------------------------------------- A3, N2: exclusions between sequences

TWO_HOURS = [kit(101, AT_ONCE, hours(2)), kit(102, AT_ONCE, excludes=[101])]
worked(
    "A3 N2 N1",
    # 101 is active from 08:00 until its last mail has gone, at 10:00. An entry to 102 at 10:00 comes before that
    # step: still excluded. At 10:01 a is in 101 no more. What was excluded before does not count as a run.
    "active: from the start of the run to its end, and entries come before steps",
    sequences=TWO_HOURS,
    entries=entries((101, "1 08:00"), (102, "1 09:00"), (102, "1 10:00"), (102, "1 10:01")),
    sent=[("1 08:00", "101.0", "a"), ("1 10:00", "101.1", "a"), ("1 10:01", "102.0", "a")],
    noted=[("1 09:00", 102, "excluded", None), ("1 10:00", 102, "excluded", None)],
)
worked(
    "A3 N2",
    # a had a run of 101 from 08:00 on, b never. On the 9th it has long been over.
    "joined: from the first run on, for ever; whoever never had one is not in",
    sequences=TWO_HOURS,
    entries=entries((101, "1 08:00"), (102, "1 09:00"), (102, "9 10:01"), (102, "1 09:00", "b")),
    assumptions=JOINED,
    sent=[("1 08:00", "101.0", "a"), ("1 10:00", "101.1", "a"), ("1 09:00", "102.0", "b")],
    noted=[("1 09:00", 102, "excluded", None), ("9 10:01", 102, "excluded", None)],
)
MIDWAY = [kit(101, AT_ONCE, hours(1), hours(1), excludes=[102]), kit(102, AT_ONCE, hours(1))]
worked(
    "A3 N2",
    # 102 is active from 08:30 to 09:30 (08:30 + 1 hour is a poll). 101's mail of 09:00 is passed at 09:00; the next is
    # due an hour later, at 10:00, when 102 is over.
    "an email that comes due while its subscriber is in the other sequence is passed",
    sequences=MIDWAY,
    entries=entries((101, "1 08:00"), (102, "1 08:30")),
    sent=[
        ("1 08:00", "101.0", "a"),
        ("1 08:30", "102.0", "a"),
        ("1 09:30", "102.1", "a"),
        ("1 10:00", "101.2", "a"),
    ],
    noted=[("1 09:00", 101, "excluded", 1011)],
)
worked(
    "A3 N2",
    # The same under end_run: 101 ends at 09:00, and from then on a is not in it. 103's entry of 09:00 comes before
    # the step that ends 101, so it is kept out; that of 09:01 is not.
    "a run that an exclusion ended makes nobody a member",
    sequences=[*MIDWAY, kit(103, AT_ONCE, excludes=[101])],
    entries=entries((101, "1 08:00"), (102, "1 08:30"), (103, "1 09:00"), (103, "1 09:01")),
    assumptions=END_RUN,
    sent=[
        ("1 08:00", "101.0", "a"),
        ("1 08:30", "102.0", "a"),
        ("1 09:01", "103.0", "a"),
        ("1 09:30", "102.1", "a"),
    ],
    noted=[
        ("1 09:00", 103, "excluded", None),
        ("1 09:00", 101, "excluded", 1011),
        ("1 09:00", 101, "excluded_out", None),
    ],
    statuses=["excluded", "completed", "completed"],
)
LAST = [kit(101, AT_ONCE, hours(1), excludes=[102]), kit(102, hours(1))]
worked(
    "A3 N1 N2",
    # Both due at 09:00. 101 comes first: 102 has not sent its last mail yet, so a is in it.
    "of two steps at one instant the first sequence's is first",
    sequences=LAST,
    entries=entries((101, "1 08:00"), (102, "1 08:00")),
    sent=[("1 09:00", "102.0", "a")],
    noted=[("1 08:00", 101, "excluded", 1010), ("1 09:00", 101, "excluded", 1011)],
)
worked(
    "A3 N1 N2",
    # 101.0 goes before 102 begins. 102: 08:01 + 1 hour = 09:01, so at the poll of 09:15; 101.1, due at 09:00, comes
    # while that mail is waited for, and is passed.
    "a run that waits for its last mail is active",
    sequences=LAST[::-1],
    entries=entries((101, "1 08:00"), (102, "1 08:01")),
    sent=[("1 08:00", "101.0", "a"), ("1 09:15", "102.0", "a")],
    noted=[("1 09:00", 101, "excluded", 1011)],
)
worked(
    "A3 N1 N2",
    # 102: 07:50 + 1 hour is the poll of 09:00; 101.1: 07:49 + 1 hour, 09:00 as well. 102 is first in the account: it
    # sends, completes, and 101's mail finds a in nothing. (101.0 went at 07:49, before 102 began.)
    "a run that ends at an instant has ended for the steps after it",
    sequences=LAST[::-1],
    entries=entries((101, "1 07:49"), (102, "1 07:50")),
    sent=[("1 07:49", "101.0", "a"), ("1 09:00", "102.0", "a"), ("1 09:00", "101.1", "a")],
)
worked(
    "N2",
    # 101 (repeat) is restarted by the entry at 08:30: the run of 08:00 ends and the next begins at once, so the entry
    # to 102, at that instant and after it, still finds a inside.
    "who is restarted is in again at once",
    sequences=[kit(101, AT_ONCE, hours(2), repeat=True), kit(102, AT_ONCE, excludes=[101])],
    entries=entries((101, "1 08:00"), (101, "1 08:30"), (102, "1 08:30")),
    sent=[("1 08:00", "101.0", "a"), ("1 08:30", "101.0", "a"), ("1 10:30", "101.1", "a")],
    noted=[("1 08:30", 101, "restarted", None), ("1 08:30", 102, "excluded", None)],
)
worked(
    "N2 N1",
    # removed at 09:00 is an event, before the entry of that instant.
    "who is removed at an instant is out for its entries",
    sequences=TWO_HOURS,
    entries=entries((101, "1 08:00"), (102, "1 09:00")),
    events=events(("1 09:00", "removed")),
    sent=[("1 08:00", "101.0", "a"), ("1 09:00", "102.0", "a")],
    noted=[("1 09:00", 101, "removed", None)],
)
worked(
    "N2",
    # 900 is nobody's: it is in the log. 101 is in the account, so the log has no word in it.
    "sequences outside the account are as the log says",
    sequences=[kit(101, AT_ONCE, hours(1), excludes=[900])],
    entries=entries((101, "1 08:00"), (101, "1 08:00", "b")),
    events=events(("1 08:30", "sequence_joined", 900)),
    sent=[("1 08:00", "101.0", "a"), ("1 08:00", "101.0", "b"), ("1 09:00", "101.1", "b")],
    noted=[("1 09:00", 101, "excluded", 1011)],
)
ONLY_DRAFTS = [kit(101, DRAFT), kit(102, AT_ONCE, excludes=[101])]
worked(
    "N2",
    # 101 has nothing published: its run completes at its entry. a was in it, but is no more when 102's entry comes.
    "a run that completes at once is over at once",
    sequences=ONLY_DRAFTS,
    entries=entries((101, "1 08:00"), (102, "1 08:00")),
    sent=[("1 08:00", "102.0", "a")],
)
worked(
    "N2",
    "but under joined there was one",
    sequences=ONLY_DRAFTS,
    entries=entries((101, "1 08:00"), (102, "1 08:00")),
    assumptions=JOINED,
    sent=[],
    noted=[("1 08:00", 102, "excluded", None)],
)

# ---------------------------------------------------------------- A4: circles

MUTUAL = [kit(101, AT_ONCE, hours(2), excludes=[102]), kit(102, AT_ONCE, hours(2), excludes=[101])]
worked(
    "A4 N1",
    # Entries of one instant: 101's first. It is in, so 102's is excluded. So 101's mails find a in nothing.
    "of two that exclude each other the first of the account wins a tie",
    sequences=MUTUAL,
    entries=entries((102, "1 08:00"), (101, "1 08:00")),
    sent=[("1 08:00", "101.0", "a"), ("1 10:00", "101.1", "a")],
    noted=[("1 08:00", 102, "excluded", None)],
)
worked(
    "A4",
    # 101 at 07:59, excluded by nothing; 102 at 08:00 excluded; 102 again at 10:30, when 101 is over (09:59 + poll:
    # 10:00); 101's second entry at 11:00 is ignored, as it does not repeat. b: 102 first, and 101 is kept out.
    "and each keeps the other out for as long as it runs",
    sequences=MUTUAL,
    entries=entries(
        (101, "1 07:59"),
        (102, "1 08:00"),
        (102, "1 10:30"),
        (101, "1 11:00"),
        (102, "1 08:00", "b"),
        (101, "1 09:00", "b"),
    ),
    sent=[
        ("1 07:59", "101.0", "a"),
        ("1 10:00", "101.1", "a"),
        ("1 10:30", "102.0", "a"),
        ("1 12:30", "102.1", "a"),
        ("1 08:00", "102.0", "b"),
        ("1 10:00", "102.1", "b"),
    ],
    noted=[
        ("1 08:00", 102, "excluded", None),
        ("1 11:00", 101, "ignored", None),
        ("1 09:00", 101, "excluded", None),
    ],
)
RING = [
    kit(101, AT_ONCE, hours(1), excludes=[102]),
    kit(102, AT_ONCE, hours(1), excludes=[103]),
    kit(103, AT_ONCE, hours(1), excludes=[101]),
]
worked(
    "A4 A3",
    # Entries in turn: 101 (a is not in 102), 102 (not in 103), 103: a is in 101, excluded. Then steps: 101.0: a is in
    # 102, passed. 102.0: not in 103, sent. At 09:00 101.1: a is in 102 still, passed, and 101 completes. 102.1 sent.
    "a circle of three, all at one instant: no fixed point, but an answer",
    sequences=RING,
    entries=entries((101, "1 08:00"), (102, "1 08:00"), (103, "1 08:00")),
    sent=[("1 08:00", "102.0", "a"), ("1 09:00", "102.1", "a")],
    noted=[
        ("1 08:00", 103, "excluded", None),
        ("1 08:00", 101, "excluded", 1010),
        ("1 09:00", 101, "excluded", 1011),
    ],
)
worked(
    "A4",
    # 103 at 08:00 (not in 101), 102 at 08:15 (in 103: excluded), 101 at 08:30 (not in 102): sent at once. 103.1 at
    # 09:00: a is in 101: passed, 103 is over. 101.1 at 09:30: not in 102. 102 at 09:30: not in 103: enters, first:
    # entries come before steps, so 101.1 finds a in 102 and is passed.
    "a circle of three, one after the other",
    sequences=RING,
    entries=entries((103, "1 08:00"), (102, "1 08:15"), (101, "1 08:30"), (102, "1 09:30")),
    sent=[
        ("1 08:00", "103.0", "a"),
        ("1 08:30", "101.0", "a"),
        ("1 09:30", "102.0", "a"),
        ("1 10:30", "102.1", "a"),
    ],
    noted=[
        ("1 08:15", 102, "excluded", None),
        ("1 09:00", 103, "excluded", 1031),
        ("1 09:30", 101, "excluded", 1011),
    ],
)

# ---------------------------------------------------------------- N3: who is kept out is in nothing

worked(
    "N3 A3",
    # 102's only entry is excluded by 101, so there was no run of it, and 103, which excludes 102, takes a in.
    "an excluded entry makes nobody a member, under joined either",
    sequences=[
        kit(101, AT_ONCE, hours(2)),
        kit(102, AT_ONCE, excludes=[101]),
        kit(103, AT_ONCE, excludes=[102]),
    ],
    entries=entries((101, "1 08:00"), (102, "1 08:30"), (103, "1 08:30")),
    assumptions=JOINED,
    sent=[("1 08:00", "101.0", "a"), ("1 08:30", "103.0", "a"), ("1 10:00", "101.1", "a")],
    noted=[("1 08:30", 102, "excluded", None)],
)
worked(
    "N3",
    # 101 is over at 08:00. The entry of 09:00 is ignored (no repeat): no run, so 102 takes a in at that instant.
    "an ignored entry makes nobody a member",
    sequences=[kit(101, AT_ONCE), kit(102, AT_ONCE, excludes=[101])],
    entries=entries((101, "1 08:00"), (101, "1 09:00"), (102, "1 09:00")),
    sent=[("1 08:00", "101.0", "a"), ("1 09:00", "102.0", "a")],
    noted=[("1 09:00", 101, "ignored", None)],
)
worked(
    "N3",
    # Unsubscribed from 07:00 to 08:30: 101's entry is blocked. 102's at 09:00 is not, and there was no run of 101.
    "a blocked entry makes nobody a member",
    sequences=[kit(101, AT_ONCE, hours(9)), kit(102, AT_ONCE, excludes=[101])],
    entries=entries((101, "1 08:00"), (102, "1 09:00")),
    events=events(("1 07:00", "unsubscribed"), ("1 08:30", "resubscribed")),
    assumptions=JOINED,
    sent=[("1 09:00", "102.0", "a")],
    noted=[("1 08:00", 101, "blocked", None)],
)

# ---------------------------------------------------------------- A5, N4: what steps do

TAGS_AT_NINE = [
    sequenzy("S", does("n1", "add_tag", tagName="7", delay={"hours": 1})),
    kit(101, hours(1), tags=[7]),
]
worked(
    "A5 N1 N4",
    # Both at 09:00, S first: a has tag 7 when 101's mail is looked at.
    "a tag that a step adds is there for what comes after it at that instant",
    sequences=TAGS_AT_NINE,
    entries=entries(("S", "1 08:00"), (101, "1 08:00")),
    sent=[],
    noted=[("1 09:00", "S", "add_tag", "n1"), ("1 09:00", 101, "excluded", 1010)],
)
worked(
    "A5 N1",
    "and not for what comes before it",
    sequences=TAGS_AT_NINE[::-1],
    entries=entries(("S", "1 08:00"), (101, "1 08:00")),
    sent=[("1 09:00", "101.0", "a")],
    noted=[("1 09:00", "S", "add_tag", "n1")],
)
worked(
    "A5 N1",
    # Events before entries: the tag of 08:00 keeps a out of 101 at 08:00, and enrols in S, whose mail goes at once.
    "a tag of the log is there for the entries of its instant",
    sequences=[kit(101, AT_ONCE, tags=[7]), sequenzy("S", mail("m1"), **by_tag("7"))],
    entries=entries((101, "1 08:00")),
    events=events(("1 08:00", "tag_added", "7")),
    sent=[("1 08:00", "m1", "a")],
    noted=[("1 08:00", 101, "excluded", None)],
)
worked(
    "A5 N4",
    # S adds vip at 09:00. T branches at 09:30: vip, so "yes". b has no S: "no".
    "a branch sees the tag that another sequence's step added",
    sequences=[
        sequenzy("S", does("n1", "add_tag", tagName="vip", delay={"hours": 1})),
        sequenzy(
            "T",
            {
                "id": "b",
                "type": "branch",
                "delay": {"minutes": 90},
                "branches": [{"conditionType": "has_tag", "tagName": "vip", "steps": [mail("yes")]}],
                "elseSteps": [mail("no")],
            },
        ),
    ],
    entries=entries(("S", "1 08:00"), ("T", "1 08:00"), ("T", "1 08:00", "b")),
    sent=[("1 09:30", "yes", "a"), ("1 09:30", "no", "b")],
    noted=[("1 09:00", "S", "add_tag", "n1")],
)
worked(
    "N4 A5",
    # S adds x at 09:00: T, begun by x, enrols at 09:00 and sends at once, and an hour later. T has no rows.
    "a step enrols where its tag is the trigger, at that instant",
    sequences=[
        sequenzy("S", does("n1", "add_tag", tagName="x", delay={"hours": 1})),
        sequenzy("T", mail("m1"), mail("m2", hours=1), **by_tag("x")),
    ],
    entries=entries(("S", "1 08:00")),
    sent=[("1 09:00", "m1", "a"), ("1 10:00", "m2", "a")],
    noted=[("1 09:00", "S", "add_tag", "n1")],
)
worked(
    "N4",
    # The log's x begins S at 08:00. Its own step adds x again: no second run of S, but T, begun by x too, gets one by
    # each: at 08:00 by the log and at 09:00 by the step.
    "a step never enrols into its own sequence",
    sequences=[
        sequenzy("S", does("n1", "add_tag", tagName="x", delay={"hours": 1}), mail("m1"), **by_tag("x")),
        sequenzy("T", mail("m2"), **by_tag("x")),
    ],
    events=events(("1 08:00", "tag_added", "x")),
    sent=[("1 08:00", "m2", "a"), ("1 09:00", "m1", "a"), ("1 09:00", "m2", "a")],
    noted=[("1 09:00", "S", "add_tag", "n1")],
)
worked(
    "N4 N1",
    # x begins S at 08:00, which adds y at 09:00: T enrols and adds x at once: S is asked again, but is one_time:
    # repeated. T's mail goes after its own step.
    "there and back again, under the enrolment mode",
    sequences=[
        sequenzy(
            "S",
            mail("m1"),
            does("n1", "add_tag", tagName="y", delay={"hours": 1}),
            **by_tag("x"),
            enrollmentMode="one_time",
        ),
        sequenzy("T", does("n2", "add_tag", tagName="x"), mail("m2"), **by_tag("y")),
    ],
    events=events(("1 08:00", "tag_added", "x")),
    sent=[("1 08:00", "m1", "a"), ("1 09:00", "m2", "a")],
    noted=[
        ("1 09:00", "S", "add_tag", "n1"),
        ("1 09:00", "T", "add_tag", "n2"),
        ("1 09:00", "S", "repeated", None),
    ],
)
worked(
    "N4",
    # S unsubscribes a at 09:00. 101's run, with a mail due at 10:00, ends then; T's too; 102's entry is blocked. The
    # run of S itself ends as well. b goes on.
    "a step that unsubscribes ends all runs and blocks",
    sequences=[
        sequenzy(
            "S",
            does("n1", "update_subscriber", config={"status": "unsubscribed"}, delay={"hours": 1}),
            mail("m1"),
        ),
        kit(101, hours(2)),
        sequenzy("T", mail("m2", hours=2)),
        kit(102, AT_ONCE),
    ],
    entries=entries(
        ("S", "1 08:00"), (101, "1 08:00"), ("T", "1 08:00"), (102, "1 09:30"), (101, "1 08:00", "b")
    ),
    sent=[("1 10:00", "101.0", "b")],
    noted=[
        ("1 09:00", "S", "update_subscriber", "n1"),
        ("1 09:00", "S", "cancelled", None),
        ("1 09:00", 101, "cancelled", None),
        ("1 09:00", "T", "cancelled", None),
        ("1 09:30", 102, "blocked", None),
    ],
)
worked(
    "N4 A5",
    # The list begins T at 09:00; the field that S sets then makes T's branch at 10:00 take its first path.
    "lists and fields that steps change act for all",
    sequences=[
        sequenzy(
            "S",
            does("n1", "add_to_list", listId="L1", delay={"hours": 1}),
            does(
                "n2",
                "update_subscriber",
                config={"customAttributeUpdates": [{"name": "plan", "value": "pro"}]},
            ),
        ),
        sequenzy(
            "T",
            {
                "id": "b",
                "type": "branch",
                "delay": {"hours": 1},
                "branches": [
                    {
                        "conditionType": "field_equals",
                        "fieldName": "plan",
                        "fieldValue": "pro",
                        "steps": [mail("pro")],
                    }
                ],
                "elseSteps": [mail("free")],
            },
            trigger="contact_added",
            listId="L1",
        ),
    ],
    entries=entries(("S", "1 08:00")),
    sent=[("1 10:00", "pro", "a")],
    noted=[("1 09:00", "S", "add_to_list", "n1"), ("1 09:00", "S", "update_subscriber", "n2")],
)
worked(
    "N4",
    # T has rows, so it looks at no trigger (N8): x by a step enrols nobody. Its stop condition sees x at 10:00.
    "a sequence with rows is not begun by steps, but its stop condition sees them",
    sequences=[
        sequenzy("S", does("n1", "add_tag", tagName="x", delay={"hours": 1})),
        sequenzy(
            "T",
            mail("m1"),
            mail("m2", hours=2),
            stopCondition={"type": "has_tag", "value": "x"},
            **by_tag("x"),
        ),
    ],
    entries=entries(("S", "1 08:00"), ("T", "1 08:00")),
    sent=[("1 08:00", "m1", "a")],
    noted=[("1 09:00", "S", "add_tag", "n1"), ("1 10:00", "T", "stopped", None)],
)

# ---------------------------------------------------------------- A6, N6: caps

PUBLISHED_BEFORE = {
    "at": at("1 10:00"),
    "op": "create_email",
    "fields": {
        "id": 9000,
        "subject": "First",
        "delay_value": 1,
        "delay_unit": "hours",
        "published": True,
        "position": 0,
    },
}
THREE = [kit(101, AT_ONCE, hours(2), hours(1))]
worked(
    "A6 N6",
    # 08:00 sent. 10:00: one in the day before; room from the 2nd at 08:00, which is a poll and exactly one day later
    # (half open). The next waits an hour from there: due 09:00 on the 2nd, deferred to 08:00 on the 3rd.
    "defer: to the first instant at which there is room, and the next waits from the actual send",
    sequences=THREE,
    entries=entries((101, "1 08:00")),
    cap=cap(1, "1 days"),
    sent=[("1 08:00", "101.0", "a"), ("2 08:00", "101.1", "a"), ("3 08:00", "101.2", "a")],
    noted=[("1 10:00", 101, "deferred", 1011), ("2 09:00", 101, "deferred", 1012)],
)
worked(
    "A6 N6",
    # 10:00 capped and passed there; the next is due at 11:00, capped too. Nothing is left: completed at 11:00.
    "skip: passed at its due instant, the next waits from there",
    sequences=THREE,
    entries=entries((101, "1 08:00")),
    cap=cap(1, "1 days", "skip"),
    sent=[("1 08:00", "101.0", "a")],
    noted=[("1 10:00", 101, "capped", 1011), ("1 11:00", 101, "capped", 1012)],
)
worked(
    "A6 N6",
    # 2 in 3 hours: 08:00, 10:00; 11:00: two in (08:00, 11:00]? 08:00 is out (half open), so one: it goes.
    "a window is half open",
    sequences=THREE,
    entries=entries((101, "1 08:00")),
    cap=cap(2, "3 hours"),
    sent=[("1 08:00", "101.0", "a"), ("1 10:00", "101.1", "a"), ("1 11:00", "101.2", "a")],
)
BOTH_AT_NINE = [kit(101, hours(1)), kit(102, hours(1))]
worked(
    "A6 N1",
    # Both due at 09:00; 102 has priority and goes, 101 waits a day.
    "of mails due at one instant priority goes first",
    sequences=BOTH_AT_NINE,
    entries=entries((101, "1 08:00"), (102, "1 08:00")),
    cap=cap(1, "1 days", priority=[102]),
    sent=[("1 09:00", "102.0", "a"), ("2 09:00", "101.0", "a")],
    noted=[("1 09:00", 101, "deferred", 1010)],
)
worked(
    "A6 N1",
    # Without it the order of the account. At 09:00 on the 2nd 102 goes.
    "then the order of the account",
    sequences=BOTH_AT_NINE,
    entries=entries((102, "1 08:00"), (101, "1 08:00")),
    cap=cap(1, "1 days"),
    sent=[("1 09:00", "101.0", "a"), ("2 09:00", "102.0", "a")],
    noted=[("1 09:00", 102, "deferred", 1020)],
)
worked(
    "N6 A6",
    # The cap is of all sequences together: at 12:00 102's at once is one; 101's slot of the 2nd at 09:00 has one in
    # the day before. Room from 12:00 on the 2nd, but its gate is 09:00: the 3rd.
    "deferred to the next slot of its own gate",
    sequences=[kit(101, days(1)), kit(102, AT_ONCE)],
    entries=entries((101, "1 08:00"), (102, "1 12:00")),
    cap=cap(1, "1 days"),
    sent=[("1 12:00", "102.0", "a"), ("3 09:00", "101.0", "a")],
    noted=[("2 09:00", 101, "deferred", 1010)],
)
worked(
    "N6",
    # m1 at 18:00. m2 due 19:00, room from 21:00, when the window (08:00 to 20:00) is closed: 08:00 on the 2nd.
    "deferred to the sending window",
    sequences=[
        sequenzy(
            "S",
            mail("m1"),
            mail("m2", hours=1),
            sendingWindow={"startTime": "08:00", "endTime": "20:00", "timezone": "UTC"},
        )
    ],
    entries=entries(("S", "1 18:00")),
    cap=cap(1, "3 hours"),
    sent=[("1 18:00", "m1", "a"), ("2 08:00", "m2", "a")],
    noted=[("1 19:00", "S", "deferred", "m2")],
)
worked(
    "N6 N5 A6",
    # 101.0 at 08:00; broadcasts at 08:30 and 08:45 go whatever the cap, so 3 in an hour. 101.1 due at 09:00: the
    # second last mail is 08:30, so room from 09:30 (then 08:30 is out, 08:45 in). 101.2 due 10:30: one in the hour
    # before (09:30 is out): it goes.
    "broadcasts are never deferred, and count",
    sequences=[kit(101, AT_ONCE, hours(1), hours(1))],
    entries=entries((101, "1 08:00")),
    broadcasts=[broadcast("1 08:30"), broadcast("1 08:45")],
    cap=cap(2, "1 hours"),
    sent=[
        ("1 08:00", "101.0", "a"),
        ("1 08:30", "news 0", "a"),
        ("1 08:45", "news 1", "a"),
        ("1 09:30", "101.1", "a"),
        ("1 10:30", "101.2", "a"),
    ],
    noted=[("1 09:00", 101, "deferred", 1011)],
)
worked(
    "N1 N6 N5",
    # At 08:00: entry, then the broadcast, then the step: it finds one. Room from 10:00.
    "at one instant broadcasts come before steps",
    sequences=[kit(101, AT_ONCE)],
    entries=entries((101, "1 08:00")),
    broadcasts=[broadcast("1 08:00")],
    cap=cap(1, "2 hours"),
    sent=[("1 08:00", "news 0", "a"), ("1 10:00", "101.0", "a")],
    noted=[("1 08:00", 101, "deferred", 1010)],
)
worked(
    "N1 A6",
    # S goes as far as it can at 08:00: m1, m2. Then 101's at once: two in the hour. Room from 09:00.
    "a run goes as far as it can before the next sequence's comes",
    sequences=[sequenzy("S", mail("m1"), mail("m2")), kit(101, AT_ONCE)],
    entries=entries(("S", "1 08:00"), (101, "1 08:00")),
    cap=cap(2, "1 hours"),
    sent=[("1 08:00", "m1", "a"), ("1 08:00", "m2", "a"), ("1 09:00", "101.0", "a")],
    noted=[("1 08:00", 101, "deferred", 1010)],
)
worked(
    "N1 N4 N6",
    # T is first in the account. At 08:00 S adds x, so T enrols before the next step, and its mail comes before S's,
    # which waits for an hour.
    "an entry that a step makes comes before the next step",
    sequences=[
        sequenzy("T", mail("m2"), **by_tag("x")),
        sequenzy("S", does("n1", "add_tag", tagName="x"), mail("m1")),
    ],
    entries=entries(("S", "1 08:00")),
    cap=cap(1, "1 hours"),
    sent=[("1 08:00", "m2", "a"), ("1 09:00", "m1", "a")],
    noted=[("1 08:00", "S", "add_tag", "n1"), ("1 08:00", "S", "deferred", "m1")],
)
worked(
    "N1",
    # At 08:30 the order is: unsubscribed, resubscribed (events), then the entry: taken in. The run of 08:00 has ended.
    "events in the order of rows, then entries",
    sequences=[kit(101, hours(1), repeat=True), kit(102, AT_ONCE)],
    entries=entries((101, "1 08:00"), (102, "1 08:30"), (101, "1 08:30")),
    events=events(("1 08:30", "unsubscribed"), ("1 08:30", "resubscribed")),
    # 08:30 + 1 hour = 09:30
    sent=[("1 08:30", "102.0", "a"), ("1 09:30", "101.0", "a")],
    noted=[("1 08:30", 101, "cancelled", None)],
)
worked(
    "N6",
    # At 09:00 101's mail is due, but a has tag 7: excluded, not deferred, and it is no mail. 102.0 at 09:15 goes.
    "what is excluded counts for nothing and is never deferred",
    sequences=[kit(101, AT_ONCE, hours(1), tags=[7]), kit(102, hours(1))],
    entries=entries((101, "1 08:00"), (102, "1 08:15")),
    events=events(("1 08:30", "tag_added", 7)),
    cap=cap(1, "1 hours"),
    sent=[("1 08:00", "101.0", "a"), ("1 09:15", "102.0", "a")],
    noted=[("1 09:00", 101, "excluded", 1011)],
)
worked(
    "N6",
    # 101.1 due at 09:00 waits for 12:00. At 10:00 tag 7: at 12:00 it is excluded, passed, and the next is due 13:00:
    # the tag is gone at 12:30, and there has been no mail since 08:00: it goes.
    "at the later instant everything is looked at again",
    sequences=[kit(101, AT_ONCE, hours(1), hours(1), tags=[7])],
    entries=entries((101, "1 08:00")),
    events=events(("1 10:00", "tag_added", 7), ("1 12:30", "tag_removed", 7)),
    cap=cap(1, "4 hours"),
    sent=[("1 08:00", "101.0", "a"), ("1 13:00", "101.2", "a")],
    noted=[("1 09:00", 101, "deferred", 1011), ("1 12:00", 101, "excluded", 1011)],
)
worked(
    "N6 A6",
    # 101.0 waits from 08:00 (broadcast at 07:30, 1 in 2 hours) for 09:30. A broadcast at 09:00 takes that room: at
    # 09:30 it is deferred again, to 11:00.
    "it may be deferred again, a row each time",
    sequences=[kit(101, AT_ONCE)],
    entries=entries((101, "1 08:00")),
    events=events(("1 07:00", "tag_added", 7)),
    broadcasts=[broadcast("1 07:30"), broadcast("1 09:00")],
    cap=cap(1, "2 hours"),
    sent=[("1 07:30", "news 0", "a"), ("1 09:00", "news 1", "a"), ("1 11:00", "101.0", "a")],
    noted=[("1 08:00", 101, "deferred", 1010), ("1 09:30", 101, "deferred", 1010)],
)
worked(
    "N6",
    # 101.1 due 09:00 waits for the 2nd at 08:00; the run ends at noon.
    "a deferred mail is dropped with its run",
    sequences=[kit(101, AT_ONCE, hours(1))],
    entries=entries((101, "1 08:00")),
    events=events(("1 12:00", "removed")),
    cap=cap(1, "1 days"),
    sent=[("1 08:00", "101.0", "a")],
    noted=[("1 09:00", 101, "deferred", 1011), ("1 12:00", 101, "removed", None)],
)
worked(
    "N6 A3",
    # While 101.1 waits, 101 is active, so 102 is kept out at 12:00. It goes at 08:00 on the 2nd, after the entry.
    "a run whose mail waits is active",
    sequences=TWO_HOURS,
    entries=entries((101, "1 08:00"), (102, "1 12:00"), (102, "2 08:00"), (102, "3 08:00")),
    cap=cap(1, "1 days"),
    sent=[("1 08:00", "101.0", "a"), ("2 08:00", "101.1", "a"), ("3 08:00", "102.0", "a")],
    noted=[
        ("1 10:00", 101, "deferred", 1011),
        ("1 12:00", 102, "excluded", None),
        ("2 08:00", 102, "excluded", None),
    ],
)
worked(
    "N6",
    # 101.0 at 09:00, the next due at 14:00. A third email, published before them at 10:00, is owed then (K22): one in
    # the 2 hours before, so it waits for 11:00. It has no gate, and moves nothing else.
    "what is owed waits for room too",
    sequences=[kit(101, hours(1), hours(5))],
    entries=entries((101, "1 08:00")),
    changes={"101": [PUBLISHED_BEFORE]},
    cap=cap(1, "2 hours"),
    sent=[("1 09:00", "101.0", "a"), ("1 11:00", "101.0", "a"), ("1 14:00", "101.2", "a")],
    noted=[("1 10:00", 101, "deferred", 9000)],
)
worked(
    "N6",
    # The same, but passed over at 10:00.
    "or is passed over",
    sequences=[kit(101, hours(1), hours(5))],
    entries=entries((101, "1 08:00")),
    changes={"101": [PUBLISHED_BEFORE]},
    cap=cap(1, "2 hours", "skip"),
    sent=[("1 09:00", "101.0", "a"), ("1 14:00", "101.2", "a")],
    noted=[("1 10:00", 101, "capped", 9000)],
)

# ---------------------------------------------------------------- N7, N8, N9; and more of N1

worked(
    "N7",
    # 101.1 is due at 09:00, with the broadcast and the end of the world: neither happens. The run is active then.
    "nothing at or after until happens, broadcasts too",
    sequences=[kit(101, AT_ONCE, hours(1))],
    entries=entries((101, "1 08:00"), (101, "1 09:00", "b")),
    broadcasts=[broadcast("1 09:00")],
    until=at("1 09:00"),
    sent=[("1 08:00", "101.0", "a")],
    statuses=["active"],
)
worked(
    "N8",
    # Enabled at 08:00: the tag of 07:59 begins nothing, that of 08:00 does, in S, which has no rows. T has one, of b:
    # a has none of it, whatever the tags. 101 has no rows.
    "with rows these are the enrolments, without the trigger; of Kit's none",
    sequences=[
        sequenzy("S", mail("m1"), **by_tag("x")),
        sequenzy("T", mail("m2"), **by_tag("x")),
        kit(101, AT_ONCE),
    ],
    entries=entries(("T", "1 06:00", "b")),
    events=events(("1 07:59", "tag_added", "x"), ("1 08:00", "tag_added", "x")),
    enabled_at=at("1 08:00"),
    sent=[("1 06:00", "m2", "b"), ("1 08:00", "m1", "a")],
)
worked(
    "N9",
    # Kit reads neither lists nor the tag vip; 7 as text is its tag 7. removed names 102 alone, then (10:30) all.
    "what one platform cannot read is the other's alone; removed may name a sequence",
    sequences=[
        kit(101, AT_ONCE, hours(1), hours(1), hours(1), tags=[7]),
        kit(102, hours(2)),
        sequenzy("S", mail("m1"), mail("m2", hours=9), trigger="contact_added", listId="L1"),
    ],
    entries=entries((101, "1 08:00"), (102, "1 08:00")),
    events=events(
        ("1 08:00", "list_joined", "L1"),
        ("1 08:00", "tag_added", "vip"),
        ("1 09:30", "tag_added", "7"),
        ("1 09:30", "removed", None, {"sequence_id": 102}),
        ("1 10:30", "removed"),
    ),
    sent=[("1 08:00", "101.0", "a"), ("1 08:00", "m1", "a"), ("1 09:00", "101.1", "a")],
    noted=[
        ("1 09:30", 102, "removed", None),
        ("1 10:00", 101, "excluded", 1012),
        ("1 10:30", 101, "removed", None),
        ("1 10:30", "S", "removed", None),
    ],
)
worked(
    "N1",
    # The change to hold=false at 09:00 completes 101, which has held since 08:00, before the entry of that instant to
    # 102, which excludes 101.
    "changes come first",
    sequences=[kit(102, AT_ONCE, excludes=[101]), kit(101, AT_ONCE, hold=True)],
    entries=entries((101, "1 08:00"), (102, "1 08:30"), (102, "1 09:00")),
    changes={"101": [{"at": at("1 09:00"), "op": "update", "fields": {"hold": False}}]},
    sent=[("1 08:00", "101.0", "a"), ("1 09:00", "102.0", "a")],
    noted=[("1 08:00", 101, "holding", None), ("1 08:30", 102, "excluded", None)],
)
worked(
    "N1",
    # Segments are looked at every 15 minutes. At 08:15 a is in (the event is before the look) and enrols at once; the
    # mail comes after the broadcast of that instant, and waits for an hour.
    "events, then looks, then enrolments, then broadcasts, then steps",
    sequences=[sequenzy("S", mail("m1"), trigger="segment_entered", segmentId="s1")],
    events=events(("1 08:15", "segment_entered", "s1")),
    broadcasts=[broadcast("1 08:15")],
    enabled_at=at("1 08:00"),
    cap=cap(1, "1 hours"),
    sent=[("1 08:15", "news 0", "a"), ("1 09:15", "m1", "a")],
    noted=[("1 08:15", "S", "deferred", "m1")],
)

# ---------------------------------------------------------------- more of steps, caps and changes


def published_first(email_id: int, t: str = "1 10:00") -> Row:
    """A change that publishes an email before all others."""
    fields = {**PUBLISHED_BEFORE["fields"], "id": email_id}
    return {"at": at(t), "op": "create_email", "fields": fields}


worked(
    "N6",
    # Two are owed from 10:00 on: 9001 stands first, 9000 second. One mail in 2 hours: both wait for 11:00, where 9001
    # goes; 9000 waits for 13:00. The last of four emails is due 9 hours after 09:00.
    "what is owed goes in order of position, each for itself",
    sequences=[kit(101, hours(1), hours(9))],
    entries=entries((101, "1 08:00")),
    changes={"101": [published_first(9000), published_first(9001)]},
    cap=cap(1, "2 hours"),
    sent=[
        ("1 09:00", "101.0", "a"),
        ("1 11:00", "101.0", "a"),
        ("1 13:00", "101.1", "a"),
        ("1 18:00", "101.3", "a"),
    ],
    noted=[
        ("1 10:00", 101, "deferred", 9001),
        ("1 10:00", 101, "deferred", 9000),
        ("1 11:00", 101, "deferred", 9000),
    ],
)
worked(
    "N6",
    # 9000 and 9001 wait for 11:00 again. 9001 is unpublished at 10:30, and owed no more. b is in tag 7 from 10:30 on:
    # excluded at 11:00, and the last email at 18:00.
    "when there is room, what is owed is looked at again",
    sequences=[kit(101, hours(1), hours(9), tags=[7])],
    entries=entries((101, "1 08:00"), (101, "1 08:00", "b")),
    events=events(("1 10:30", "tag_added", 7, {"subscriber_id": "b"})),
    changes={
        "101": [
            published_first(9000),
            published_first(9001),
            {"at": at("1 10:30"), "op": "update_email", "email_id": 9001, "fields": {"published": False}},
        ]
    },
    cap=cap(1, "2 hours"),
    sent=[
        ("1 09:00", "101.0", "a"),
        ("1 09:00", "101.0", "b"),
        ("1 11:00", "101.1", "a"),
        ("1 18:00", "101.3", "a"),
    ],
    noted=[
        *[("1 10:00", 101, "deferred", 9001), ("1 10:00", 101, "deferred", 9000)] * 2,
        ("1 11:00", 101, "excluded", 9000),
        ("1 18:00", 101, "excluded", 1011),
    ],
)
worked(
    "N6 A6",
    # m2 at 09:00 has one in the 2 hours before: passed. m3 waits a day from there.
    "skip, in a sequence of Sequenzy's",
    sequences=[sequenzy("S", mail("m1"), mail("m2", hours=1), mail("m3", days=1))],
    entries=entries(("S", "1 08:00")),
    cap=cap(1, "2 hours", "skip"),
    sent=[("1 08:00", "m1", "a"), ("2 09:00", "m3", "a")],
    noted=[("1 09:00", "S", "capped", "m2")],
)
worked(
    "N6",
    # m2 waits for 10:00. Disabled from 09:30 to 11:00 nothing runs; then what came due goes (Q40).
    "a deferred mail is held with its sequence",
    sequences=[sequenzy("S", mail("m1"), mail("m2", hours=1))],
    entries=entries(("S", "1 08:00")),
    changes={"S": [{"at": at("1 09:30"), "op": "disable"}, {"at": at("1 11:00"), "op": "enable"}]},
    cap=cap(1, "2 hours"),
    sent=[("1 08:00", "m1", "a"), ("1 11:00", "m2", "a")],
    noted=[("1 09:00", "S", "deferred", "m2")],
)
worked(
    "N6",
    # a has unsubscribed, and still enters by the trigger (Q33). All at 08:00: t1 is transactional and goes; m1 is not:
    # skipped, whatever the cap; t2 is, and waits for 09:00.
    "what is skipped for another reason is never deferred",
    sequences=[
        sequenzy(
            "S",
            {**mail("t1"), "isTransactional": True},
            mail("m1"),
            {**mail("t2"), "isTransactional": True},
            **by_tag("x"),
        )
    ],
    events=events(("1 07:00", "unsubscribed"), ("1 08:00", "tag_added", "x")),
    cap=cap(1, "1 hours"),
    sent=[("1 08:00", "t1", "a"), ("1 09:00", "t2", "a")],
    noted=[("1 08:00", "S", "skipped", "m1"), ("1 08:00", "S", "deferred", "t2")],
)
worked(
    "N4 N5",
    # The list that S adds to at 09:00 is the broadcast's audience at 09:30. Its update to unsubscribed at 10:00 does
    # nothing under the assumption, so the broadcast of 11:00 still goes.
    "assumptions of a platform hold for its sequences; an audience by a step",
    sequences=[
        sequenzy(
            "S",
            does("n1", "add_to_list", listId="L1", delay={"hours": 1}),
            does("n2", "update_subscriber", config={"status": "unsubscribed"}, delay={"hours": 1}),
        )
    ],
    entries=entries(("S", "1 08:00")),
    broadcasts=[broadcast(t, audience="L1") for t in ("1 08:30", "1 09:30", "1 11:00")],
    assumptions={"sequenzy": {"update_unsubscribes": False}},
    sent=[("1 09:30", "news 1", "a"), ("1 11:00", "news 2", "a")],
    noted=[("1 09:00", "S", "add_to_list", "n1"), ("1 10:00", "S", "update_subscriber", "n2")],
)
worked(
    "N8",
    # It has no trigger that a tag could be, either.
    "a manual sequence without rows has no runs",
    sequences=[
        sequenzy("S", does("n1", "add_tag", tagName="x")),
        sequenzy("T", mail("m1"), trigger="manual"),
    ],
    entries=entries(("S", "1 08:00")),
    sent=[],
    noted=[("1 08:00", "S", "add_tag", "n1")],
)
worked(
    "N1 N4",
    # Both steps are reached at 09:00, S first: it adds x there, so the condition of T holds.
    "a condition in a later sequence sees what a step did at that instant",
    sequences=[
        sequenzy("S", does("n1", "add_tag", tagName="x", delay={"hours": 1})),
        sequenzy(
            "T", does("n2", "condition", conditionType="has_tag", tagName="x", delay={"hours": 1}), mail("m1")
        ),
    ],
    entries=entries(("T", "1 08:00"), ("S", "1 08:00")),
    sent=[("1 09:00", "m1", "a")],
    noted=[("1 09:00", "S", "add_tag", "n1")],
)
