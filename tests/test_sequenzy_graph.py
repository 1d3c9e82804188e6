"""Steps of every kind, branches and conditions, as nodes; what is refused of them; and how they show (Q26 to Q39)."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import sequenzy
from simcore.errors import SimcoreError, ValidationError
from simcore.sequenzy import graph, waits
from simcore.sequenzy.controls import controls

HOUR = 3_600_000_000
DAY = 24 * HOUR
HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
CONDITIONS = (
    "has_tag, does_not_have_tag, in_list, in_segment, event_received, link_clicked, field_equals, field_contains, "
    "field_greater_than, field_less_than, has_phone, sms_subscribed"
)


def email(name, **fields):
    return {"id": name, "subject": f"Email {name}", "html": "-", **fields}


def step(kind, name="x", **fields):
    return {"type": kind, "id": name, **fields}


def if_tag(*steps, tag="vip", **fields):
    return {"conditionType": "has_tag", "tagName": tag, "steps": list(steps), **fields}


def branch(*paths, name="b", **fields):
    return {"type": "branch", "id": name, "branches": list(paths), **fields}


def series(*steps, **fields):
    return sequenzy.from_api({"name": "S", "trigger": "contact_added", "steps": list(steps), **fields})


def told(*steps, **fields):
    return [(node.id, node.kind, node.position, node.to) for node in series(*steps, **fields).nodes]


def refused(text_of, *steps, **fields):
    body = {"name": "S", "trigger": "contact_added", "steps": list(steps), **fields}
    return text_of(ValidationError, sequenzy.from_api, body)


def problem(text):
    return f"1 problem\n  {text}"


# ---------------------------------------------------------------- kinds of steps


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (HELLO, "email"),
        ({**HELLO, "type": None}, "email"),
        ({**HELLO, "nodeType": "action_email"}, "email"),
        ({**HELLO, "type": "ab_test"}, "email"),
        ({"type": "discount", "discount": {"discountType": "percent", "percentOff": 5}}, "discount"),
        ({"discountType": "percent", "percentOff": 5}, "discount"),
        ({"discount": {"discountType": "percent", "percentOff": 5}}, "discount"),
        ({"type": "sms", "text": "Hi"}, "sms"),
        ({"type": "push", "title": "Hi"}, "push"),
        ({"type": "update_subscriber"}, "update_subscriber"),
        ({"type": "action_add_tag", "tagName": "x"}, "add_tag"),
        ({"type": "remove_tag", "tagId": "x"}, "remove_tag"),
        ({"nodeType": "action_add_to_list", "config": {"listId": "x"}}, "add_to_list"),
        (
            {"type": "remove_from_list", "nodeType": "action_remove_from_list", "listId": "x"},
            "remove_from_list",
        ),
        ({"type": "webhook", "url": "https://example.com"}, "webhook"),
        ({"type": "ai", "prompt": "Write"}, "ai"),
        ({"type": "delay"}, "delay"),
        ({"type": "wait_for_event", "eventName": "paid"}, "wait_for_event"),
        ({"type": "condition", "conditionType": "has_phone"}, "condition"),
        ({"branches": [if_tag()]}, "branch"),
        ({"type": "logic_branch", "branches": [if_tag()]}, "branch"),
        ({"nodeType": "logic_branch", "config": {"branches": [if_tag()]}}, "branch"),
    ],
)
def test_kinds(given, kind):
    """Q35, Q36: what a step is, by its type, its node type, or what it has."""
    made = series(given)
    assert [node.kind for node in made.nodes] == [kind]
    assert sequenzy.from_api(json.loads(json.dumps(made.to_api()))).nodes == made.nodes


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ({"type": "add_tag", "tagName": "x"}, {"tagName": "x"}),
        ({"type": "add_tag", "config": {"tagName": "x"}}, {"tagName": "x"}),
        ({"type": "add_tag", "config": {"tagName": "x"}, "tagName": None}, {"tagName": "x"}),
        (
            {"type": "update_subscriber", "config": {"status": "unsubscribed"}, "name": "Bye"},
            {"status": "unsubscribed", "name": "Bye"},
        ),
        ({**HELLO, "isTransactional": True, "delay": {"days": 1}}, {**HELLO, "isTransactional": True}),
        (
            {"type": "ab_test", "variants": [{"subject": "One"}, {"subject": "Two"}]},
            {"subject": "One", "variants": [{"subject": "One"}, {"subject": "Two"}]},
        ),
        (
            {**HELLO, "type": "ab_test", "variants": [{"label": "A"}]},
            {**HELLO, "subject": "Hello", "variants": [{"label": "A"}]},
        ),
        ({**HELLO, "variants": [{"subject": "One"}]}, {**HELLO, "variants": [{"subject": "One"}]}),
        (
            {"type": "discount", "discountType": "percent", "percentOff": 5, "stats": 1},
            {"discount": {"discountType": "percent", "percentOff": 5}, "stats": 1},
        ),
        (
            {"type": "discount", "config": {"discountType": "percent", "percentOff": 5, "label": "Off"}},
            {"discount": {"discountType": "percent", "percentOff": 5, "label": "Off"}},
        ),
        ({"type": "webhook", "config": {"url": "x", "onError": "fail"}}, {"url": "x", "onError": "fail"}),
    ],
)
def test_fields_wherever_they_stand(given, config):
    """Q27, Q35: in the step or in its config; a discount's as they used to."""
    assert series(given).nodes[0].config == config


# ---------------------------------------------------------------- paths


def test_paths_join_after_the_branch():
    """Q36: depth first, the branch itself counted."""
    paths = branch(if_tag(email("V"), email("W")), if_tag(tag="gold"), elseSteps=[email("N")])
    assert told(email("A"), paths, email("J")) == [
        ("A", "email", 0, (1,)),
        ("b", "branch", 1, (2, 5, 4)),
        ("V", "email", 2, (3,)),
        ("W", "email", 3, (5,)),
        ("N", "email", 4, (5,)),
        ("J", "email", 5, (6,)),
    ]


def test_no_else():
    """Q36: who no path is for goes on to the step after the branch."""
    assert told(branch(if_tag(email("V"))), email("J"))[0] == ("b", "branch", 0, (1, 2))
    assert told(branch(if_tag(email("V"))))[0] == ("b", "branch", 0, (1, 2))


def test_targets():
    """Q36: a path goes to its target, past what is between."""
    paths = branch(if_tag(email("V"), targetNodeId="Z"), elseTargetNodeId="Z")
    assert told(paths, email("J"), email("Z")) == [
        ("b", "branch", 0, (1, 3)),
        ("V", "email", 1, (3,)),
        ("J", "email", 2, (3,)),
        ("Z", "email", 3, (4,)),
    ]


