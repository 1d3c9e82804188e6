"""What lint finds in Sequenzy sequences (Q23): each rule by hand, with near misses."""

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import first_instant_of, local_date, next_in_window
from sequenzy_strategies import cases
from strategies import ODD_ZONES, instants, weekday_sets
from test_lint import dates_in, near_changes

import simcore
from simcore import sequenzy
from simcore.answers.lint import lint
from simcore.plan.findings import SEVERITIES
from simcore.sequenzy.findings import CODES

NEW_YEAR = "2026-01-01T00:00Z"
MONDAYS = [f"{day:%Y-%m-%d}" for day in pd.date_range("2026-01-01", "2027-12-31", freq="W-MON")]
CODE = "Use {{discount.code}}"
HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
SMS = {"type": "sms"}
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def mail(subject="Hello", html="<p>Hello</p>", **named):
    return {"subject": subject, "html": html, **named}


def after(subject, **length):
    return mail(subject, delay=length)


def discount(wait=None, **named):
    return {
        "type": "create_discount",
        "discount": {"discountType": "percent", "percentOff": 20, **named},
        **(wait or {}),
    }


def days(*names, start="09:00", end="12:00", zone="Europe/London"):
    return {"waitUntilWeekday": {"days": list(names), "startTime": start, "endTime": end, "timezone": zone}}


def open_on(*names, start="08:00", end="20:00", zone="Europe/Kyiv", **named):
    return {
        "sendingWindow": {"timezone": zone, "startTime": start, "endTime": end, "days": list(names), **named}
    }


def until(field="trial.endsAt", **named):
    return {"waitUntil": {"field": field, **named}}


def series(*steps, trigger="contact_added", **named):
    needed = {
        "tag_added": {"tagName": "new"},
        "segment_entered": {"segmentId": "seg"},
        "event_received": {"eventName": "order"},
        "inactivity": {"eventName": "order", "inactiveDays": 30},
        "frequency": {"eventName": "order", "minCount": 3, "timeWindowDays": 7},
    }
    return sequenzy.from_api({
        "name": "S",
        "trigger": trigger,
        **needed.get(trigger, {}),
        **({"steps": list(steps)} if "goal" not in named else {}),
        **named,
    })


def stopping(kind, value="new", **named):
    return series(HELLO, stopCondition={"type": kind, "value": value}, **named)


DATES = {"timezone": "UTC", "dates": [{"label": "Launch", "at": "2026-03-09T09:00"}]}
LOSES = {"type": "removed_from_list", "matchConfig": {"mode": "entry_audience"}}


def split(*steps, goes=None, otherwise=None, **condition):
    """A branch on a tag, or on something else."""
    looks = condition or {"conditionType": "has_tag", "tagName": "vip"}
    return {
        "branches": [{**looks, "steps": list(steps), "targetNodeId": goes}],
        "elseTargetNodeId": otherwise,
    }


def told(sequence, **named):
    found = {}
    for code, *row in lint(sequence, **named).itertuples(index=False):
        found.setdefault(code, []).append(tuple(row))
    return found


