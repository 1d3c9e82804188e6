"""Examples of rules Q26 to Q41, worked by hand from the rules, as data.

Each has the rule, the case, one line of reasoning, and the rows of the timeline and of the journal. Instants are
of 2026 and in UTC: "03-02 09:00" is Monday 2 March, 09:00. Rows of a timeline are `subscriber, run, position,
email_id, send_at`, those of a journal `subscriber, run, at, what, email_id`. `statuses` are given where a run
goes on. What is said to be by a choice (C1, …) is by those listed in `sequenzy_graph_oracle`.
"""

from typing import Any

Row = dict[str, Any]
WORKED: list[Row] = []


def at(text: str) -> str:
    """An instant of 2026 as ISO 8601."""
    return (
        f"2026-{text.replace(' ', 'T')}:00+00:00"
        if text.count(":") == 1
        else f"2026-{text.replace(' ', 'T')}+00:00"
    )


def worked(
    rule: str,
    why: str,
    case: Row,
    timeline: list[tuple[Any, ...]],
    journal: list[tuple[Any, ...]],
    **statuses: str,
) -> None:
    WORKED.append({
        "rule": rule,
        "why": why,
        "case": case,
        "timeline": [(who, run, place, name, at(t)) for who, run, place, name, t in timeline],
        "journal": [(who, run, at(t), what, name) for who, run, t, what, name in journal],
        "statuses": statuses,
    })


def email(name: str, **fields: Any) -> Row:
    return {"id": name, "subject": f"Email {name}", "html": "<p>Hello</p>", **fields}


def step(kind: str, name: str, **fields: Any) -> Row:
    return {"type": kind, "id": name, **fields}


def event(
    who: str, t: str, name: str, ref: str | None = None, properties: Row | None = None, **more: Any
) -> Row:
    return {"subscriber_id": who, "at": at(t), "event": name, "ref": ref, "properties": properties, **more}


def field(who: str, t: str, name: str, value: Any) -> Row:
    return event(who, t, "field_changed", name, {"value": value})


def entry(who: str, t: str, **columns: Any) -> Row:
    return {"subscriber_id": who, "entered_at": at(t), **columns}


def body(*steps: Row, **fields: Any) -> Row:
    return {"name": "Case", "trigger": "tag_added", "tagName": "T1", "steps": list(steps), **fields}


def update(t: str, realign: bool = False, **fields: Any) -> Row:
    return {"at": at(t), "op": "update", "fields": fields, "realign": realign}


DAY = {"days": 1}

# ---------------------------------------------------------------- Q26: what GET gives


def drawn(nodes: list[tuple[str, str, Row]], edges: list[tuple[str, ...]]) -> Row:
    """A body as GET gives it: nodes as id, type, config; edges as source, target and a branch's id."""
    return {
        "id": "seq_1",
        "name": "Case",
        "status": "active",
        "effectiveStatus": "live",
        "trigger": "tag_added",
        "tagName": "T1",
        "graphRevision": "r1",
        "nodes": [{"id": name, "nodeType": kind, "config": config} for name, kind, config in nodes],
        "edges": [
            {"sourceNodeId": a, "targetNodeId": b, **({"condition": {"branchId": c[0]}} if c else {})}
            for a, b, *c in edges
        ],
        "emails": [
            {"nodeId": name, "emailId": f"mail-{name}", "subject": f"Email {name}", "blocks": []}
            for name, kind, _ in nodes
            if kind == "action_email"
        ],
    }


TRIGGER, END = ("t", "trigger", {}), ("end", "completion", {})
MAIL = "action_email"
HAS_VIP = {"branches": [{"id": "vip", "conditionType": "has_tag", "tagName": "VIP"}]}

worked(
    "Q26",
    "A chain: the delay of a day stands between the emails and is the second one's wait.",
    {
        "sequence": drawn(
            [TRIGGER, ("e1", MAIL, {}), ("d1", "logic_delay", {"delayDays": 1}), ("e2", MAIL, {}), END],
            [("t", "e1"), ("e1", "d1"), ("d1", "e2"), ("e2", "end")],
        ),
        "entries": [entry("s", "03-02 09:00")],
    },
    [("s", 1, 0, "e1", "03-02 09:00"), ("s", 1, 1, "e2", "03-03 09:00")],
    [("s", 1, "03-02 09:00", "started", None), ("s", 1, "03-03 09:00", "completed", None)],
)
worked(
    "Q26",
    "A branch whose paths join: v is on the first path, n on the else path, j comes after both and is numbered last.",
    {
        "sequence": drawn(
            [
                TRIGGER,
                ("e1", MAIL, {}),
                ("b", "logic_branch", HAS_VIP),
                ("v", MAIL, {}),
                ("n", MAIL, {}),
                ("j", MAIL, {}),
                END,
            ],
            [
                ("t", "e1"),
                ("e1", "b"),
                ("b", "v", "vip"),
                ("b", "n", "else"),
                ("v", "j"),
                ("n", "j"),
                ("j", "end"),
            ],
        ),
        "events": [event("a", "03-01 09:00", "tag_added", "VIP")],
        "entries": [entry("a", "03-02 09:00"), entry("b", "03-02 10:00")],
    },
    [
        ("a", 1, 0, "e1", "03-02 09:00"),
        ("a", 1, 2, "v", "03-02 09:00"),
        ("a", 1, 4, "j", "03-02 09:00"),
        ("b", 1, 0, "e1", "03-02 10:00"),
        ("b", 1, 3, "n", "03-02 10:00"),
        ("b", 1, 4, "j", "03-02 10:00"),
    ],
    [
        ("a", 1, "03-02 09:00", "started", None),
        ("a", 1, "03-02 09:00", "completed", None),
        ("b", 1, "03-02 10:00", "started", None),
        ("b", 1, "03-02 10:00", "completed", None),
    ],
)
worked(
    "Q26",
    "Two delays in a row, 24 + 2 hours: only the second is right before the email, the first is a step (C4).",
    {
        "sequence": drawn(
            [
                TRIGGER,
                ("e1", MAIL, {}),
                ("d1", "logic_delay", {"delayDays": 1}),
                ("d2", "logic_delay", {"delayHours": 2}),
                ("e2", MAIL, {}),
                END,
            ],
            [("t", "e1"), ("e1", "d1"), ("d1", "d2"), ("d2", "e2"), ("e2", "end")],
        ),
        "entries": [entry("s", "03-02 09:00")],
    },
    [("s", 1, 0, "e1", "03-02 09:00"), ("s", 1, 2, "e2", "03-03 11:00")],
    [("s", 1, "03-02 09:00", "started", None), ("s", 1, "03-03 11:00", "completed", None)],
)
worked(
    "Q26",
    "Wrapped; the delay is on one path alone, so it is a step of its own, and j waits only for those with the tag.",
    {
        "sequence": {
            "success": True,
            "sequence": drawn(
                [
                    TRIGGER,
                    ("e1", MAIL, {}),
                    ("b", "logic_branch", HAS_VIP),
                    ("d", "logic_delay", {"delayDays": 1}),
                    ("j", MAIL, {}),
                    END,
                ],
                [("t", "e1"), ("e1", "b"), ("b", "d", "vip"), ("b", "j", "else"), ("d", "j"), ("j", "end")],
            ),
        },
        "events": [event("a", "03-01 09:00", "tag_added", "VIP")],
        "entries": [entry("a", "03-02 09:00"), entry("b", "03-02 09:00")],
    },
    [
        ("a", 1, 0, "e1", "03-02 09:00"),
        ("a", 1, 3, "j", "03-03 09:00"),
        ("b", 1, 0, "e1", "03-02 09:00"),
        ("b", 1, 3, "j", "03-02 09:00"),
    ],
    [
        ("a", 1, "03-02 09:00", "started", None),
        ("a", 1, "03-03 09:00", "completed", None),
        ("b", 1, "03-02 09:00", "started", None),
        ("b", 1, "03-02 09:00", "completed", None),
    ],
)