def test_targets_that_are_numbers():
    """Q22, Q36."""
    assert told(branch(if_tag(targetNodeId=7)), email("J"), email(7))[0] == ("b", "branch", 0, (2, 1))


def test_a_target_in_another_path():
    """Q36: positions are as the steps stand; nodes come after all that lead to them."""
    paths = branch(if_tag(email("V"), email("K")), elseSteps=[email("N")], elseTargetNodeId="K")
    assert told(paths) == [
        ("b", "branch", 0, (1, 2)),
        ("V", "email", 1, (3,)),
        ("N", "email", 3, (3,)),
        ("K", "email", 2, (4,)),
    ]


def test_branches_in_branches():
    """Q36: up the nesting."""
    inner = branch(if_tag(email("U")), name="c")
    paths = branch(if_tag(inner), elseSteps=[email("N")])
    assert told(paths, email("J")) == [
        ("b", "branch", 0, (1, 3)),
        ("c", "branch", 1, (2, 4)),
        ("U", "email", 2, (4,)),
        ("N", "email", 3, (4,)),
        ("J", "email", 4, (5,)),
    ]


def test_what_a_branch_looks_at():
    """Q36."""
    paths = branch(
        {
            "id": "p",
            "label": "VIPs",
            "conditionType": "has_tag",
            "tagName": "vip",
            "listId": None,
            "steps": [],
        },
        {"conditionType": "field_greater_than", "fieldName": "score", "fieldValue": "10"},
        {"conditionType": "event_received", "eventName": "paid", "activityScope": "this_sequence"},
    )
    (node,) = series(paths).nodes
    assert node.conditions == (
        {"conditionType": "has_tag", "tagName": "vip"},
        {"conditionType": "field_greater_than", "fieldName": "score", "fieldValue": "10"},
        {"conditionType": "event_received", "eventName": "paid", "activityScope": "this_sequence"},
    )
    assert node.percentages == ()
    assert node.where == "steps[0]"


def test_a_condition_on_its_own():
    """Q36."""
    gate = step("condition", conditionType="link_clicked", linkUrl="pricing", delay={"days": 1})
    first, _ = series(gate, HELLO).nodes
    assert first.conditions == ({"conditionType": "link_clicked", "linkUrl": "pricing"},)
    assert (first.wait, first.to) == (waits.Length(DAY), (1,))


def test_a_random_split():
    """Q36: no else."""
    split = branch(
        {"steps": [email("V")]}, {}, splitMode="random", randomPercentages=[33.3, 66.7], elseSteps=[]
    )
    first, _, _ = series(split, email("J")).nodes
    assert (first.to, first.percentages, first.conditions) == ((1, 2), (33.3, 66.7), ())


def test_steps_of_numbers():
    """Q22: a step without an id is called by its position."""
    made = series(branch(if_tag(HELLO), name=7), HELLO)
    assert made.email_ids == ("7", "step-2", "step-3")


def test_nothing_leads_to_it():
    """Q36: it is kept."""
    paths = branch(if_tag(targetNodeId="Z"), elseTargetNodeId="Z")
    assert told(paths, email("J"), email("Z")) == [
        ("b", "branch", 0, (2, 2)),
        ("J", "email", 1, (2,)),
        ("Z", "email", 2, (3,)),
    ]


# ---------------------------------------------------------------- waits of nodes


@pytest.mark.parametrize(
    ("config", "wait"),
    [
        ({}, waits.UntilEvent("paid", 7 * DAY, False)),
        ({"timeoutDays": 2, "timeoutAction": "continue"}, waits.UntilEvent("paid", 2 * DAY, False)),
        ({"timeoutDays": 365, "timeoutAction": "exit"}, waits.UntilEvent("paid", 365 * DAY, True)),
        ({"timeoutDays": 1.5}, waits.UntilEvent("paid", 36 * HOUR, False)),
    ],
)
def test_waits_for_events(config, wait):
    """Q37."""
    for given_ in (
        {"type": "wait_for_event", "eventName": "paid", **config},
        {"nodeType": "logic_wait_for_event", "config": {"eventName": "paid", **config}},
    ):
        assert [(node.kind, node.wait) for node in series(given_).nodes] == [("wait_for_event", wait)]


def test_a_wait_before_a_wait_for_an_event():
    """Q37: two nodes of one id and position."""
    made = series(HELLO, step("wait_for_event", "w", eventName="paid", delay={"days": 1}), HELLO)
    assert [(node.id, node.kind, node.position, node.wait, node.to) for node in made.nodes] == [
        ("step-1", "email", 0, None, (1,)),
        ("w", "delay", 1, waits.Length(DAY), (2,)),
        ("w", "wait_for_event", 1, waits.UntilEvent("paid", 7 * DAY, False), (3,)),
        ("step-3", "email", 2, None, (4,)),
    ]


SALE = {"timezone": "America/New_York", "dates": [{"key": "sale", "label": "Sale", "at": "2026-03-09T09:00"}]}
SALE_US = 1_773_061_200_000_000  # 2026-03-09T13:00Z, an hour after clocks went forward


@pytest.mark.parametrize(
    ("given_", "wait"),
    [
        ({"waitUntilKeyDate": {"key": "sale"}}, waits.UntilKeyDate("sale", 0, True, "skip", SALE_US)),
        (
            {
                "waitUntilKeyDate": {
                    "untilKeyDate": "sale",
                    "hours": 2,
                    "direction": "after",
                    "pastAction": "exit",
                }
            },
            waits.UntilKeyDate("sale", 2 * HOUR, True, "exit", SALE_US),
        ),
        (
            {"waitUntilKeyDate": {"key": "sale", "offset": {"days": 1}, "missingAction": "continue"}},
            waits.UntilKeyDate("sale", -DAY, False, "skip", SALE_US),
        ),
        (
            {
                "delay": {
                    "mode": "until_key_date",
                    "keyDate": "sale",
                    "days": 1,
                    "untilPastAction": "continue",
                }
            },
            waits.UntilKeyDate("sale", -DAY, True, "continue", SALE_US),
        ),
        ({"waitUntilKeyDate": {"key": "gone"}}, waits.UntilKeyDate("gone", 0, True, "skip", None)),
    ],
)
def test_key_dates(given_, wait):
    """Q38."""
    assert series(HELLO | given_, keyDates=SALE).nodes[0].wait == wait


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Doors open!", "doors_open"),
        ("Black Friday 2026", "black_friday_2026"),
        ("  a -- b", "a_b"),
        ("É", ""),
    ],
)
def test_keys_of_labels(label, key):
    """Q38."""
    assert waits.date_key({"label": label}) == key
    assert waits.date_key({"label": label, "key": "own"}) == "own"