# For each code: a sequence that triggers it and what else lint is given, where, the message, and near misses.
CASES = {
    "no-steps": (
        series(goal="Welcome them"),
        {},
        "steps",
        "The sequence has a goal and no steps yet, so there is nothing to project. Fetch it again once its emails are "
        "written (GET /api/v1/sequences/{id}).",
        [series(HELLO), series()],
    ),
    "no-emails": (
        series(SMS, discount()),
        {},
        "steps",
        "No step is an email, so nobody who is enrolled is sent one. Add an email.",
        [series(SMS, HELLO), series(goal="Welcome them")],
    ),
    "stops-everyone": (
        stopping("has_tag", trigger="tag_added"),
        {},
        "stopCondition",
        "A run begins when the tag 'new' is added, and the stop condition ends it at once for whoever has that tag: "
        "nobody receives anything. Stop on something that happens later.",
        [
            stopping("has_tag", "customer", trigger="tag_added"),
            stopping("does_not_have_tag", trigger="tag_added"),
            stopping("has_tag", tagName="new"),
            stopping("added_to_list", "L2", listId="L"),
            stopping("added_to_list", "L", listScope="any_list"),
            stopping("added_to_list", "L"),
            stopping("removed_from_list", "L", listId="L"),
            stopping("entered_segment", "other", trigger="segment_entered"),
            stopping("event_received", "order", trigger="event_received"),
            series(HELLO, trigger="tag_added", stopCondition={"type": "none"}),
        ],
    ),
    "stops-outsiders": (
        stopping("does_not_have_tag", "trial"),
        {},
        "stopCondition",
        "The stop condition also ends the runs of those who never had the tag 'trial': only who has it when the run "
        "begins receives anything. See that everyone who is meant has it by then.",
        [
            stopping("does_not_have_tag", trigger="tag_added"),
            stopping("removed_from_list", "L", listId="L"),
            stopping("has_tag", "trial"),
        ],
    ),
    "window-closed": (
        series(HELLO, **open_on()),
        {},
        "sendingWindow.days",
        "The sending window has no days, so no email ever goes out. Name at least one day, or leave out days for all "
        "seven.",
        [
            series(HELLO, **open_on("mon")),
            series(HELLO, **open_on(enabled=False)),
            series(HELLO | days("mon")),
        ],
    ),
    "discount-missing": (
        series(mail(CODE), discount(), mail(CODE)),
        {},
        "steps[0].subject",
        "'Use {{discount.code}}' has a discount tag, but the discount step comes only later (steps[1]), so there is "
        "no code to show. Put a create_discount step before it.",
        [
            series(discount(), mail(CODE)),
            series(mail("{{discount}} {{event.discount}} {{discount.unknown}}")),
        ],
    ),
    "code-expires-first": (
        series(discount(expiresInHours=36), after("A", hours=12), SMS, after(CODE, days=1)),
        {},
        "steps[3].subject",
        "'Use {{discount.code}}' shows the code of steps[0], which expires 1 day 12 hours after it is made; the email "
        "goes out 1 day 12 hours after that, or later. Let the code live longer, or send the email sooner.",
        [
            series(discount(expiresInHours=36.001), after("A", hours=12), after(CODE, days=1)),
            series(discount(expiresInHours=36), after("A", hours=12), after("B", days=1)),
            series(after("A", days=9), discount(expiresInHours=36), after(CODE, hours=35)),
            series(discount({"delay": {"days": 9}}, expiresInHours=36), after(CODE, hours=35)),
            series(discount(expiresInHours=36), discount(), after(CODE, days=2)),
            series(discount(), after(CODE, days=2)),
            # These may be over at once.
            series(discount(expiresInHours=36), mail(CODE, **days("mon"))),
            series(discount(expiresInHours=36), mail(CODE), **open_on("mon")),
            series(discount(expiresInHours=36), mail(CODE, **until(offset={"days": 9}))),
            # Nobody gets there.
            series(discount(expiresInHours=36), mail(**days()), after(CODE, days=2)),
            series(discount(expiresInHours=36), after(CODE, days=2), **open_on()),
            series(
                discount(expiresInHours=36),
                SMS | until(missingAction="exit"),
                after(CODE, days=2),
                trigger="inactivity",
            ),
        ],
    ),
    "no-event": (
        series(mail(html="<p>{{event.city|there}}</p>"), trigger="inactivity"),
        {},
        "steps[0].html",
        "'Hello' has a tag of the run's event, but a run that begins by the trigger inactivity has no event: the tag "
        "is empty, or shows its fallback. Leave it out.",
        [
            *(
                series(mail("{{event.city}}"), trigger=each)
                for each in ("event_received", "frequency", "tag_added")
            ),
            series(mail("{{event.city}}")),
            series(mail("{{city}} {event.city}"), trigger="inactivity"),
        ],
    ),
    "no-date": (
        series(HELLO, SMS | until(missingAction="exit"), trigger="segment_entered"),
        {},
        "steps[1].waitUntil",
        "The sms step waits for the event's 'trial.endsAt', but a run that begins by the trigger segment_entered has "
        "no event, so the run ends there. Wait for a length of time instead.",
        [series(HELLO | until(missingAction="exit"), trigger="frequency")],
    ),
    "tag-unbalanced": (
        series(mail("Hello {{event.city}", "<p>{{fine}}</p>")),
        {},
        "steps[0].subject",
        "'Hello {{event.city}': in its subject a merge tag is opened and not closed, or closed and not opened, so it "
        "is shown as it stands. Write it as {{name}}, with both pairs of braces.",
        [
            series(mail("{a} {{b}} {{{c}}} {{ d | e }}")),
            series(mail(html="<STYLE media=x>@media x{a{b:c}}</style ><script>a={b:{}}</script>{{name}}")),
        ],
    ),
    "weekday-apart": (
        series(discount(days("tue", "thu")), HELLO),
        {},
        "steps[0].waitUntilWeekday",
        "The wait for Tue and Thu 09:00 to 12:00 (Europe/London) is before the create_discount step; the email, "
        "'Hello' (steps[1]), follows at once now, but only until something is put between. Put the wait on the email.",
        [
            series(discount(), HELLO | days("tue", "thu")),
            series(HELLO | days("tue"), discount(), HELLO),
            series(SMS | days("tue"), HELLO | days("wed")),
            series(HELLO, SMS | days("tue")),
            series(discount(days()), HELLO),
        ],
    ),
    "windows-never-meet": (
        series(HELLO | days("sat", "sun"), **open_on(*WEEK[:5])),
        {},
        "steps[0].waitUntilWeekday",
        "'Hello' waits for Sat and Sun 09:00 to 12:00 (Europe/London), but then the sending window, Mon to Fri 08:00 "
        "to 20:00 (Europe/Kyiv), is never open: it goes out later, at other times than it waits for. Let the two "
        "overlap.",
        [
            series(HELLO | days("fri", "sun"), **open_on(*WEEK[:5])),
            # Mon 23:00 in London is Tue 01:00 in Kyiv, a minute before the window closes.
            series(
                HELLO | days("mon", start="23:00", end="24:00"), **open_on("tue", start="00:00", end="01:01")
            ),
            series(HELLO | days("sat"), **open_on("mon", enabled=False)),
            series(HELLO | days("sat"), **open_on()),
            series(HELLO | days(), **open_on("mon")),
            series(SMS | days("sat"), HELLO, **open_on("mon")),
        ],
    ),
    "left-out-all": (
        series(HELLO, **open_on("mon")).without(MONDAYS),
        {"as_of": NEW_YEAR},
        "left_out",
        "The sending window is on Mon, and all dates of that in the two years from Thu 1 Jan 2026 on are left out: no "
        "email goes out then. Leave out fewer dates.",
        [
            series(HELLO, **open_on("mon")).without(MONDAYS[1:]),
            series(HELLO, **open_on("mon", "tue")).without(MONDAYS),
            series(HELLO).without(MONDAYS),
        ],
    ),
    "left-out-past": (
        series(HELLO, **open_on("mon")).without(["2025-12-24"]),
        {"as_of": NEW_YEAR},
        "left_out",
        "The date that is left out, Wed 24 Dec 2025, is past: it moves nothing any more. Leave out those to come.",
        [series(HELLO, **open_on("mon")).without(["2026-01-01"]), series(HELLO, **open_on("mon"))],
    ),
    "window-skipped": (
        series(HELLO, **open_on(*WEEK, start="02:00", end="03:00", zone="America/New_York")),
        {"as_of": NEW_YEAR},
        "sendingWindow",
        "The clocks in America/New_York skip all of 02:00 to 03:00 on Sun 8 Mar 2026 and Sun 14 Mar 2027: what waits "
        "for that window waits for the next. Make it longer, or move it.",
        [
            series(HELLO, **open_on(*WEEK, start="02:00", end="03:01", zone="America/New_York")),
            series(HELLO, **open_on(*WEEK, start="01:59", end="03:00", zone="America/New_York")),
            series(HELLO, **open_on(*WEEK[:6], start="02:00", end="03:00", zone="America/New_York")),
            series(HELLO, **open_on(*WEEK, start="02:00", end="03:00", zone="America/New_York")).without([
                "2026-03-08",
                "2027-03-14",
            ]),
        ],
    ),
    "key-date-missing": (
        series(HELLO, HELLO | {"waitUntilKeyDate": {"key": "sale"}}, keyDates=DATES),
        {},
        "steps[1].waitUntilKeyDate",
        "'Hello' waits for the key date 'sale', and the sequence has no such date (its keys: 'launch'), so the run "
        "ends there. Add it to keyDates.",
        [series(HELLO | {"waitUntilKeyDate": {"key": "launch"}}, keyDates=DATES)],
    ),
    "paused": (
        series(HELLO, status="paused"),
        {},
        "status",
        "The sequence is paused, so nobody is enrolled and every run stands where it is: nothing goes out until it is "
        "enabled. Set its status to active to see what it would do.",
        [series(HELLO, status="active"), series(HELLO, enrollmentPaused=True)],
    ),
    "enrolment-paused": (
        series(HELLO, enrollmentPaused=True),
        {},
        "enrollmentPaused",
        "Enrolments are paused, so the trigger enrols nobody; only entries that are given are taken in. Set "
        "enrollmentPaused to false to see whom it would enrol.",
        [series(HELLO, enrollmentPaused=False), series(HELLO, status="paused")],
    ),
    "stop-without-audience": (
        series(HELLO, trigger="event_received", stopCondition=LOSES),
        {},
        "stopCondition.matchConfig",
        "The stop condition is about the list, tag or segment that enrolled the subscriber, and by the trigger "
        "event_received none does, so it never holds. Name what has to be lost in value.",
        [
            series(HELLO, trigger="tag_added", stopCondition=LOSES),
            series(HELLO, listIds=["a", "b"], stopCondition=LOSES),
            series(HELLO, listScope="any_list", stopCondition=LOSES),
        ],
    ),
    "unreachable": (
        series(split(goes="Z", otherwise="Z"), HELLO, HELLO | {"id": "Z"}),
        {},
        "steps[1]",
        "Nothing leads to 'Hello', so nobody ever comes to it. Lead a path to it, or remove it.",
        [series(split(goes="Z"), HELLO, HELLO | {"id": "Z"})],
    ),
    "random-split": (
        series({"branches": [{"steps": [HELLO]}, {}], "splitMode": "random", "randomPercentages": [50, 50]}),
        {},
        "steps[0]",
        "The branch step sends each run down a path by chance: a projection needs a seed, such as seed=1, and takes "
        "the same paths each time. Compare a few seeds before you trust a number.",
        [series(split(HELLO))],
    ),
    "link-clicked": (
        series(split(HELLO, conditionType="link_clicked")),
        {},
        "steps[0].branches[0]",
        "The branch step looks at clicks on links: those are events named link_clicked in the log, with the link as "
        "ref. Where the log has none, nobody clicked.",
        [series(split(HELLO))],
    ),
    "transactional": (
        series(HELLO | {"isTransactional": True}),
        {},
        "steps[0].isTransactional",
        "'Hello' is transactional, so it goes to those too who unsubscribed, bounced or complained before they were "
        "enrolled. Set activeSubscribersOnly to true to keep them out.",
        [
            series(HELLO | {"isTransactional": False}),
            series(HELLO | {"isTransactional": True}, activeSubscribersOnly=True),
        ],
    ),
}