# ---------------------------------------------------------------- Q27: names, no trigger, blank, old discounts

worked(
    "Q27",
    "listIds wins over listId: L2 is among them and enrols, L3 is not.",
    {
        "sequence": {
            "name": "Case",
            "trigger": "contact_added",
            "listIds": ["L1", "L2"],
            "listId": "L3",
            "steps": [email("A")],
        },
        "events": [
            event("s", "03-02 09:00", "list_joined", "L2"),
            event("s", "03-02 10:00", "list_joined", "L3"),
        ],
    },
    [("s", 1, 0, "A", "03-02 09:00")],
    [("s", 1, "03-02 09:00", "started", None), ("s", 1, "03-02 09:00", "completed", None)],
)
worked(
    "Q27",
    "tagNames wins over tagName: T1 and T2 enrol, T9 does not.",
    {
        "sequence": {
            "name": "Case",
            "trigger": "tag_added",
            "tagNames": ["T1", "T2"],
            "tagName": "T9",
            "steps": [email("A")],
        },
        "events": [
            event("s", "03-02 09:00", "tag_added", "T9"),
            event("s", "03-02 10:00", "tag_added", "T1"),
            event("s", "03-02 11:00", "tag_added", "T2"),
        ],
    },
    [("s", 1, 0, "A", "03-02 10:00"), ("s", 2, 0, "A", "03-02 11:00")],
    [
        ("s", 1, "03-02 10:00", "started", None),
        ("s", 1, "03-02 10:00", "completed", None),
        ("s", 2, "03-02 11:00", "started", None),
        ("s", 2, "03-02 11:00", "completed", None),
    ],
)
worked(
    "Q27",
    "No trigger is contact_added, of any contact: joining a list is another thing.",
    {
        "sequence": {"name": "Case", "steps": [email("A")]},
        "events": [
            event("s", "03-02 09:00", "contact_added"),
            event("s", "03-02 10:00", "list_joined", "L1"),
        ],
    },
    [("s", 1, 0, "A", "03-02 09:00")],
    [("s", 1, "03-02 09:00", "started", None), ("s", 1, "03-02 09:00", "completed", None)],
)
worked(
    "Q27",
    "A blank draft sends nothing, whatever happens (C7).",
    {"sequence": {"name": "Blank"}, "events": [event("s", "03-02 09:00", "contact_added")]},
    [],
    [],
)
worked(
    "Q27",
    "Discount fields beside the type are a discount step: passed at once, counted as a position.",
    {
        "sequence": body(step("create_discount", "D", discountType="percent", percentOff=20), email("A")),
        "events": [event("s", "03-02 09:00", "tag_added", "T1")],
    },
    [("s", 1, 1, "A", "03-02 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "discount", "D"),
        ("s", 1, "03-02 09:00", "completed", None),
    ],
)

# ---------------------------------------------------------------- Q28: dates of the subscriber

RENEWS = {"field": "renews", "source": "attribute", "direction": "before", "offset": {"days": 2}}
RENEWAL = body(email("A"), email("B", waitUntil=RENEWS))
KNOWN = field("s", "03-01 09:00", "renews", "2026-03-10T12:00:00Z")


def renewal(
    why: str, *events: Row, sends: str | None, ends: str, status: str = "completed", **columns: Any
) -> None:
    """One who enters on 2 March, a date of 10 March known, and B two days before that date."""
    worked(
        "Q28",
        why,
        {"sequence": RENEWAL, "events": [KNOWN, *events], "entries": [entry("s", "03-02 09:00", **columns)]},
        [("s", 1, 0, "A", "03-02 09:00"), *([("s", 1, 1, "B", sends)] if sends else [])],
        [("s", 1, "03-02 09:00", "started", None), ("s", 1, ends, status, None)],
    )


renewal("Two days before 10 March 12:00.", sends="03-08 12:00", ends="03-08 12:00")
renewal(
    "On the 5th the date moves two days later: so does the wait.",
    field("s", "03-05 09:00", "renews", "2026-03-12T12:00:00Z"),
    sends="03-10 12:00",
    ends="03-10 12:00",
)
renewal(
    "On the 5th the date moves to the 6th, less two days the 4th: no one is let go sooner.",
    field("s", "03-05 09:00", "renews", "2026-03-06T12:00:00Z"),
    sends="03-08 12:00",
    ends="03-08 12:00",
)
renewal(
    "What the entry says is later than the log: 6 March less two days.",
    sends="03-04 12:00",
    ends="03-04 12:00",
    attributes={"renews": "2026-03-06T12:00:00Z"},
)
renewal(
    "Later and then back while it waits: the later one is kept (C11).",
    field("s", "03-05 09:00", "renews", "2026-03-12T12:00:00Z"),
    field("s", "03-06 09:00", "renews", "2026-03-10T12:00:00Z"),
    sends="03-10 12:00",
    ends="03-10 12:00",
)
renewal(
    "The change comes at the very instant at which the wait is over: events are first, so it is followed.",
    field("s", "03-08 12:00", "renews", "2026-03-12T12:00:00Z"),
    sends="03-10 12:00",
    ends="03-10 12:00",
)
worked(
    "Q28",
    "The date is removed while the run waits, and missingAction is exit: it ends then (C12).",
    {
        "sequence": body(email("A"), email("B", waitUntil={**RENEWS, "missingAction": "exit"})),
        "events": [KNOWN, field("s", "03-05 09:00", "renews", None)],
        "entries": [entry("s", "03-02 09:00")],
    },
    [("s", 1, 0, "A", "03-02 09:00")],
    [("s", 1, "03-02 09:00", "started", None), ("s", 1, "03-05 09:00", "stopped", None)],
)

# ---------------------------------------------------------------- Q29: dates that are past


def past(
    why: str, wait: Row, due: str, passed: str, ends: str = "03-03 09:00", status: str = "completed"
) -> None:
    """A; B after a date; C; D a day later, begun by an event of 2 March 09:00. `passed`: sent and skipped then."""
    sent = [(n, name) for n, name in enumerate("ABC") if name in passed]
    skipped = [name for name in "ABC" if name.lower() in passed]
    goes_on = status == "completed"
    worked(
        "Q29",
        why,
        {
            "sequence": {
                "name": "Case",
                "trigger": "event_received",
                "eventName": "order",
                "steps": [
                    email("A"),
                    email("B", waitUntil={"field": "due", **wait}),
                    email("C"),
                    email("D", delay=DAY),
                ],
            },
            "events": [event("s", "03-02 09:00", "order", properties={"due": due})],
        },
        [
            *(("s", 1, n, name, "03-02 09:00") for n, name in sent),
            *([("s", 1, 3, "D", ends)] if goes_on else []),
        ],
        [
            ("s", 1, "03-02 09:00", "started", None),
            *(("s", 1, "03-02 09:00", "skipped", name) for name in skipped),
            ("s", 1, ends, status, None),
        ],
    )


past("By default the run goes on at once.", {}, "2026-03-01T00:00:00Z", "ABC")
past(
    "skip: B and C are passed, D's wait is the next and begins then.",
    {"pastAction": "skip"},
    "2026-03-01T00:00:00Z",
    "Abc",
)
past(
    "exit: the run ends when it comes to the wait.",
    {"pastAction": "exit"},
    "2026-03-01T00:00:00Z",
    "A",
    "03-02 09:00",
    "stopped",
)
past(
    "The date is tomorrow, but two days before it is past.",
    {"untilPastAction": "skip", "untilOffsetDirection": "before", "days": 2},
    "2026-03-03T09:00:00Z",
    "Abc",
)
past(
    "A date of that very instant is not past (C10): there is nothing to wait for.",
    {"pastAction": "skip"},
    "2026-03-02T09:00:00Z",
    "ABC",
)
worked(
    "Q29",
    "skip goes as far as the branch, which is looked at as ever.",
    {
        "sequence": {
            "name": "Case",
            "trigger": "event_received",
            "eventName": "order",
            "steps": [
                email("B", waitUntil={"field": "due", "pastAction": "skip"}),
                step("sms", "S", text="Hello"),
                {
                    "id": "b",
                    "type": "branch",
                    "branches": [{"conditionType": "has_tag", "tagName": "VIP", "steps": [email("V")]}],
                },
            ],
        },
        "events": [
            event("s", "03-01 09:00", "tag_added", "VIP"),
            event("s", "03-02 09:00", "order", properties={"due": "2026-03-01"}),
        ],
    },
    [("s", 1, 3, "V", "03-02 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "skipped", "B"),
        ("s", 1, "03-02 09:00", "skipped", "S"),
        ("s", 1, "03-02 09:00", "completed", None),
    ],
)

# ---------------------------------------------------------------- Q30: a least wait before a weekday


def least(why: str, minimum: Row, entered: str, sends: str, **window: str) -> None:
    """A alone, from 09:00 to 12:00 on Tuesdays, UTC."""
    given = {"day": "tuesday", "startTime": "09:00", "endTime": "12:00", "timezone": "UTC", **window}
    worked(
        "Q30",
        why,
        {
            "sequence": body(email("A", waitUntilWeekday={**given, "minimumWait": minimum})),
            "entries": [entry("s", entered)],
        },
        [("s", 1, 0, "A", sends)],
        [("s", 1, entered, "started", None), ("s", 1, sends, "completed", None)],
    )


least("A day after Tuesday 10:00 is Wednesday: Tuesday next.", {"days": 1}, "03-03 10:00", "03-10 09:00")
least("An hour later the window is still open.", {"hours": 1}, "03-03 10:00", "03-03 11:00")
least("Zeros are none.", {"days": 0, "hours": 0, "minutes": 0}, "03-03 10:00", "03-03 10:00")
least("Two hours later it is 12:00, when the window closes.", {"hours": 2}, "03-03 10:00", "03-10 09:00")
least(
    "A day after Sat 01:30 EST is Sun 01:30 EST; 02:30 does not exist that day, so it opens at 03:00 EDT, 07:00 UTC.",
    {"days": 1},
    "03-07 06:30",
    "03-08 07:00",
    day="sun",
    startTime="02:30",
    endTime="05:00",
    timezone="America/New_York",
)

# ---------------------------------------------------------------- Q31: zones of subscribers

HERE = {
    "startTime": "09:00",
    "endTime": "17:00",
    "timezone": "America/New_York",
    "timezoneSource": "subscriber",
}


def zoned(why: str, sequence: Row, entered: str, sends: str, *events: Row, **columns: Any) -> None:
    worked(
        "Q31",
        why,
        {"sequence": sequence, "events": list(events), "entries": [entry("s", entered, **columns)]},
        [("s", 1, 0, "A", sends)],
        [("s", 1, entered, "started", None), ("s", 1, sends, "completed", None)],
    )


OWN_DAY = body(email("A", waitUntilWeekday=HERE))
OWN_WINDOW = body(
    email("A"),
    sendingWindow={
        "startTime": "08:00",
        "endTime": "17:00",
        "timezone": "UTC",
        "timezoneSource": "subscriber",
    },
)
zoned(
    "05:00 UTC is 07:00 in Kyiv (EET): 09:00 there is 07:00 UTC.",
    OWN_DAY,
    "03-02 05:00",
    "03-02 07:00",
    time_zone="Europe/Kyiv",
)
zoned("Nothing is known: the wait's own zone, 09:00 EST.", OWN_DAY, "03-02 05:00", "03-02 14:00")
zoned(
    "The log says Tokyo: it is 14:00 there, and open.",
    OWN_DAY,
    "03-02 05:00",
    "03-02 05:00",
    field("s", "03-01 09:00", "timezone", "Asia/Tokyo"),
)
zoned(
    "Sat 18:00 EST is too late; Sunday's 08:00 is EDT, 12:00 UTC.",
    OWN_WINDOW,
    "03-07 23:00",
    "03-08 12:00",
    field("s", "03-01 09:00", "timezone", "America/New_York"),
)
zoned(
    "No such zone: the window's own (C16).",
    OWN_WINDOW,
    "03-07 23:00",
    "03-08 08:00",
    field("s", "03-01 09:00", "timezone", "Mars/Olympus"),
)

# ---------------------------------------------------------------- Q32: numbers in strings


def scored(why: str, value: Any, stops: bool, **assumptions: str) -> None:
    """A, and B a day later unless the score has become more than "10" since."""
    match = {"mode": "field_value", "operator": "greater_than", "value": "10"}
    worked(
        "Q32",
        why,
        {
            "sequence": body(
                email("A"),
                email("B", delay=DAY),
                stopCondition={"type": "field_changed", "value": "score", "matchConfig": match},
            ),
            "assumptions": assumptions,
            "events": [field("s", "03-02 12:00", "score", value)],
            "entries": [entry("s", "03-02 09:00")],
        },
        [("s", 1, 0, "A", "03-02 09:00"), *([] if stops else [("s", 1, 1, "B", "03-03 09:00")])],
        [
            ("s", 1, "03-02 09:00", "started", None),
            ("s", 1, "03-03 09:00", "stopped" if stops else "completed", None),
        ],
    )


scored('"9.5" is less than "10" as a number, though not as a text.', "9.5", False)
scored('"10.5" is more.', "10.5", True)
scored("A number and a string of one.", 11, True)
scored("strict: two strings are no numbers.", "10.5", False, numeric_strings="strict")
scored("strict: a number and a string neither.", 11, False, numeric_strings="strict")
scored("A string that is no decimal number is neither more nor less.", "ten", False)
scored("true is no number.", True, False)
scored("As much is not more.", "10.0", False)

# ---------------------------------------------------------------- Q33: who may enter

GONE = event("s", "03-01 09:00", "unsubscribed")
TAGGED = event("s", "03-02 09:00", "tag_added", "T1")
worked(
    "Q33",
    "Who has unsubscribed enters; the marketing email is skipped, the text passes, the transactional one goes.",
    {
        "sequence": body(email("A"), step("sms", "S", text="Hello"), email("X", isTransactional=True)),
        "events": [GONE, TAGGED],
    },
    [("s", 1, 2, "X", "03-02 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "skipped", "A"),
        ("s", 1, "03-02 09:00", "sms", "S"),
        ("s", 1, "03-02 09:00", "completed", None),
    ],
)
worked(
    "Q33",
    "activeSubscribersOnly keeps them out.",
    {"sequence": body(email("A"), activeSubscribersOnly=True), "events": [GONE, TAGGED]},
    [],
    [("s", None, "03-02 09:00", "blocked", None)],
)
worked(
    "Q33",
    "By hand nobody who bounced is taken in.",
    {
        "sequence": body(email("A")),
        "events": [event("s", "03-01 09:00", "bounced")],
        "entries": [entry("s", "03-02 09:00", via="manual"), entry("s", "03-02 10:00", via="audience")],
    },
    [],
    [("s", None, "03-02 09:00", "blocked", None), ("s", None, "03-02 10:00", "blocked", None)],
)
worked(
    "Q33",
    "Subscribed again before B is due: A is skipped, B goes.",
    {
        "sequence": body(email("A"), email("B", delay=DAY)),
        "events": [GONE, TAGGED, event("s", "03-02 12:00", "resubscribed")],
    },
    [("s", 1, 1, "B", "03-03 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "skipped", "A"),
        ("s", 1, "03-03 09:00", "completed", None),
    ],
)
worked(
    "Q33",
    "One time: an audience's entry is looked at for earlier runs, a manual one is not.",
    {
        "sequence": body(email("A"), enrollmentMode="one_time"),
        "entries": [
            entry("s", "03-02 09:00"),
            entry("s", "03-02 10:00", via="audience"),
            entry("s", "03-02 11:00", via="manual"),
        ],
    },
    [("s", 1, 0, "A", "03-02 09:00"), ("s", 2, 0, "A", "03-02 11:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "completed", None),
        ("s", None, "03-02 10:00", "repeated", None),
        ("s", 2, "03-02 11:00", "started", None),
        ("s", 2, "03-02 11:00", "completed", None),
    ],
)

worked(
    "Q33",
    "An audience's entry beside an active run is not taken in either (C22).",
    {
        "sequence": body(email("A"), email("B", delay=DAY)),
        "entries": [entry("s", "03-02 09:00"), entry("s", "03-02 10:00", via="audience")],
    },
    [("s", 1, 0, "A", "03-02 09:00"), ("s", 1, 1, "B", "03-03 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", None, "03-02 10:00", "duplicate", None),
        ("s", 1, "03-03 09:00", "completed", None),
    ],
)

# ---------------------------------------------------------------- Q34: paused

worked(
    "Q34",
    "No trigger enrols (journalled by C20).",
    {"sequence": body(email("A"), enrollmentPaused=True), "events": [TAGGED]},
    [],
    [("s", None, "03-02 09:00", "blocked", None)],
)
worked(
    "Q34",
    "Entries given by hand are taken in, and the runs go on.",
    {
        "sequence": body(email("A"), email("B", delay=DAY), enrollmentPaused=True),
        "entries": [entry("s", "03-02 09:00", via="manual")],
    },
    [("s", 1, 0, "A", "03-02 09:00"), ("s", 1, 1, "B", "03-03 09:00")],
    [("s", 1, "03-02 09:00", "started", None), ("s", 1, "03-03 09:00", "completed", None)],
)
worked(
    "Q34",
    "Every node holds: the run stands before A and stays active.",
    {"sequence": body(email("A"), status="paused"), "entries": [entry("s", "03-02 09:00", via="manual")]},
    [],
    [("s", 1, "03-02 09:00", "started", None)],
    s="active",
)
worked(
    "Q34",
    "Paused, and enabled on the 4th: A goes then, B a day later.",
    {
        "sequence": body(email("A"), email("B", delay=DAY), status="paused"),
        "entries": [entry("s", "03-02 09:00", via="manual")],
        "changes": [{"at": at("03-04 12:00"), "op": "enable"}],
    },
    [("s", 1, 0, "A", "03-04 12:00"), ("s", 1, 1, "B", "03-05 12:00")],
    [("s", 1, "03-02 09:00", "started", None), ("s", 1, "03-05 12:00", "completed", None)],
)

# ---------------------------------------------------------------- Q35: what steps do

worked(
    "Q35",
    "The step adds the tag that stops the run: B is the next node, and is not sent.",
    {
        "sequence": body(
            email("A"),
            step("add_tag", "G", tagName="VIP"),
            email("B"),
            stopCondition={"type": "has_tag", "value": "VIP"},
        ),
        "entries": [entry("s", "03-02 09:00")],
    },
    [("s", 1, 0, "A", "03-02 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "add_tag", "G"),
        ("s", 1, "03-02 09:00", "stopped", None),
    ],
)
worked(
    "Q35",
    "Run 1 takes the subscriber off the list on the 3rd at 09:00; run 2 finds that at its next node, at 21:00.",
    {
        "sequence": {
            "name": "Case",
            "trigger": "event_received",
            "eventName": "order",
            "stopCondition": {"type": "removed_from_list", "value": "L1"},
            "steps": [email("A"), step("delay", "D", delay=DAY), step("remove_from_list", "R", listId="L1")],
        },
        "events": [
            event("s", "03-01 09:00", "list_joined", "L1"),
            event("s", "03-02 09:00", "order"),
            event("s", "03-02 21:00", "order"),
        ],
    },
    [("s", 1, 0, "A", "03-02 09:00"), ("s", 2, 0, "A", "03-02 21:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-03 09:00", "remove_from_list", "R"),
        ("s", 1, "03-03 09:00", "completed", None),
        ("s", 2, "03-02 21:00", "started", None),
        ("s", 2, "03-03 21:00", "stopped", None),
    ],
)
UNSUBSCRIBES = body(email("A"), step("update_subscriber", "U", config={"status": "unsubscribed"}), email("B"))
worked(
    "Q35",
    "The update acts as the event: it ends the run, cancelled.",
    {"sequence": UNSUBSCRIBES, "entries": [entry("s", "03-02 09:00")]},
    [("s", 1, 0, "A", "03-02 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "update_subscriber", "U"),
        ("s", 1, "03-02 09:00", "cancelled", None),
    ],
)
worked(
    "Q35",
    "Where it does not act as the event, B goes.",
    {
        "sequence": UNSUBSCRIBES,
        "assumptions": {"update_unsubscribes": False},
        "entries": [entry("s", "03-02 09:00")],
    },
    [("s", 1, 0, "A", "03-02 09:00"), ("s", 1, 2, "B", "03-02 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "update_subscriber", "U"),
        ("s", 1, "03-02 09:00", "completed", None),
    ],
)
worked(
    "Q35",
    "Push, webhook and ai pass; an A/B test is one email.",
    {
        "sequence": body(
            step("push", "P", text="Hello"),
            step("webhook", "W", url="https://example.com"),
            step("ai", "I", prompt="Write", resultKey="x"),
            {**email("T"), "type": "ab_test", "variants": [{"subject": "One"}, {"subject": "Two"}]},
        ),
        "entries": [entry("s", "03-02 09:00")],
    },
    [("s", 1, 3, "T", "03-02 09:00")],
    [
        ("s", 1, "03-02 09:00", "started", None),
        ("s", 1, "03-02 09:00", "push", "P"),
        ("s", 1, "03-02 09:00", "webhook", "W"),
        ("s", 1, "03-02 09:00", "ai", "I"),
        ("s", 1, "03-02 09:00", "completed", None),
    ],
)

# ---------------------------------------------------------------- Q36: branches


def branch(*branches: Row, **fields: Any) -> Row:
    return {"id": "b", "type": "branch", "branches": list(branches), **fields}


def if_tag(tag: str, *steps: Row, **fields: Any) -> Row:
    return {"conditionType": "has_tag", "tagName": tag, "steps": list(steps), **fields}


def whole(who: str, t: str, *sends: tuple[int, str]) -> list[tuple[Any, ...]]:
    """Sends of a run at one instant."""
    return [(who, 1, position, name, t) for position, name in sends]


def started(who: str, t: str, ends: str, status: str = "completed") -> list[tuple[Any, ...]]:
    return [(who, 1, t, "started", None), (who, 1, ends, status, None)]


worked(
    "Q36",
    "Both tags: the first that holds. One: the second. None: else. All meet at J, which is numbered after the paths.",
    {
        "sequence": body(
            email("A"),
            branch(if_tag("X", email("V")), if_tag("Y", email("W")), elseSteps=[email("N")]),
            email("J"),
        ),
        "events": [
            event("a", "03-01 09:00", "tag_added", "X"),
            event("a", "03-01 09:00", "tag_added", "Y"),
            event("b", "03-01 09:00", "tag_added", "Y"),
        ],
        "entries": [entry("a", "03-02 09:00"), entry("b", "03-02 09:00"), entry("c", "03-02 09:00")],
    },
    [
        *whole("a", "03-02 09:00", (0, "A"), (2, "V"), (5, "J")),
        *whole("b", "03-02 09:00", (0, "A"), (3, "W"), (5, "J")),
        *whole("c", "03-02 09:00", (0, "A"), (4, "N"), (5, "J")),
    ],
    [row for who in "abc" for row in started(who, "03-02 09:00", "03-02 09:00")],
)
PAID = {"conditionType": "event_received", "eventName": "paid", "steps": [email("P", delay={"hours": 2})]}
for scope, sends, ends in (("ever", (1, "P"), "03-02 11:00"), ("this_sequence", (2, "N"), "03-02 09:00")):
    worked(
        "Q36",
        f"Paid a day before the enrolment, {scope}.",
        {
            "sequence": body(branch({**PAID, "activityScope": scope}, elseSteps=[email("N")])),
            "events": [event("s", "03-01 09:00", "paid")],
            "entries": [entry("s", "03-02 09:00")],
        },
        whole("s", ends, sends),
        started("s", "03-02 09:00", ends),
    )
worked(
    "Q36",
    "The branch has a wait of a day; paid meanwhile, so P two hours after the branch, and J then.",
    {
        "sequence": body(
            email("A"),
            branch({**PAID, "activityScope": "this_sequence"}, elseSteps=[email("N")], delay=DAY),
            email("J"),
        ),
        "events": [event("s", "03-02 20:00", "paid")],
        "entries": [entry("s", "03-02 09:00")],
    },
    [*whole("s", "03-02 09:00", (0, "A")), *whole("s", "03-03 11:00", (2, "P"), (4, "J"))],
    started("s", "03-02 09:00", "03-03 11:00"),
)
worked(
    "Q36",
    "A random split: the table says that the second path is taken.",
    {
        "sequence": body(
            branch(
                {"steps": [email("V")]},
                {"steps": [email("W")]},
                splitMode="random",
                randomPercentages=[30, 70],
            ),
            email("J"),
        ),
        "entries": [entry("s", "03-02 09:00")],
        "paths": [{"subscriber_id": "s", "run": 1, "node": "b", "path": 1}],
    },
    whole("s", "03-02 09:00", (2, "W"), (3, "J")),
    started("s", "03-02 09:00", "03-02 09:00"),
)
worked(
    "Q36",
    "A path with a target goes there, past J; without an else path one goes on to the step after the branch.",
    {
        "sequence": body(
            email("A"), branch(if_tag("X", email("V"), targetNodeId="Z")), email("J"), email("Z")
        ),
        "events": [event("a", "03-01 09:00", "tag_added", "X")],
        "entries": [entry("a", "03-02 09:00"), entry("b", "03-02 09:00")],
    },
    [
        *whole("a", "03-02 09:00", (0, "A"), (2, "V"), (4, "Z")),
        *whole("b", "03-02 09:00", (0, "A"), (3, "J"), (4, "Z")),
    ],
    [row for who in "ab" for row in started(who, "03-02 09:00", "03-02 09:00")],
)
worked(
    "Q36",
    'A score of "12" is more than "10"; a click on a link with pricing in it is one.',
    {
        "sequence": body(
            branch({
                "conditionType": "field_greater_than",
                "fieldName": "score",
                "fieldValue": "10",
                "steps": [email("P")],
            }),
            {
                "id": "c",
                "type": "branch",
                "branches": [{"conditionType": "link_clicked", "linkUrl": "pricing", "steps": [email("Q")]}],
                "elseSteps": [email("R")],
            },
        ),
        "events": [
            field("a", "03-01 09:00", "score", "12"),
            field("b", "03-01 09:00", "score", "9"),
            event("b", "03-01 10:00", "link_clicked", "https://example.com/pricing?from=mail"),
        ],
        "entries": [entry("a", "03-02 09:00"), entry("b", "03-02 09:00")],
    },
    [*whole("a", "03-02 09:00", (1, "P"), (4, "R")), *whole("b", "03-02 09:00", (3, "Q"))],
    [row for who in "ab" for row in started(who, "03-02 09:00", "03-02 09:00")],
)

worked(
    "Q36",
    'The number 5 is not "5" (C35), and the link is another one: else, both times.',
    {
        "sequence": body(
            branch(
                {
                    "conditionType": "field_equals",
                    "fieldName": "size",
                    "fieldValue": "5",
                    "steps": [email("P")],
                },
                {"conditionType": "link_clicked", "linkUrl": "pricing", "steps": [email("Q")]},
                elseSteps=[email("N")],
            ),
        ),
        "events": [
            field("s", "03-01 09:00", "size", 5),
            event("s", "03-01 10:00", "link_clicked", "https://example.com/docs"),
        ],
        "entries": [entry("s", "03-02 09:00")],
    },
    whole("s", "03-02 09:00", (3, "N")),
    started("s", "03-02 09:00", "03-02 09:00"),
)

# ---------------------------------------------------------------- Q37: waits for events


def waits(why: str, config: Row, sends: str | None, *paid: str, ends: str = "", **assumptions: str) -> None:
    """A, a wait for paid, and B; entered on 2 March at 09:00."""
    worked(
        "Q37",
        why,
        {
            "sequence": body(email("A"), step("wait_for_event", "W", eventName="paid", **config), email("B")),
            "assumptions": assumptions,
            "events": [event("s", t, "paid") for t in paid],
            "entries": [entry("s", "03-02 09:00")],
        },
        [*whole("s", "03-02 09:00", (0, "A")), *(whole("s", sends, (2, "B")) if sends else [])],
        started("s", "03-02 09:00", sends or ends, "completed" if sends else "stopped"),
    )


waits("The event comes first.", {"timeoutDays": 2}, "03-03 08:00", "03-03 08:00", "03-03 10:00")
waits("Nothing comes: two days.", {"timeoutDays": 2}, "03-04 09:00")
waits("Seven days by default.", {}, "03-09 09:00")
waits(
    "Nothing comes, and that is the end.",
    {"timeoutDays": 2, "timeoutAction": "exit"},
    None,
    ends="03-04 09:00",
)
waits(
    "Both at one instant: the event wins.",
    {"timeoutDays": 2, "timeoutAction": "exit"},
    "03-04 09:00",
    "03-04 09:00",
)
waits(
    "An event of the instant at which the wait is reached is not after it.",
    {"timeoutDays": 2},
    "03-04 09:00",
    "03-02 09:00",
)
for reading, sends in (("count", "03-03 09:00"), ("ignore", "03-05 09:00")):
    waits(
        f"The wait is reached a day later, the event came before: {reading}.",
        {"timeoutDays": 2, "delay": DAY},
        sends,
        "03-02 20:00",
        earlier_events=reading,
    )

# ---------------------------------------------------------------- Q38: key dates

SALE = {"timezone": "America/New_York", "dates": [{"key": "sale", "label": "Sale", "at": "2026-03-09T09:00"}]}


def counted(
    why: str,
    wait: Row,
    entered: str,
    *rows: tuple[int, str, str],
    status: str = "completed",
    skipped: str = "",
) -> None:
    """A; B by a key date, the sale of 9 March, 09:00 EDT, which is 13:00 UTC; C an hour after B."""
    ends = rows[-1][2]
    worked(
        "Q38",
        why,
        {
            "sequence": body(email("A"), email("B", **wait), email("C", delay={"hours": 1}), keyDates=SALE),
            "entries": [entry("s", entered)],
        },
        [("s", 1, *row) for row in rows],
        [
            ("s", 1, entered, "started", None),
            *(("s", 1, entered, "skipped", name) for name in skipped),
            ("s", 1, ends, status, None),
        ],
    )


counted(
    "A day before it, by default.",
    {"waitUntilKeyDate": {"key": "sale", "offset": DAY}},
    "03-02 09:00",
    (0, "A", "03-02 09:00"),
    (1, "B", "03-08 13:00"),
    (2, "C", "03-08 14:00"),
)
counted(
    "Two hours after it.",
    {"waitUntilKeyDate": {"untilKeyDate": "sale", "hours": 2, "direction": "after"}},
    "03-02 09:00",
    (0, "A", "03-02 09:00"),
    (1, "B", "03-09 15:00"),
    (2, "C", "03-09 16:00"),
)
counted(
    "No such key: the run ends.",
    {"waitUntilKeyDate": {"key": "gone"}},
    "03-02 09:00",
    (0, "A", "03-02 09:00"),
    status="stopped",
)
counted(
    "No such key, and the run is to go on.",
    {"waitUntilKeyDate": {"key": "gone", "missingAction": "continue"}},
    "03-02 09:00",
    (0, "A", "03-02 09:00"),
    (1, "B", "03-02 09:00"),
    (2, "C", "03-02 10:00"),
)
counted(
    "Too late: B is skipped by default, C's wait begins.",
    {"waitUntilKeyDate": {"key": "sale"}},
    "03-10 09:00",
    (0, "A", "03-10 09:00"),
    (2, "C", "03-10 10:00"),
    skipped="B",
)
counted(
    "Too late, and B is to go at once.",
    {"delay": {"mode": "until_key_date", "untilKeyDate": "sale", "untilPastAction": "continue"}},
    "03-10 09:00",
    (0, "A", "03-10 09:00"),
    (1, "B", "03-10 09:00"),
    (2, "C", "03-10 10:00"),
)

# ---------------------------------------------------------------- Q39: further triggers and stops

LEFT = {"name": "Case", "trigger": "segment_exited", "segmentId": "S1", "steps": [email("A")]}
worked(
    "Q39",
    "In at the look of 09:15, out at that of 09:30.",
    {
        "sequence": LEFT,
        "enabled_at": at("03-01 00:00"),
        "events": [
            event("s", "03-02 09:01", "segment_entered", "S1"),
            event("s", "03-02 09:20", "segment_left", "S1"),
        ],
    },
    whole("s", "03-02 09:30", (0, "A")),
    started("s", "03-02 09:30", "03-02 09:30"),
)
worked(
    "Q39",
    "In and out again between two looks: not seen.",
    {
        "sequence": LEFT,
        "enabled_at": at("03-01 00:00"),
        "events": [
            event("s", "03-02 09:01", "segment_entered", "S1"),
            event("s", "03-02 09:10", "segment_left", "S1"),
        ],
    },
    [],
    [],
)
worked(
    "Q39",
    "Nothing but entries begins a manual sequence.",
    {
        "sequence": {"name": "Case", "trigger": "manual", "steps": [email("A")]},
        "events": [event("s", "03-02 09:00", "contact_added"), event("s", "03-02 10:00", "tag_added", "T1")],
    },
    [],
    [],
)
worked(
    "Q39",
    "An inbound webhook is known by its id in ref (C25).",
    {
        "sequence": {
            "name": "Case",
            "trigger": "inbound_webhook",
            "eventName": "hook",
            "webhookId": "w1",
            "steps": [email("A")],
        },
        "events": [event("s", "03-02 09:00", "hook", "w2"), event("s", "03-02 10:00", "hook", "w1")],
    },
    whole("s", "03-02 10:00", (0, "A")),
    started("s", "03-02 10:00", "03-02 10:00"),
)
worked(
    "Q39",
    "a was enrolled by T1 and loses it; b was enrolled by T2, and losing T1 is nothing to that.",
    {
        "sequence": {
            "name": "Case",
            "trigger": "tag_added",
            "tagNames": ["T1", "T2"],
            "stopCondition": {
                "type": "does_not_have_tag",
                "value": None,
                "matchConfig": {"mode": "entry_audience", "audience": "tag"},
            },
            "steps": [email("A"), email("B", delay=DAY)],
        },
        "events": [
            event("a", "03-02 09:00", "tag_added", "T1"),
            event("b", "03-02 09:00", "tag_added", "T2"),
            event("a", "03-02 12:00", "tag_removed", "T1"),
            event("b", "03-02 12:00", "tag_removed", "T1"),
        ],
    },
    [
        ("a", 1, 0, "A", "03-02 09:00"),
        ("b", 1, 0, "A", "03-02 09:00"),
        ("b", 1, 1, "B", "03-03 09:00"),
    ],
    [
        *started("a", "03-02 09:00", "03-03 09:00", "stopped"),
        *started("b", "03-02 09:00", "03-03 09:00"),
    ],
)
worked(
    "Q39",
    "Received an hour later it starts a run, at the instant at which it happened; a second more, and there is none.",
    {
        "sequence": {
            "name": "Case",
            "trigger": "event_received",
            "eventName": "order",
            "steps": [email("A")],
        },
        "events": [
            event("s", "03-02 09:00", "order", received_at=at("03-02 10:00")),
            event("s", "03-02 11:00", "order", received_at=at("03-02 12:00:01")),
        ],
    },
    whole("s", "03-02 09:00", (0, "A")),
    started("s", "03-02 09:00", "03-02 09:00"),
)

# ---------------------------------------------------------------- Q40: changes

TWO = [email("A"), email("B", delay={"days": 2})]


def changed(
    why: str,
    changes: list[Row],
    *rows: tuple[int, str, str],
    steps: list[Row] = TWO,
    ends: str = "",
    **fields: Any,
) -> None:
    """A, and B two days later, entered on 2 March at 09:00."""
    worked(
        "Q40",
        why,
        {"sequence": body(*steps, **fields), "entries": [entry("s", "03-02 09:00")], "changes": changes},
        [("s", 1, *row) for row in rows],
        started("s", "03-02 09:00", ends or rows[-1][2]),
    )


LONGER = [email("A"), email("B", delay={"days": 5})]
worked(
    "Q40",
    "s waits already and keeps its instant; the new delay holds for r, who comes to it later.",
    {
        "sequence": body(*TWO),
        "entries": [entry("s", "03-02 09:00"), entry("r", "03-03 09:00")],
        "changes": [update("03-03 09:00", steps=LONGER)],
    },
    [
        ("s", 1, 0, "A", "03-02 09:00"),
        ("s", 1, 1, "B", "03-04 09:00"),
        ("r", 1, 0, "A", "03-03 09:00"),
        ("r", 1, 1, "B", "03-08 09:00"),
    ],
    [*started("s", "03-02 09:00", "03-04 09:00"), *started("r", "03-03 09:00", "03-08 09:00")],
)
changed(
    "B is deleted: s goes on to C, whose wait of a day counts from then. C has B's place.",
    [update("03-03 09:00", steps=[email("A"), email("C", delay=DAY)])],
    (0, "A", "03-02 09:00"),
    (1, "C", "03-04 09:00"),
    steps=[*TWO, email("C", delay=DAY)],
)
changed(
    "B is deleted and nothing follows: s has completed.",
    [update("03-03 09:00", steps=[email("A")])],
    (0, "A", "03-02 09:00"),
    ends="03-03 09:00",
)
changed(
    "Disabled while B comes due: it goes when the sequence is enabled, and C counts from there.",
    [{"at": at("03-03 09:00"), "op": "disable"}, {"at": at("03-06 12:00"), "op": "enable"}],
    (0, "A", "03-02 09:00"),
    (1, "B", "03-06 12:00"),
    (2, "C", "03-07 12:00"),
    steps=[*TWO, email("C", delay=DAY)],
)
changed(
    "Enabled again before B comes due: nothing moves.",
    [{"at": at("03-03 09:00"), "op": "disable"}, {"at": at("03-03 12:00"), "op": "enable"}],
    (0, "A", "03-02 09:00"),
    (1, "B", "03-04 09:00"),
)
NOON = {"startTime": "12:00", "endTime": "13:00", "timezone": "UTC"}
EARLY = {"startTime": "06:00", "endTime": "08:00", "timezone": "UTC"}
changed(
    "The wait ends at 09:00 as it would have; the email then passes the window in force (C42).",
    [update("03-03 09:00", sendingWindow=NOON)],
    (0, "A", "03-02 09:00"),
    (1, "B", "03-04 12:00"),
)
changed(
    "09:00 is past the new window: the next day.",
    [update("03-03 09:00", sendingWindow=EARLY)],
    (0, "A", "03-02 09:00"),
    (1, "B", "03-05 06:00"),
)
changed(
    "Realigned: to the opening of the day for which B waits.",
    [update("03-03 09:00", True, sendingWindow=EARLY)],
    (0, "A", "03-02 09:00"),
    (1, "B", "03-04 06:00"),
)
changed(
    "Realigned on that day itself: not before the change.",
    [update("03-04 07:00", True, sendingWindow=EARLY)],
    (0, "A", "03-02 09:00"),
    (1, "B", "03-04 07:00"),
)
changed(
    "B would have gone on the 4th at 12:00; enabled on the 6th at 20:00 it passes the window from then (C45).",
    [{"at": at("03-03 09:00"), "op": "disable"}, {"at": at("03-06 20:00"), "op": "enable"}],
    (0, "A", "03-02 12:00"),
    (1, "B", "03-07 12:00"),
    sendingWindow=NOON,
)
changed(
    "A window of no days holds A for no instant; a new one lets it go at its first opening (C42).",
    [update("03-03 09:00", sendingWindow=NOON)],
    (0, "A", "03-03 12:00"),
    (1, "B", "03-05 12:00"),
    sendingWindow={**EARLY, "days": []},
)
worked(
    "Q40",
    "Disabled on the 1st, enabled on the 3rd: the tag of the 2nd enrols nobody (C20), that of the 4th does.",
    {
        "sequence": body(email("A")),
        "events": [TAGGED, event("s", "03-04 09:00", "tag_added", "T1")],
        "changes": [{"at": at("03-01 00:00"), "op": "disable"}, {"at": at("03-03 00:00"), "op": "enable"}],
    },
    whole("s", "03-04 09:00", (0, "A")),
    [("s", None, "03-02 09:00", "blocked", None), *started("s", "03-04 09:00", "03-04 09:00")],
)

# ---------------------------------------------------------------- Q41: enrolments as they come


def enrolment(who: str, t: str, status: str = "active", via: str = "trigger") -> Row:
    return {
        "subscriberId": who,
        "enrollmentStartedAt": at(t),
        "status": status,
        "currentNodeId": "B",
        "waitUntil": None,
        "lastUpdatedAt": at(t),
        "enteredVia": via,
    }


def listed(*rows: Row) -> Row:
    return {"success": True, "enrollments": list(rows), "pagination": {"hasMore": False}}


worked(
    "Q41",
    "One row is one entry, and what it waits for now is not looked at.",
    {"sequence": body(*TWO), "enrollments": listed(enrolment("s", "03-02 09:00", "waiting"))},
    [("s", 1, 0, "A", "03-02 09:00"), ("s", 1, 1, "B", "03-04 09:00")],
    started("s", "03-02 09:00", "03-04 09:00"),
)
worked(
    "Q41",
    "Two pages; a cancelled enrolment has begun as well as any (C28).",
    {
        "sequence": body(email("A")),
        "enrollments": [
            listed(enrolment("s", "03-02 09:00")),
            listed(enrolment("r", "03-02 10:00", "cancelled")),
        ],
    },
    [*whole("s", "03-02 09:00", (0, "A")), *whole("r", "03-02 10:00", (0, "A"))],
    [*started("s", "03-02 09:00", "03-02 09:00"), *started("r", "03-02 10:00", "03-02 10:00")],
)
worked(
    "Q41",
    "By hand nobody is taken in beside an active run.",
    {
        "sequence": body(*TWO),
        "enrollments": listed(enrolment("s", "03-02 09:00"), enrolment("s", "03-03 09:00", via="manual")),
    },
    [("s", 1, 0, "A", "03-02 09:00"), ("s", 1, 1, "B", "03-04 09:00")],
    [*started("s", "03-02 09:00", "03-04 09:00"), ("s", None, "03-03 09:00", "duplicate", None)],
)