@pytest.mark.parametrize(
    ("zone", "at", "utc"),
    [
        ("Europe/Kyiv", "2026-03-29T03:30", "2026-03-29T01:30Z"),  # skipped: as before the change
        ("Europe/Kyiv", "2026-10-25T03:30", "2026-10-25T00:30Z"),  # twice: the first
        ("Europe/Kyiv", "2026-03-09", "2026-03-08T22:00Z"),
        ("Europe/Kyiv", "2026-03-09T09:00-04:00", "2026-03-09T13:00Z"),
    ],
)
def test_when_key_dates_are(zone, at, utc):
    """Q38: without a zone, wall-clock time in theirs."""
    found = waits.key_dates({"timezone": zone, "dates": [{"key": "k", "at": at}, {"key": "u", "at": utc}]})
    assert found["k"] == found["u"]
    assert waits.key_dates(None) == waits.key_dates({"timezone": None, "dates": None}) == {}


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        # Q35
        (
            {**HELLO, "nodeType": "email"},
            "nodeType: email is not modelled: remove the step, or give it one of: action_email, action_ab_test, "
            "action_create_discount, action_sms, action_push, action_update_attributes, action_add_tag, "
            "action_remove_tag, action_add_to_list, action_remove_from_list, action_webhook, action_ai, logic_delay, "
            "logic_wait_for_event, logic_condition, logic_branch",
        ),
        (
            step("sms", nodeType="action_push"),
            "nodeType: nodeType can't differ from type, sms (found 'action_push')",
        ),
        (step("sms", config=5), "config: config must be an object with the fields of the step (found 5)"),
        (
            step("add_tag", tagName="x", config={"tagName": "y"}),
            "config.tagName: tagName can't differ from that of the step (found 'y')",
        ),
        (step("add_tag"), "tagName: tagName is required"),
        (step("remove_tag", config={"tagId": 5}), "config.tagId: tagId must be a string (found 5)"),
        (step("add_to_list", config={}), "listId: listId is required"),
        (step("remove_from_list", listId=""), "listId: listId can't be blank"),
        (
            step("webhook", onError="retry"),
            "onError: onError must be one of: continue, exit, fail (found 'retry')",
        ),
        (
            step("sms", ineligibleAction="wait"),
            "ineligibleAction: ineligibleAction must be one of: skip, exit (found 'wait')",
        ),
        (step("sms", sendAt="noon"), "sendAt: sendAt is not modelled: remove it (found 'noon')"),
        (step("sms", tagName="x"), "tagName: tagName is not modelled: remove it (found 'x')"),
        (
            step("sms", config={"sendAt": "noon"}),
            "config.sendAt: sendAt is not modelled: remove it, or say the same by: ineligibleAction (found 'noon')",
        ),
        (step("delay", html="<p>"), "html: html is not modelled: remove it (found '<p>')"),
        (
            step("update_subscriber", updates={"plan": "pro"}),
            "updates: updates is not modelled: remove it, or write customAttributeUpdates (found {'plan': 'pro'})",
        ),
        (
            step("update_subscriber", status="bounced"),
            "status: bounced is not modelled: remove it, or write unsubscribed",
        ),
        (
            step("update_subscriber", status=["active"]),
            "status: status must be one of: unsubscribed (found ['active'])",
        ),
        (
            step("update_subscriber", config={"status": "gone"}),
            "config.status: status must be one of: unsubscribed (found 'gone')",
        ),
        (
            step("update_subscriber", customAttributeUpdates={"a": 1}),
            "customAttributeUpdates: customAttributeUpdates must be a list of objects with name and value "
            "(found {'a': 1})",
        ),
        (
            step("update_subscriber", customAttributeUpdates=[{"value": 1}]),
            "customAttributeUpdates[0].name: name is required",
        ),
        (
            step("update_subscriber", customAttributeUpdates=[{"name": "a", "value": [1]}]),
            "customAttributeUpdates[0].value: value must be a text, a number, true, false or null (found [1])",
        ),
        (
            step("update_subscriber", customAttributeUpdates=[{"name": "a", "valueType": "date"}]),
            "customAttributeUpdates[0].valueType: valueType must be one of: text, number, boolean (found 'date')",
        ),
        (
            step("update_subscriber", customAttributeUpdates=[{"name": "a", "when": "later"}]),
            "customAttributeUpdates[0].when: when is not modelled: remove it, or say the same by: name, value, "
            "valueType (found 'later')",
        ),
        (
            {**HELLO, "isTransactional": "yes"},
            "isTransactional: isTransactional must be true or false (found 'yes')",
        ),
        (
            {**HELLO, "type": "ab_test", "variants": 5},
            "variants: variants must be a list of objects with subject (found 5)",
        ),
        (
            {**HELLO, "type": "ab_test", "variants": [{"subject": ""}]},
            "variants[0].subject: subject can't be blank",
        ),
        (
            {**HELLO, "type": "ab_test", "variants": [{"subject": "A", "sendAt": "noon"}]},
            "variants[0].sendAt: sendAt is not modelled: remove it, or say the same by: subject (found 'noon')",
        ),
        (
            {"type": "discount"},
            "discount: discount must be an object with discountType (found None)",
        ),
        (
            {"type": "discount", "discount": 5},
            "discount: discount must be an object with discountType (found 5)",
        ),
        (
            {"type": "discount", "discountType": "percent", "percentOff": 0},
            "percentOff: percentOff must be a number from 1 to 100 (found 0)",
        ),
        (
            {
                "type": "discount",
                "discount": {"discountType": "percent", "percentOff": 5, "startsAt": "noon"},
            },
            "discount.startsAt: startsAt is not modelled: remove it (found 'noon')",
        ),
        # Q36
        (
            {**HELLO, "branches": [5]},
            "branches: branches is not modelled: remove it, or make it a step of type branch (found [5])",
        ),
        (step("condition"), f"conditionType: conditionType must be one of: {CONDITIONS} (found None)"),
        (
            step("condition", config={"conditionType": "full_moon"}),
            f"config.conditionType: conditionType must be one of: {CONDITIONS} (found 'full_moon')",
        ),
        (step("condition", conditionType="has_tag"), "tagName: tagName is required with has_tag"),
        (step("condition", conditionType="in_list"), "listId: listId is required with in_list"),
        (step("condition", conditionType="in_segment"), "segmentId: segmentId is required with in_segment"),
        (
            step("condition", conditionType="event_received"),
            "eventName: eventName is required with event_received",
        ),
        (
            step("condition", conditionType="field_equals", fieldName="a"),
            "fieldValue: fieldValue is required with field_equals",
        ),
        (
            step("condition", conditionType="field_contains", fieldValue="a"),
            "fieldName: fieldName is required with field_contains",
        ),
        (
            step("condition", conditionType="field_less_than", fieldName="a", fieldValue=[1]),
            "fieldValue: fieldValue must be a text, a number, true or false (found [1])",
        ),
        (
            step("condition", conditionType="field_equals", fieldName="a", fieldValue=float("nan")),
            "fieldValue: fieldValue must be a text, a number, true or false (found nan)",
        ),
        (
            step("condition", conditionType="link_clicked", linkUrl=5),
            "linkUrl: linkUrl must be a string (found 5)",
        ),
        (
            step("condition", conditionType="has_phone", activityScope="previous_email"),
            "activityScope: previous_email is not modelled: remove it, or write ever or this_sequence",
        ),
        (
            step("condition", conditionType="has_phone", activityScope="today"),
            "activityScope: activityScope must be one of: ever, this_sequence (found 'today')",
        ),
        (
            step("condition", conditionType="has_phone", negate=True),
            "negate: negate is not modelled: remove it (found True)",
        ),
        (
            step("branch"),
            "branches: branches must be a list of objects with conditionType and steps (found None)",
        ),
        (branch(), "branches: branches can't be empty"),
        (branch(5), "branches[0]: branches[0] must be an object with conditionType and steps (found 5)"),
        (
            branch({"steps": []}),
            f"branches[0].conditionType: conditionType must be one of: {CONDITIONS} (found None)",
        ),
        (
            branch(if_tag(any="of these")),
            "branches[0].any: any is not modelled: remove it (found 'of these')",
        ),
        (branch(if_tag(id=" ")), "branches[0].id: id can't be blank"),
        (
            branch(if_tag(5)),
            "branches[0].steps[0]: steps[0] must be an object with subject, and blocks or html (found 5)",
        ),
        (
            branch(if_tag({"subject": "A"})),
            "branches[0].steps[0]: an email must have blocks or html",
        ),
        (
            branch(if_tag(), elseSteps=[{"subject": "A"}]),
            "elseSteps[0]: an email must have blocks or html",
        ),
        (
            branch(if_tag(), splitMode="all"),
            "splitMode: splitMode must be one of: condition, random (found 'all')",
        ),
        (
            branch(if_tag(targetNodeId="nowhere")),
            "branches[0].targetNodeId: targetNodeId must be the id of a step (found 'nowhere')",
        ),
        (
            branch(if_tag(), elseTargetNodeId="nowhere"),
            "elseTargetNodeId: elseTargetNodeId must be the id of a step (found 'nowhere')",
        ),
        (
            branch(if_tag(targetNodeId=1.5)),
            "branches[0].targetNodeId: targetNodeId must be a string (found 1.5)",
        ),
        (
            branch(if_tag(email("V", id="b"))),
            "branches[0].steps[0]: id has already been taken by steps[0] (found 'b')",
        ),
        (
            branch(if_tag(email("V"), targetNodeId="b")),
            ".branches[0].steps[0]: the steps go round in a circle: b to V to b",
        ),
        (
            branch(if_tag(targetNodeId="b")),
            ": the steps go round in a circle: b to b",
        ),
        (
            branch({}, {}, splitMode="random"),
            "randomPercentages: randomPercentages must be a list of numbers of 0 or more (found None)",
        ),
        (
            branch({}, {}, splitMode="random", randomPercentages=[-1, 101]),
            "randomPercentages: randomPercentages must be a list of numbers of 0 or more (found [-1, 101])",
        ),
        (
            branch({}, {}, splitMode="random", randomPercentages=[100]),
            "randomPercentages: randomPercentages must be one for each branch (found 1 for 2)",
        ),
        (
            branch({}, {}, splitMode="random", randomPercentages=[50, 49.9]),
            "randomPercentages: randomPercentages must be 100 together (found [50, 49.9])",
        ),
        (
            branch(if_tag(), splitMode="random", randomPercentages=[100]),
            "branches[0].conditionType: conditionType can't be given in a random split (found 'has_tag')\n"
            "  steps[0].branches[0].tagName: tagName can't be given in a random split (found 'vip')",
        ),
        (
            branch({}, splitMode="random", randomPercentages=[100], elseSteps=[HELLO]),
            "elseSteps: elseSteps can't be given in a random split",
        ),
        # Q37
        (step("wait_for_event"), "eventName: eventName is required"),
        (
            step("wait_for_event", eventName="paid", timeoutDays=0),
            "timeoutDays: timeoutDays must be a number from 1 to 365 (found 0)",
        ),
        (
            step("wait_for_event", config={"eventName": "paid", "timeoutDays": 366}),
            "config.timeoutDays: timeoutDays must be a number from 1 to 365 (found 366)",
        ),
        (
            step("wait_for_event", eventName="paid", timeoutAction="skip"),
            "timeoutAction: timeoutAction must be one of: continue, exit (found 'skip')",
        ),
        (
            step("wait_for_event", eventName="paid", propertyFilters=[1]),
            "propertyFilters: propertyFilters is not modelled: remove it (found [1])",
        ),
        # Q35: a delay on its own
        (
            step("delay", delay={"days": 1}, config={"delayDays": 2}),
            "config.delayDays: delayDays is not modelled: remove it (found 2)",
        ),
        (
            step("delay", config={"delayDays": 1, "delayMs": 5}),
            "config: delayDays can't be given beside delayMs",
        ),
        (
            step("delay", config={"delayMode": "until_moon"}),
            "config.delayMode: delayMode must be one of: duration, until_date, until_weekday, until_key_date (found "
            "'until_moon')",
        ),
        (
            step("delay", config={"waitUntil": {"field": "a"}, "waitUntilKeyDate": {"key": "b"}}),
            "config: a step can't have more than one wait (found waitUntil, waitUntilKeyDate)",
        ),
        (
            step("delay", config={"waitUntil": {"field": "a", "weeks": 1}}),
            "config.waitUntil.weeks: weeks is not modelled: remove it, or write days (found 1)",
        ),
        (
            step("delay", config={"delayMs": "5"}),
            "config.delayMs: delayMs must be a number of 0 or more (found '5')",
        ),
        (
            step("delay", days=1),
            "days: days is not modelled: remove it (found 1)",
        ),
        (
            step("delay", delayDays=1),
            "delayDays: delayDays is not modelled: remove it, or write delay: {days: ...} (found 1)",
        ),
    ],
)
def test_steps_refused(text_of, given_, text):
    """Q35, Q36, Q37: every message on its whole text."""
    dot = "" if text.startswith((":", ".")) else "."
    found = refused(text_of, given_)
    count = 1 + text.count("\n")
    assert found == f"{count} problem{'s' if count > 1 else ''}\n  steps[0]{dot}{text}"