def test_every_rule_has_its_case():
    assert set(CASES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_rule(code):
    sequence, given_, where, message, _ = CASES[code]
    assert told(sequence, **given_)[code] == [(CODES[code][0], where, message)]


@pytest.mark.parametrize("code", CODES)
def test_near_misses(code):
    _, given_, _, _, near = CASES[code]
    assert near
    for each in near:
        assert code not in told(each, **given_)


def test_rules_are_told_to_people():
    order = [SEVERITIES.index(severity) for severity, _ in CODES.values()]
    assert order == sorted(order, reverse=True)
    for code, (_, meaning) in CODES.items():
        assert code.replace("-", "").islower()
        assert meaning[0].isupper()
        assert meaning.endswith(".")


# ---------------------------------------------------------------- each rule's other words


def test_waits_for_dates_left_out():
    """T23: a weekday wait may have none left, or none on which the sending window is open."""
    waits = series(HELLO, mail("B", **days("mon"))).without(MONDAYS)
    assert told(waits, as_of=NEW_YEAR)["left-out-all"] == [
        (
            "error",
            "steps[1].waitUntilWeekday",
            "The weekday wait before 'B' is for Mon, and all dates of that in the two years from Thu 1 Jan 2026 on "
            "are left out: it does not end then, so nobody gets there, nor to anything after it. Leave out fewer "
            "dates.",
        )
    ]
    mondays = pd.date_range("1969-11-01", "2200-03-01", freq="W-MON", unit="us")
    both = series(mail("B", **days("mon", "tue")), **open_on("mon", "fri"))
    assert "windows-never-meet" not in told(both)
    assert "windows-never-meet" in told(both.without(mondays))


def test_the_platform_sums_it_up():
    """Q34."""
    assert told(series(HELLO, effectiveStatus="paused"))["paused"][0][1] == "effectiveStatus"
    assert (
        told(series(HELLO, effectiveStatus="enrollment_paused"))["enrolment-paused"][0][1]
        == "effectiveStatus"
    )


def test_nodes_to_which_nothing_leads():
    """Q26."""
    body = {
        "name": "S",
        "nodes": [
            {"id": "t", "nodeType": "trigger"},
            {"id": "e", "nodeType": "action_email"},
            {"id": "lost", "nodeType": "action_sms"},
        ],
        "edges": [{"sourceNodeId": "t", "targetNodeId": "e"}],
        "emails": [{"nodeId": "e", "subject": "Hello"}],
    }
    assert told(sequenzy.from_api(body))["unreachable"] == [
        (
            "warning",
            "unreachable[0]",
            "Nothing leads to the node 'lost', so nobody ever comes to it. Lead an edge to it, or remove it.",
        )
    ]


def test_a_key_date_that_does_not_matter():
    """Q38."""
    found = told(series(SMS | {"waitUntilKeyDate": {"key": "sale", "missingAction": "continue"}}, HELLO))
    assert found["key-date-missing"][0][2] == (
        "The sms step waits for the key date 'sale', and the sequence has no such date (its keys: none), so it does "
        "not wait at all. Add it to keyDates."
    )


def test_a_condition_on_clicks():
    """Q36."""
    clicked = {"type": "condition", "conditionType": "link_clicked"}
    assert told(series(clicked, HELLO))["link-clicked"][0][1:] == (
        "steps[0]",
        "The condition step looks at clicks on links: those are events named link_clicked in the log, with the link "
        "as ref. Where the log has none, nobody clicked.",
    )


def test_a_date_of_the_subscriber_needs_no_event():
    """Q28."""
    own = until(source="attribute")
    assert "no-date" not in told(series(HELLO | own, trigger="inactivity"))


class TestPaths:
    """Q36: what is so on each path is looked at."""

    def test_a_code_on_one_path(self):
        found = told(series(split(discount()), mail(CODE)))
        assert found["discount-missing"] == [
            (
                "error",
                "steps[1].subject",
                "'Use {{discount.code}}' has a discount tag, but on one of the paths to it there is no discount step, "
                "so there is no code to show. Put a create_discount step before it.",
            )
        ]
        whole = split(discount()) | {"elseSteps": [discount()]}
        assert "discount-missing" not in told(series(whole, mail(CODE)))

    def test_a_code_expires_on_the_shortest_way(self):
        code, late = discount(expiresInHours=36), after("A", days=2)
        assert "code-expires-first" not in told(series(code, split(late), after(CODE, hours=35)))
        both = split(late) | {"elseSteps": [late]}
        assert told(series(code, both, mail(CODE)))["code-expires-first"][0][1] == "steps[2].subject"
        found = told(series(split(code, late) | {"elseSteps": [discount()]}, mail(CODE)))
        assert found["code-expires-first"][0][2] == (
            "'Use {{discount.code}}' shows the code of steps[0].branches[0].steps[0], which expires 1 day 12 hours "
            "after it is made; the email goes out 2 days after that, or later. Let the code live longer, or send the "
            "email sooner."
        )

    def test_who_gets_there_by_one_way(self):
        never, code = SMS | days(), discount(expiresInHours=36)
        late = after(CODE, days=2)
        assert "code-expires-first" in told(series(code, split(never), late))
        assert "code-expires-first" not in told(series(code, split(never) | {"elseSteps": [never]}, late))

    def test_findings_come_in_the_order_of_the_steps(self):
        body = split(mail("{{a")) | {"elseSteps": [mail("{{b")]}
        assert [where for _, where, _ in told(series(body, mail("{{c")))["tag-unbalanced"]] == [
            "steps[0].branches[0].steps[0].subject",
            "steps[0].elseSteps[0].subject",
            "steps[1].subject",
        ]

    def test_a_weekday_apart_from_emails_on_paths(self):
        found = told(series(SMS | days("tue"), split(HELLO), HELLO))
        assert [where for _, where, _ in found["weekday-apart"]] == ["steps[0].waitUntilWeekday"] * 2


class TestWeekdaysOnTheirOwn:
    """Q35: a delay right before an email is one with it."""

    DELAY = {"type": "delay"} | days("tue")

    def test_right_before_an_email(self):
        assert "weekday-apart" not in told(series(self.DELAY, HELLO))

    @pytest.mark.parametrize(
        ("between", "told_"),
        [
            ([after("A", days=1)], "comes after a further wait, so it goes out at other times"),
            ([SMS, HELLO], "follows at once now, but only until something is put between"),
            (
                [{"type": "wait_for_event", "eventName": "paid"}, HELLO],
                "comes after a further wait, so it goes out at other times",
            ),
        ],
    )
    def test_before_something_else(self, between, told_):
        found = told(series(self.DELAY, *between))["weekday-apart"]
        assert len(found) == 1
        assert f", {told_}. Put the wait on the email." in found[0][2]
        assert found[0][2].startswith(
            "The wait for Tue 09:00 to 12:00 (Europe/London) is before the delay step; "
        )

    def test_in_its_configuration(self):
        fields = {
            "delayMode": "until_weekday",
            "untilDays": [],
            "untilStartTime": "09:00",
            "untilTimezone": "UTC",
        }
        found = told(series({"nodeType": "logic_delay", "config": fields}, HELLO))
        assert found["window-closed"][0][1] == "steps[0].config"
        assert found["window-closed"][0][2].startswith(
            "The weekday wait before the logic_delay step has no days"
        )


def test_windows_in_each_subscribers_zone_may_meet():
    """Q31."""
    own = days("sat")["waitUntilWeekday"] | {"timezoneSource": "subscriber"}
    assert "windows-never-meet" not in told(series(HELLO | {"waitUntilWeekday": own}, **open_on("fri")))


def test_no_steps_at_all():
    assert told(series())["no-emails"][0][2] == (
        "There are no steps, so nobody who is enrolled is sent one. Add an email."
    )


@pytest.mark.parametrize(
    ("sequence", "begins"),
    [
        (
            stopping("added_to_list", "L", listId="L"),
            "somebody joins the list 'L', and the stop condition ends it at once for whoever is on that list",
        ),
        (
            stopping("entered_segment", "seg", trigger="segment_entered"),
            "somebody enters the segment 'seg', and the stop condition ends it at once for whoever is in it",
        ),
    ],
)
def test_who_is_stopped(sequence, begins):
    assert told(sequence)["stops-everyone"][0][2] == (
        f"A run begins when {begins}: nobody receives anything. Stop on something that happens later."
    )


def test_everyone_stops_in_simulate():
    """What is said of the stop conditions is what simulate does."""
    events = pd.DataFrame(
        [("a", "2026-03-01T10:00Z", "tag_added", "new"), ("b", "2026-03-02T10:00Z", "tag_added", "new")],
        columns=["subscriber_id", "at", "event", "ref"],
    )
    for sequence in (CASES["stops-everyone"][0], stopping("does_not_have_tag", "trial", trigger="tag_added")):
        life = simcore.simulate(sequence, events=events)
        assert life.subscribers["status"].tolist() == ["stopped", "stopped"]
        assert life.timeline.empty


def test_outside_a_list():
    assert told(stopping("removed_from_list", "L"))["stops-outsiders"][0][2] == (
        "The stop condition also ends the runs of those who never were on the list 'L': only who is on it when the "
        "run begins receives anything. See that everyone who is meant is on it by then."
    )


def test_a_weekday_wait_without_days():
    assert told(series(HELLO, SMS | days(), HELLO))["window-closed"] == [
        (
            "error",
            "steps[1].waitUntilWeekday",
            "The weekday wait before the sms step has no days, so it never ends: nobody gets there, nor to anything "
            "after it. Name at least one day.",
        )
    ]


def test_no_discount_step():
    sequence = series(mail("A", blocks=[{"type": "text", "rows": [["{{discount.percentOff|20}}"]]}]))
    assert told(sequence)["discount-missing"] == [
        (
            "error",
            "steps[0].blocks",
            "'A' has a discount tag, but there is no discount step, so there is no code to show. Put a "
            "create_discount step before it.",
        )
    ]


def test_a_date_on_which_codes_expire():
    """The email goes out 3 days after the enrolment: whoever comes from 7 March on is too late."""
    sequence = series(after("A", days=1), discount(expiresAt="2026-03-10T12:00+02:00"), after(CODE, days=2))
    assert told(sequence, as_of="2026-03-07T10:00Z")["code-expires-first"] == [
        (
            "error",
            "steps[2].subject",
            "'Use {{discount.code}}' shows the code of steps[1], which expires on Tue 10 Mar 2026 10:00 UTC; who is "
            "enrolled on Sat 7 Mar 2026 10:00 UTC or later gets the email after that. Choose a later expiresAt.",
        )
    ]
    assert "code-expires-first" not in told(sequence, as_of="2026-03-07T09:59:59Z")
    assert "code-expires-first" not in told(sequence)
    both = series(discount(expiresAt="2026-03-10", expiresInHours=72), after(CODE, days=2))
    assert "code-expires-first" not in told(both, as_of="2027-01-01T00:00Z")  # Q5: the hours win


def test_a_date_that_no_run_has():
    assert told(series(HELLO | until(), trigger="inactivity"))["no-date"][0][2] == (
        "'Hello' waits for the event's 'trial.endsAt', but a run that begins by the trigger inactivity has no event, "
        "so it does not wait at all. Wait for a length of time instead."
    )


def test_braces_in_every_field():
    text = {"id": "b", "content": ["}}", "{{"], "more": {"of": 7, "it": None}}
    step = mail("{{", "<p>}} {{x}}</p>", previewText="{{a}", blocks=[text, text])
    assert [where for _, where, _ in told(series(step))["tag-unbalanced"]] == [
        "steps[0].subject",
        "steps[0].previewText",
        "steps[0].html",
        "steps[0].blocks",
    ]


def test_a_weekday_wait_and_another():
    """However it is spelled."""
    wait = {"mode": "until_weekday", "untilDay": "tue", "untilStartTime": "09:00", "untilTimezone": "UTC"}
    sequence = series(SMS | {"delay": wait}, discount({"delayMs": 0}), SMS | {"delayMs": 1000}, HELLO)
    assert told(sequence)["weekday-apart"] == [
        (
            "warning",
            "steps[0].delay",
            "The wait for Tue 09:00 to 24:00 (UTC) is before the sms step; the email, 'Hello' (steps[3]), comes after "
            "a further wait, so it goes out at other times. Put the wait on the email.",
        )
    ]


def test_windows_that_touch():
    """One closes as the other opens."""
    wait = days("mon", zone="UTC")
    assert "windows-never-meet" in told(series(HELLO | wait, **open_on("mon", start="12:00", zone="UTC")))
    assert "windows-never-meet" not in told(series(HELLO | wait, **open_on("mon", start="11:59", zone="UTC")))


def test_a_weekday_wait_whose_window_is_skipped():
    wait = days("sun", start="02:00", end="03:00", zone="America/New_York")
    assert told(series(HELLO, SMS | wait), as_of=NEW_YEAR)["window-skipped"][0][1:] == (
        "steps[1].waitUntilWeekday",
        "The clocks in America/New_York skip all of 02:00 to 03:00 on Sun 8 Mar 2026 and Sun 14 Mar 2027: what waits "
        "for that window waits for the next. Make it longer, or move it.",
    )
    assert not told(series(HELLO, SMS | wait))


def test_a_whole_day_that_is_lost():
    whole = open_on("fri", start="00:00", end="24:00", zone="Pacific/Apia")
    assert told(series(HELLO, **whole), as_of="2011-01-01T00:00Z")["window-skipped"][0][2].startswith(
        "The clocks in Pacific/Apia skip all of 00:00 to 24:00 on Fri 30 Dec 2011: "
    )


def test_order():
    """The worst first; of one severity the sequence's own fields, then the steps, in order."""
    sequence = series(
        mail("{{discount.code}} {{event.x}} {{"),
        discount(days("sat")),
        mail("B", **days("sun")),
        HELLO | days(),
        trigger="segment_entered",
        stopCondition={"type": "does_not_have_tag", "value": "trial"},
        **open_on("mon", start="02:00", end="03:00", zone="Europe/Berlin"),
    )
    found = lint(sequence, among=[series(HELLO)], as_of=NEW_YEAR)
    assert list(zip(found["code"], found["where"], strict=True)) == [
        ("discount-missing", "steps[0].subject"),
        ("window-closed", "steps[3].waitUntilWeekday"),
        ("no-event", "steps[0].subject"),
        ("tag-unbalanced", "steps[0].subject"),
        ("windows-never-meet", "steps[2].waitUntilWeekday"),
        ("stops-outsiders", "stopCondition"),
    ]


HOSTILE = [
    ("a\nb", r"'a\nb'"),
    ("<script>alert(1)</script>", "'<script>alert(1)</script>'"),
    ("\u202egnp.exe", r"'\u202egnp.exe'"),
    ("x" * 10_000, f"'{'x' * 58}…"),
]


@pytest.mark.parametrize(("subject", "shown"), HOSTILE)
def test_subjects_and_names_stay_legible(subject, shown):
    step = mail(subject, "{{discount.code}} {{event.x}} }}", **days("sat"), previewText=subject)
    for sequence in (
        series(SMS | days("sun"), step, trigger="segment_entered", **open_on("mon")),
        series(SMS | days("sun"), SMS | {"delayMs": 1}, mail(subject)),
        series(mail(subject) | until(subject.replace(".", "")), trigger="inactivity"),
        stopping("has_tag", subject, trigger="tag_added", tagName=subject),
        stopping("does_not_have_tag", subject),
    ):
        found = told(sequence)
        assert found
        for rows in found.values():
            for _, _, message in rows:
                assert shown in message
                assert message.isprintable()
                assert len(message) < 500


def test_blocks_may_be_nested_deeply():
    nested = [CODE]
    for _ in range(150):
        nested = [{"rows": nested}]
    assert told(series(mail(blocks=nested)))["discount-missing"][0][1] == "steps[0].blocks"


@pytest.mark.parametrize(("name", "codes"), [("onboarding", []), ("replenish", []), ("winback", [])])
def test_shipped_examples(name, codes):
    assert sorted(told(sequenzy.load(simcore.example(name)), as_of=NEW_YEAR)) == codes


# ---------------------------------------------------------------- laws


@given(cases())
def test_whatever_the_sequence(case):
    """Every finding has a rule, a path into the body, and a message that can be read."""
    body = case.sequence.get("sequence", case.sequence)
    for code, severity, where, message in lint(sequenzy.from_api(body), as_of=NEW_YEAR).itertuples(
        index=False
    ):
        assert severity == CODES[code][0]
        assert message.isprintable()
        at = body
        for part in where.replace("[", ".").replace("]", "").split("."):
            at = at[int(part)] if part.isdigit() else at[part]


@given(cases())
def test_nobody_receives_what_never_goes_out(case):
    sequence = sequenzy.from_api(case.sequence)
    found = told(sequence)
    stuck = [where for _, where, _ in found.get("window-closed", []) if where != "sendingWindow.days"]
    first = min((int(where[6:].split("]")[0]) for where in stuck), default=None)
    entries = pd.date_range("2026-02-20", "2026-04-20", freq="17h", tz="UTC")
    sends = simcore.project(sequence, entries)
    if "sendingWindow.days" in {where for _, where, _ in found.get("window-closed", [])}:
        assert sends.empty
    if first is not None:
        assert (sends["position"] < first).all()


@given(st.data())
def test_skipped_windows_are_those_of_zoneinfo(data):
    zone = data.draw(st.sampled_from(ODD_ZONES))
    as_of = data.draw(instants(zone).filter(lambda t: t.year < 2098))
    allowed = data.draw(weekday_sets().filter(bool))
    start = data.draw(st.sampled_from([0, 15, 60, 90, 120, 150, 180, 1380, 1410]))
    end = min(start + data.draw(st.sampled_from([15, 30, 60, 90, 1440])), 1440)
    window = {
        "timezone": zone,
        "startTime": clock(start),
        "endTime": clock(end),
        "days": [WEEK[d] for d in allowed],
    }
    found = told(series(HELLO, sendingWindow=window), as_of=as_of)
    skipped = [
        day
        for day in near_changes(local_date(as_of, zone), zone)
        if day.weekday() in allowed
        and next_in_window(first_instant_of(day, zone), allowed, start, end, zone)
        >= first_instant_of(day + timedelta(days=1), zone)
    ]
    assert dates_in(found.get("window-skipped")) == skipped


def clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


@given(st.data())
def test_windows_meet_where_a_time_of_2026_is_in_both(data):
    """By every quarter of an hour of a year: all of these windows begin and end on one, and no year is unlike it."""
    quarters = st.sampled_from([0, 60, 540, 1260, 1380, 1440])
    pair = []
    for _ in range(2):
        zone = data.draw(st.sampled_from(["UTC", "America/New_York", "America/Chicago", "Asia/Kolkata"]))
        start, end = sorted(data.draw(st.lists(quarters, min_size=2, max_size=2, unique=True)))
        allowed = data.draw(weekday_sets().filter(bool))
        pair.append((zone, start, end, allowed))
    both = None
    for zone, start, end, allowed in pair:
        wall = QUARTERS.tz_convert(zone)
        minute = wall.hour * 60 + wall.minute
        inside = (minute >= start) & (minute < end) & wall.day_of_week.isin(list(allowed))
        both = inside if both is None else both & inside
    (zone, start, end, allowed), (zone2, start2, end2, allowed2) = pair
    wait = days(*(WEEK[day] for day in allowed), start=clock(start), end=clock(end), zone=zone)
    window = open_on(*(WEEK[day] for day in allowed2), start=clock(start2), end=clock(end2), zone=zone2)
    assert ("windows-never-meet" in told(series(HELLO | wait, **window))) == (not both.any())


QUARTERS = pd.date_range("2026-01-01", "2027-01-01", freq="15min", tz="UTC")