def test_steps_nested_too_deeply(text_of):
    """Q36."""
    steps = [HELLO]
    for number in range(21):
        steps = [branch(if_tag(*steps), name=f"b{number}")]
    where = ".".join(["steps[0]", *["branches[0].steps[0]"] * 20])
    expected = problem(f"{where}: branches can't stand in one another more than 20 deep")
    assert refused(text_of, *steps) == expected
    assert len(series(*steps[0]["branches"][0]["steps"]).nodes) == 21


def test_too_many_steps(text_of):
    """Q22: positions are int16."""
    paths = [if_tag(*[HELLO] * 16_384), if_tag(*[HELLO] * 16_384)]
    assert refused(text_of, branch(*paths)) == problem("steps: steps can't be more than 32767 (found 32769)")


@pytest.mark.parametrize(
    ("given_", "path", "value"),
    [
        (step("webhook", onError="exit"), "onError", "exit"),
        (step("ai", onError="exit"), "onError", "exit"),
        (step("ai", onError="fail"), "onError", "fail"),
        (step("ai", config={"onError": "fail"}), "config.onError", "fail"),
        (step("sms", ineligibleAction="exit"), "ineligibleAction", "exit"),
        (step("push", ineligibleAction="exit"), "ineligibleAction", "exit"),
    ],
)
def test_what_steps_do_where_they_fail(text_of, given_, path, value):
    """Q35: refused where it could matter: where anything comes after it."""
    text = f"steps[0].{path}: {value} is not modelled, since no step fails here: remove it"
    assert refused(text_of, given_, HELLO) == problem(text)
    assert series(HELLO, given_)
    inside = branch(if_tag(given_))
    assert series(inside)
    assert refused(text_of, inside, HELLO) == problem(text.replace("[0]", "[0].branches[0].steps[0]", 1))


@pytest.mark.parametrize(
    "given_",
    [
        step("webhook", onError="continue"),
        step("webhook", onError="fail"),
        step("ai", onError="continue"),
        step("sms", ineligibleAction="skip"),
    ],
)
def test_what_cannot_matter(given_):
    """Q35: the run goes on, whatever becomes of the step; or it is the default."""
    assert series(given_, HELLO)


@pytest.mark.parametrize(
    ("wait", "text"),
    [
        (
            {"waitUntil": {"field": "due", "source": "log"}},
            "waitUntil.source: source must be one of: event, attribute (found 'log')",
        ),
        (
            {"waitUntil": {"field": "due", "source": "event", "untilDateSource": "attribute"}},
            "waitUntil.untilDateSource: untilDateSource can't differ from source (found 'attribute')",
        ),
        (
            {"delay": {"mode": "until_date", "untilDateField": "due", "untilPastAction": "wait"}},
            "delay.untilPastAction: untilPastAction must be one of: continue, skip, exit (found 'wait')",
        ),
        (
            {"waitUntilWeekday": {"startTime": "09:00", "timezone": "UTC", "minimumWait": {"days": -1}}},
            "waitUntilWeekday.minimumWait.days: days must be a number of 0 or more (found -1)",
        ),
        (
            {"waitUntilWeekday": {"startTime": "09:00", "timezone": "UTC", "minimumWait": 5}},
            "waitUntilWeekday.minimumWait: minimumWait must be an object with days, hours and minutes (found 5)",
        ),
        (
            {"waitUntilWeekday": {"startTime": "09:00", "timezone": "UTC", "minimumWait": {"weeks": 1}}},
            "waitUntilWeekday.minimumWait.weeks: weeks is not modelled: remove it, or write days (found 1)",
        ),
        (
            {"waitUntilWeekday": {"startTime": "09:00", "timezone": "UTC", "timezoneSource": "list"}},
            "waitUntilWeekday.timezoneSource: timezoneSource must be one of: fixed, subscriber (found 'list')",
        ),
        (
            {"waitUntilWeekday": {"startTime": "09:00", "timezone": "UTC", "holidays": ["2026-12-25"]}},
            "waitUntilWeekday.holidays: holidays is not modelled: remove it (found ['2026-12-25'])",
        ),
        ({"waitUntilKeyDate": {}}, "waitUntilKeyDate.key: key is required"),
        (
            {"waitUntilKeyDate": "sale"},
            "waitUntilKeyDate: waitUntilKeyDate must be an object with key, offset, direction and missingAction "
            "(found 'sale')",
        ),
        (
            {"waitUntilKeyDate": {"key": "sale", "missingAction": "skip"}},
            "waitUntilKeyDate.missingAction: missingAction must be one of: continue, exit (found 'skip')",
        ),
        ({"delay": {"mode": "until_key_date", "days": 1}}, "delay.key: key is required"),
        (
            {"delay": {"pastAction": "skip"}},
            "delay.pastAction: pastAction goes only with mode until_date or until_key_date (found 'skip')",
        ),
        (
            {"delay": {"days": 1, "jitter": 5}},
            "delay.jitter: jitter is not modelled: remove it (found 5)",
        ),
    ],
)
def test_waits_refused(text_of, wait, text):
    """Q28 to Q31, Q38."""
    assert refused(text_of, HELLO | wait) == problem(f"steps[0].{text}")


DATE = {"key": "sale", "label": "Sale", "at": "2026-03-09"}


@pytest.mark.parametrize(
    ("dates", "text"),
    [
        (5, "keyDates: keyDates must be an object with timezone and dates (found 5)"),
        ({"dates": [DATE]}, "keyDates.timezone: timezone must be a valid IANA timezone string (found None)"),
        (
            {"timezone": "Mars", "dates": []},
            "keyDates.timezone: timezone must be a valid IANA timezone string (found 'Mars')",
        ),
        (
            {"timezone": "UTC", "dates": DATE},
            "keyDates.dates: dates must be a list of objects with key, label and at (found {'key': 'sale', 'label': "
            "'Sale', 'at': '2026-03-09'})",
        ),
        ({"timezone": "UTC", "dates": [{"at": "2026-03-09"}]}, "keyDates.dates[0].label: label is required"),
        ({"timezone": "UTC", "dates": [{"key": "a"}]}, "keyDates.dates[0].at: at is required"),
        (
            {"timezone": "UTC", "dates": [DATE | {"at": "soon"}]},
            "keyDates.dates[0].at: at must be an instant from 1970 to 2199, such as 2026-03-06T21:07:30Z "
            "(found 'soon')",
        ),
        (
            {"timezone": "UTC", "dates": [DATE | {"key": 5}]},
            "keyDates.dates[0].key: key must be a string (found 5)",
        ),
        (
            {"timezone": "UTC", "dates": [DATE, {"label": "sale", "at": "2026-03-10"}]},
            "keyDates.dates[1]: key has already been taken by keyDates.dates[0] (found 'sale')",
        ),
        (
            {"timezone": "UTC", "dates": [DATE | {"repeat": "yearly"}]},
            "keyDates.dates[0].repeat: repeat is not modelled: remove it, or say the same by: key, label, at (found "
            "'yearly')",
        ),
        (
            {"timezone": "UTC", "dates": [], "repeat": "yearly"},
            "keyDates.repeat: repeat is not modelled: remove it, or say the same by: timezone, dates (found 'yearly')",
        ),
    ],
)
def test_key_dates_refused(text_of, dates, text):
    """Q38."""
    assert refused(text_of, HELLO, keyDates=dates) == problem(text)


# ---------------------------------------------------------------- fields of the sequence


@pytest.mark.parametrize(
    ("fields", "lists", "tags"),
    [
        ({}, (), ()),
        ({"listId": "a"}, ("a",), ()),
        ({"listId": "c", "listIds": ["a", "b"]}, ("a", "b"), ()),
        ({"listId": "c", "listIds": []}, ("c",), ()),
        ({"trigger": "tag_added", "tagName": "x"}, (), ("x",)),
        ({"trigger": "tag_added", "tagNames": ["x", "y"]}, (), ("x", "y")),
        ({"trigger": "tag_added", "tagNames": ["x", "y"], "tagName": "z"}, (), ("x", "y")),
    ],
)
def test_several_names(fields, lists, tags):
    """Q27."""
    made = series(HELLO, **fields)
    assert (made.lists, made.tags) == (lists, tags)


def test_no_trigger():
    """Q27: contact_added."""
    made = sequenzy.from_api({"name": "S", "steps": [HELLO]})
    assert made.trigger == "contact_added"
    assert (
        made
        == series(HELLO)
        == sequenzy.from_api(made.to_api())
        == sequenzy.Sequence(name="S", steps=[HELLO])
    )
    assert sequenzy.from_api({"name": "S", "trigger": None, "steps": [HELLO]}).trigger == "contact_added"


def test_blank_drafts():
    """Q27: they load, and there is nothing in them."""
    made = sequenzy.from_api({"name": "Blank"})
    assert (made.steps, made.goal, made.nodes, made.email_ids) == (None, None, (), ())
    assert made.to_api() == {"name": "Blank", "trigger": "contact_added"}
    assert sequenzy.from_api({"sequence": {"name": "Blank"}}).nodes == ()


def test_a_goal_has_no_nodes(text_of):
    """Q6."""
    made = sequenzy.from_api({"name": "S", "goal": "Welcome them"})
    assert text_of(SimcoreError, lambda: made.nodes) == (
        "the sequence has a goal and no steps: fetch it again once its emails are written "
        "(GET /api/v1/sequences/{id}), and load that"
    )


@pytest.mark.parametrize("more", [{}, {"trigger": "tag_added", "nodeCount": 3}])
def test_what_the_create_call_answers(text_of, more):
    """Q26: it has a trigger and no steps."""
    answer = {
        "success": True,
        "sequence": {"id": "seq_1", "name": "S", "status": "draft", "emailCount": 5, **more},
    }
    assert text_of(ValidationError, sequenzy.from_api, answer).startswith(
        "1 problem\n  sequence: this is only what the create call answers: fetch the whole sequence (GET "
        "/api/v1/sequences/{id}), and load that (found an object with id, name"
    )


@pytest.mark.parametrize(
    ("fields", "paused", "nobody"),
    [
        ({}, False, False),
        ({"status": "active", "effectiveStatus": "live", "enrollmentPaused": False}, False, False),
        ({"status": "draft", "effectiveStatus": "draft"}, False, False),
        ({"enrollmentPaused": True}, False, True),
        ({"effectiveStatus": "enrollment_paused"}, False, True),
        ({"status": "paused"}, True, True),
        ({"status": "active", "effectiveStatus": "paused"}, True, True),
    ],
)
def test_paused(fields, paused, nobody):
    """Q34."""
    made = series(HELLO, **fields)
    assert (made.is_paused, made.takes_nobody) == (paused, nobody)
    assert sequenzy.from_api(made.to_api()) == made


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        # Q27, Q39
        ({"listIds": "a"}, "listIds: listIds must be a list of ids of lists (found 'a')"),
        ({"listIds": ["a", ""]}, "listIds[1]: listIds[1] can't be blank"),
        ({"tagNames": [5]}, "tagNames[0]: tagNames[0] must be a string (found 5)"),
        ({"listIds": ["a"], "listScope": "any_list"}, "listScope: listScope can't be given beside listIds"),
        ({"trigger": "tag_added", "tagNames": []}, "tagName: tagName is required with trigger tag_added"),
        ({"trigger": "segment_exited"}, "segmentId: segmentId is required with trigger segment_exited"),
        ({"webhookId": 5}, "webhookId: webhookId must be a string (found 5)"),
        (
            {"trigger": "segment_exited", "segmentId": "s", "stopOnSegmentExit": True},
            "stopOnSegmentExit: stopOnSegmentExit goes only with trigger segment_entered",
        ),
        # Q33, Q34
        (
            {"activeSubscribersOnly": "yes"},
            "activeSubscribersOnly: activeSubscribersOnly must be true or false (found 'yes')",
        ),
        ({"enrollmentPaused": 1}, "enrollmentPaused: enrollmentPaused must be true or false (found 1)"),
        ({"status": "stopped"}, "status: status must be one of: draft, active, paused (found 'stopped')"),
        (
            {"status": "archived"},
            "status: archived is not modelled: remove it, or write draft to see what the sequence would do",
        ),
        (
            {"effectiveStatus": "on"},
            "effectiveStatus: effectiveStatus must be one of: draft, live, enrollment_paused, paused (found 'on')",
        ),
        # Q39
        (
            {"stopCondition": {"type": "has_tag", "value": "x", "matchConfig": {"mode": "entry_audience"}}},
            "stopCondition.matchConfig: matchConfig goes only with event_received, field_changed, "
            "does_not_have_tag, removed_from_list",
        ),
        (
            {
                "stopCondition": {
                    "type": "does_not_have_tag",
                    "matchConfig": {"mode": "field_value"},
                    "value": "x",
                }
            },
            "stopCondition.matchConfig.mode: mode must be one of: entry_audience (found 'field_value')",
        ),
        (
            {
                "stopCondition": {
                    "type": "removed_from_list",
                    "value": "l",
                    "matchConfig": {"mode": "entry_audience"},
                }
            },
            "stopCondition.value: value can't be given with matchConfig.mode entry_audience (found 'l')",
        ),
        (
            {
                "stopCondition": {
                    "type": "does_not_have_tag",
                    "matchConfig": {"mode": "entry_audience", "audience": "people"},
                }
            },
            "stopCondition.matchConfig.audience: audience must be one of: tag, list, segment (found 'people')",
        ),
        # Q26: nothing that decides is passed over
        (
            {"stopCondition": {"type": "has_tag", "value": "x", "unless": "y"}},
            "stopCondition.unless: unless is not modelled: remove it, or say the same by: type, value, matchConfig "
            "(found 'y')",
        ),
        (
            {
                "stopCondition": {
                    "type": "event_received",
                    "value": "x",
                    "matchConfig": {"mode": "event_property", "rules": [], "any": True},
                }
            },
            "stopCondition.matchConfig.any: any is not modelled: remove it, or say the same by: mode, rules "
            "(found True)",
        ),
        (
            {
                "stopCondition": {
                    "type": "event_received",
                    "value": "x",
                    "matchConfig": {
                        "mode": "event_property",
                        "rules": [{"entryFieldPath": "a", "eventFieldPath": "b", "fuzzy": True}],
                    },
                }
            },
            "stopCondition.matchConfig.rules[0].fuzzy: fuzzy is not modelled: remove it, or say the same by: "
            "entryFieldPath, eventFieldPath (found True)",
        ),
        (
            {
                "trigger": "event_received",
                "eventName": "order",
                "propertyFilters": [{"path": "a", "operator": "exists", "caseSensitive": True}],
            },
            "propertyFilters[0].caseSensitive: caseSensitive is not modelled: remove it, or say the same by: path, "
            "operator, value (found True)",
        ),
        (
            {
                "sendingWindow": {
                    "timezone": "UTC",
                    "startTime": "08:00",
                    "endTime": "20:00",
                    "holidays": ["2026-12-25"],
                }
            },
            "sendingWindow.holidays: holidays is not modelled: remove it (found ['2026-12-25'])",
        ),
        (
            {"sending_window": {"timezone": "UTC"}},
            "sending_window: sending_window is not modelled: remove it, or write sendingWindow (found {'timezone': "
            "'UTC'})",
        ),
        (
            {"frequencyCapEnabled": True},
            "frequencyCapEnabled: frequencyCapEnabled is not modelled: remove it, or write false "
            "(found True)",
        ),
        (
            {"audienceAutoEnroll": {"enabled": True}},
            "audienceAutoEnroll: audienceAutoEnroll is not modelled: remove it, or give those people as entries "
            "(found {'enabled': True})",
        ),
        (
            {"trigger": "inbound_webhook", "integrationSlug": "shop"},
            "integrationSlug: integrationSlug is not modelled: remove it, or write eventName and webhookId "
            "(found 'shop')",
        ),
    ],
)
def test_fields_refused(text_of, fields, text):
    """Q27, Q33, Q34, Q39."""
    assert refused(text_of, HELLO, **fields) == problem(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"trigger": "manual"},
        {"trigger": "segment_exited", "segmentId": "s"},
        {"trigger": "inbound_webhook", "webhookId": "w", "eventName": "hook"},
        {
            "trigger": "inbound_webhook",
            "propertyFilters": [{"path": "a", "operator": "exists"}],
            "enrollmentMode": "matching_field",
        },
        {"activeSubscribersOnly": True},
        {
            "trigger": "tag_added",
            "tagNames": ["x"],
            "stopCondition": {
                "type": "does_not_have_tag",
                "value": None,
                "matchConfig": {"mode": "entry_audience", "audience": "tag"},
            },
        },
        {
            "stopCondition": {
                "type": "field_changed",
                "value": "score",
                "matchConfig": {"mode": "field_value", "operator": "greater_than", "value": "10"},
            }
        },
        {
            "sendingWindow": {
                "timezone": "UTC",
                "startTime": "08:00",
                "endTime": "20:00",
                "timezoneSource": "subscriber",
            }
        },
        {"frequencyCapEnabled": False, "audienceAutoEnroll": {"enabled": False}, "labels": ["a"], "x-own": 5},
        {"keyDates": SALE},
        {"keyDates": {"timezone": None, "dates": []}},
        {"keyDates": {"timezone": "UTC", "dates": None}},
    ],
)
def test_fields_taken(fields):
    """Q31, Q32, Q33, Q38, Q39; and what does not decide is kept (Q1)."""
    made = series(HELLO, **fields)
    assert sequenzy.from_api(json.loads(json.dumps(made.to_api()))) == made


# ---------------------------------------------------------------- how they show


def test_branches_in_a_table():
    """Q36."""
    made = series(
        email("A"),
        branch(
            if_tag(email("V", delay={"days": 1}), targetNodeId="Z"),
            {"conditionType": "event_received", "eventName": "paid", "activityScope": "ever"},
            elseSteps=[
                step("add_tag", "t", tagName="cold"),
                branch({}, {}, splitMode="random", randomPercentages=[30, 70], name="r"),
            ],
        ),
        step("wait_for_event", "w", eventName="paid", timeoutAction="exit"),
        step("condition", "c", conditionType="field_equals", fieldName="plan", fieldValue="pro"),
        email("Z", waitUntilKeyDate={"key": "sale", "offset": {"days": 1}}),
        keyDates=SALE,
        listIds=["a", "b"],
        enrollmentPaused=True,
    )
    assert repr(made).splitlines() == [
        "S: contact_added a, b, unlimited, takes nobody in",
        "pos  wait                     step                                              id",
        "0    at once                  Email A                                           A",
        "1    at once                  branch                                            b",
        "                              │ if has_tag vip",
        "2    1 day                    │ │ Email V                                       V",
        "                              │ │ on to Z",
        "                              │ if event_received paid (ever)",
        "                              │ else",
        "3    at once                  │ │ add_tag cold                                  t",
        "4    at once                  │ │ random split                                  r",
        "                              │ │ │ 30 %",
        "                              │ │ │ 70 %",
        "5    at once                  wait for paid, 7 days at most, then the run ends  w",
        "6    at once                  only if field_equals plan pro                     c",
        "7    until 1 day before sale  Email Z                                           Z",
    ]
    assert "<td" in made._repr_html_()


@pytest.mark.parametrize(
    ("fields", "heading"),
    [
        ({"status": "paused"}, "S: contact_added, unlimited, paused"),
        ({"trigger": "tag_added", "tagNames": ["x", "y"]}, "S: tag_added x, y, unlimited"),
        ({"trigger": "inbound_webhook", "webhookId": "w"}, "S: inbound_webhook w, unlimited"),
        (
            {
                "sendingWindow": {
                    "timezone": "UTC",
                    "startTime": "08:00",
                    "endTime": "20:00",
                    "days": ["mon"],
                    "timezoneSource": "subscriber",
                }
            },
            "S: contact_added, unlimited, emails Mon 08:00 to 20:00 in the subscriber's zone, or else in UTC",
        ),
    ],
)
def test_headings(fields, heading):
    """Q27, Q31, Q34."""
    assert repr(series(HELLO, **fields)).splitlines()[0] == heading


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (waits.UntilEvent("paid", 2 * DAY, False), "until paid, at most 2 days"),
        (waits.UntilField("renews", -DAY, False, "attribute"), "until 1 day before renews"),
        (waits.UntilKeyDate("sale", 0, True), "until sale"),
        (
            waits.Weekdays(frozenset({0}), 540, 1440, "UTC", False, HOUR),
            "1 hour, then Mon 09:00 to 24:00 UTC",
        ),
    ],
)
def test_waits_in_words(wait, words):
    """Q28, Q30, Q37, Q38."""
    assert waits.words(wait) == words


# ---------------------------------------------------------------- what can be turned


def turned(*steps):
    return [(each.path, each.label, each.value, each.part) for each in controls(series(*steps))]


def test_controls_in_paths():
    """Q36."""
    paths = branch(if_tag(email("V", delayMs=5)), elseSteps=[email("N", delay={"days": 1})])
    assert turned(paths) == [
        ("steps[0].branches[0].steps[0].delayMs", "Milliseconds", 5, "1 Email V"),
        ("steps[0].elseSteps[0].delay.days", "Days", 1, "2 Email N"),
        ("steps[0].elseSteps[0].delay.hours", "Hours", 0, "2 Email N"),
        ("steps[0].elseSteps[0].delay.minutes", "Minutes", 0, "2 Email N"),
    ]
    changed = series(paths).with_fields({"steps[0].elseSteps[0].delay.days": 3})
    assert changed.nodes[2].wait == waits.Length(3 * DAY)


@pytest.mark.parametrize(
    ("given_", "found"),
    [
        (
            step("wait_for_event", eventName="paid"),
            [("timeoutDays", "Timeout days", 7)],
        ),
        (
            step("wait_for_event", config={"eventName": "paid", "timeoutDays": 2}, delayMs=5),
            [("config.timeoutDays", "Timeout days", 2), ("delayMs", "Milliseconds", 5)],
        ),
        (
            step("delay", config={"delayDays": 1}),
            [
                ("config.delayDays", "Days", 1),
                ("config.delayHours", "Hours", 0),
                ("config.delayMinutes", "Minutes", 0),
            ],
        ),
        (
            step("delay", config={"days": 1, "delayHours": 2}),
            [
                ("config.days", "Days", 1),
                ("config.delayHours", "Hours", 2),
                ("config.delayMinutes", "Minutes", 0),
            ],
        ),
        (step("delay", config={"delayMs": 5}), [("config.delayMs", "Milliseconds", 5)]),
        (
            step("delay"),
            [("delay.days", "Days", 0), ("delay.hours", "Hours", 0), ("delay.minutes", "Minutes", 0)],
        ),
        (
            step("delay", config={"delayMode": "until_date", "untilDateField": "due", "hours": 2}),
            [("config.days", "Days", 0), ("config.hours", "Hours", 2), ("config.minutes", "Minutes", 0)],
        ),
        (
            {**HELLO, "waitUntilKeyDate": {"key": "sale", "offset": {"days": 1}}},
            [
                ("waitUntilKeyDate.offset.days", "Days", 1),
                ("waitUntilKeyDate.offset.hours", "Hours", 0),
                ("waitUntilKeyDate.offset.minutes", "Minutes", 0),
            ],
        ),
        (
            {
                **HELLO,
                "waitUntilWeekday": {
                    "day": "mon",
                    "startTime": "09:00",
                    "timezone": "UTC",
                    "minimumWait": {"hours": 1},
                },
            },
            [
                ("waitUntilWeekday.startTime", "From", "09:00"),
                ("waitUntilWeekday.endTime", "Until", "24:00"),
                ("waitUntilWeekday.day", "Day", "monday"),
                ("waitUntilWeekday.timezone", "Zone", "UTC"),
                ("waitUntilWeekday.minimumWait.days", "At least, days", 0),
                ("waitUntilWeekday.minimumWait.hours", "At least, hours", 1),
                ("waitUntilWeekday.minimumWait.minutes", "At least, minutes", 0),
            ],
        ),
        (
            step(
                "delay",
                config={
                    "delayMode": "until_weekday",
                    "untilDays": ["mon"],
                    "untilStartTime": "09:00",
                    "untilTimezone": "UTC",
                },
            ),
            [
                ("config.untilStartTime", "From", "09:00"),
                ("config.endTime", "Until", "24:00"),
                ("config.untilDays", "Days", ("monday",)),
                ("config.untilTimezone", "Zone", "UTC"),
            ],
        ),
    ],
)
def test_controls_of_waits(given_, found):
    """Q30, Q35, Q37, Q38: each turns what is there."""
    assert [(path, label, value) for path, label, value, _ in turned(given_)] == [
        (f"steps[0].{path}", label, value) for path, label, value in found
    ]
    made = series(given_)
    for each in controls(made):
        value = each.value if each.kind != "weekdays" else list(each.value)
        again = made.with_fields({each.path: value})
        assert [(node.wait, node.to) for node in again.nodes] == [(node.wait, node.to) for node in made.nodes]


# ---------------------------------------------------------------- any steps

LEAVES = st.sampled_from([
    HELLO,
    {"type": "sms"},
    {"type": "add_tag", "tagName": "x"},
    {"type": "delay", "delayMs": 5},
    {"type": "wait_for_event", "eventName": "paid", "delay": {"days": 1}},
    {**HELLO, "delay": {"days": 1}},
])


def branches(inner):
    paths = st.lists(st.lists(inner, max_size=2).map(lambda steps: if_tag(*steps)), min_size=1, max_size=2)
    return st.builds(
        lambda paths, others: {"branches": paths, "elseSteps": others},
        paths,
        st.none() | st.lists(inner, max_size=2),
    )


@pytest.mark.slow
@given(st.lists(st.recursive(LEAVES, branches, max_leaves=8), max_size=4))
@settings(max_examples=200)
def test_any_steps(steps):
    """Q36: all steps are there, each after all that lead to it, and from the first all are reached."""
    made = series(*steps)
    nodes = made.nodes
    assert sequenzy.from_api(json.loads(json.dumps(made.to_api()))).nodes == nodes
    assert [node.position for node in nodes] == sorted(node.position for node in nodes)
    assert len({node.position for node in nodes}) == len(made.email_ids)
    reached = {0}
    for at, node in enumerate(nodes):
        assert all(at < end <= len(nodes) for end in node.to)
        assert len(node.to) == (len(node.conditions) + 1 if node.kind == "branch" else 1)
        reached |= set(node.to)
    assert set(range(len(nodes))) <= reached
    assert [graph.kind(place.step) for place in graph.places(made.steps)] == [
        node.kind for node in {node.position: node for node in nodes}.values()
    ]
