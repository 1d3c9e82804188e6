"""Sequences as the platform gives them, nodes and edges, become steps and nodes (Q26, Q36)."""

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import sequenzy
from simcore.errors import ValidationError
from simcore.sequenzy import waits

DAY = waits.Length(86_400_000_000)
HAS_VIP = {"branches": [{"id": "vip", "conditionType": "has_tag", "tagName": "VIP"}]}
TRIGGER, END, MAIL = ("t", "trigger", None), ("end", "completion", None), "action_email"
TYPES = (
    "action_email, action_ab_test, action_create_discount, action_sms, action_push, action_update_attributes, "
    "action_add_tag, action_remove_tag, action_add_to_list, action_remove_from_list, action_webhook, action_ai, "
    "logic_delay, logic_wait_for_event, logic_condition, logic_branch"
)


def edge(source, target, lane=None, **more):
    condition = {} if lane is None else {"condition": {"branchId": lane}}
    return {"sourceNodeId": source, "targetNodeId": target, **condition, **more}


def drawn(nodes, edges, emails=None, **more):
    """A body as GET gives it: nodes as (id, type, config), edges as (source, target, lane)."""
    rows = [{"id": name, "nodeType": kind, "config": config} for name, kind, config in nodes]
    named = [
        {"nodeId": name, "emailId": f"mail-{name}", "subject": f"Email {name}", "blocks": []}
        for name, kind, _ in nodes
        if kind == MAIL
    ]
    return {
        "id": "seq_1",
        "name": "S",
        "status": "active",
        "effectiveStatus": "live",
        "trigger": "contact_added",
        "graphRevision": "r1",
        "nodes": rows,
        "edges": [edge(*each) for each in edges],
        "emails": named if emails is None else emails,
        **more,
    }


def chain(*nodes, **more):
    """A body of nodes one after the other, between its trigger and its end."""
    names = [name for name, *_ in (TRIGGER, *nodes, END)]
    return drawn([TRIGGER, *nodes, END], [*pairwise(names)], **more)


def told(body):
    return [(node.id, node.kind, node.position, node.wait, node.to) for node in sequenzy.from_api(body).nodes]


def refused(text_of, body):
    return text_of(ValidationError, sequenzy.from_api, body)


# ---------------------------------------------------------------- by hand


def test_a_chain():
    """Q26: the delay between two emails is the second one's wait."""
    body = chain(("e1", MAIL, {}), ("d", "logic_delay", {"delayDays": 1}), ("e2", MAIL, {}))
    assert told(body) == [("e1", "email", 0, None, (1,)), ("e2", "email", 1, DAY, (2,))]
    made = sequenzy.from_api(body)
    assert made.email_ids == ("e1", "e2")
    assert made.steps == (
        {"id": "e1", "type": "email", "emailId": "mail-e1", "subject": "Email e1", "blocks": []},
        {
            "id": "e2",
            "type": "email",
            "emailId": "mail-e2",
            "subject": "Email e2",
            "blocks": [],
            "delayNodeId": "d",
            "delay": {"days": 1},
        },
    )
    assert made.extra == {"id": "seq_1", "graphRevision": "r1"}
    assert made.to_api()["steps"] == [*made.steps]


def test_two_delays_in_a_row():
    """Q26: only the second is right before the email."""
    body = chain(
        ("e1", MAIL, {}),
        ("d1", "logic_delay", {"delayDays": 1}),
        ("d2", "logic_delay", {"delayHours": 24}),
        ("e2", MAIL, {}),
    )
    assert told(body) == [
        ("e1", "email", 0, None, (1,)),
        ("d1", "delay", 1, DAY, (2,)),
        ("e2", "email", 2, DAY, (3,)),
    ]


def test_a_delay_at_the_end():
    """Q26."""
    body = chain(("e", MAIL, {}), ("d", "logic_delay", {"delayMinutes": 1440}))
    assert told(body) == [("e", "email", 0, None, (1,)), ("d", "delay", 1, DAY, (2,))]


def test_paths_that_join():
    """Q36: the step at which they join is counted after all of them."""
    body = drawn(
        [
            TRIGGER,
            ("e1", MAIL, {}),
            ("b", "logic_branch", HAS_VIP),
            ("v", MAIL, {}),
            ("n", MAIL, {}),
            ("j", MAIL, {}),
        ],
        [("t", "e1"), ("e1", "b"), ("b", "v", "vip"), ("b", "n", "else"), ("v", "j"), ("n", "j")],
    )
    assert told(body) == [
        ("e1", "email", 0, None, (1,)),
        ("b", "branch", 1, None, (2, 3)),
        ("v", "email", 2, None, (4,)),
        ("n", "email", 3, None, (4,)),
        ("j", "email", 4, None, (5,)),
    ]
    (_, branch, last) = sequenzy.from_api(body).steps
    assert [step["id"] for step in branch["branches"][0]["steps"]] == ["v"]
    assert [step["id"] for step in branch["elseSteps"]] == ["n"]
    assert last["id"] == "j"


def test_a_delay_on_one_path_alone():
    """Q26: it is a step of its own, since another edge leads to the email, too."""
    body = drawn(
        [
            TRIGGER,
            ("b", "logic_branch", HAS_VIP),
            ("d", "logic_delay", {"delayDays": 1}),
            ("j", MAIL, {}),
            END,
        ],
        [("t", "b"), ("b", "d", "vip"), ("b", "j", "else"), ("d", "j"), ("j", "end")],
    )
    assert told(body) == [
        ("b", "branch", 0, None, (1, 2)),
        ("d", "delay", 1, DAY, (2,)),
        ("j", "email", 2, None, (3,)),
    ]


def test_a_join_of_some_paths():
    """Q36: k joins the first and the third path, while the second goes on to j."""
    three = {"branches": [{"conditionType": "has_phone"}, {"conditionType": "sms_subscribed"}]}
    body = drawn(
        [
            TRIGGER,
            ("b", "logic_branch", three),
            *[(name, MAIL, {}) for name in ("p", "q", "r", "k", "j")],
        ],
        [
            *[("t", "b"), ("b", "p", "branch-0"), ("b", "q", "branch-1"), ("b", "r", "else")],
            *[("p", "k"), ("r", "k"), ("q", "j"), ("k", "j")],
        ],
    )
    assert told(body) == [
        ("b", "branch", 0, None, (1, 2, 3)),
        ("p", "email", 1, None, (4,)),
        ("q", "email", 2, None, (5,)),
        ("r", "email", 3, None, (4,)),
        ("k", "email", 4, None, (5,)),
        ("j", "email", 5, None, (6,)),
    ]
    (branch, _) = sequenzy.from_api(body).steps
    assert [path.get("targetNodeId") for path in branch["branches"]] == ["k", None]
    assert [step["id"] for step in branch["elseSteps"]] == ["r", "k"]


def test_a_path_that_ends():
    """Q36."""
    body = drawn(
        [TRIGGER, ("b", "logic_branch", HAS_VIP), ("v", MAIL, {}), ("n", MAIL, {}), END],
        [("t", "b"), ("b", "end", "vip"), ("b", "v", "else"), ("v", "n"), ("n", "end")],
    )
    assert told(body) == [
        ("b", "branch", 0, None, (3, 1)),
        ("v", "email", 1, None, (2,)),
        ("n", "email", 2, None, (3,)),
    ]


@pytest.mark.parametrize("lane", [[], [("b", "j")], [("b", "j", "else")]])
def test_an_else_that_is_not_named(lane):
    """Q26: an edge without a path is else; a path without an edge goes on where the others meet."""
    body = drawn(
        [TRIGGER, ("b", "logic_branch", HAS_VIP), ("v", MAIL, {}), ("j", MAIL, {})],
        [("t", "b"), ("b", "v", "vip"), ("v", "j"), *lane],
    )
    paths = told(body)[0][4]
    assert paths == ((1, 2) if lane else (1, 1))


def test_a_branch_to_nowhere():
    """Q26."""
    assert told(drawn([TRIGGER, ("b", "logic_branch", HAS_VIP)], [("t", "b")])) == [
        ("b", "branch", 0, None, (1, 1))
    ]


def test_a_random_split():
    """Q36."""
    split = {"splitMode": "random", "branches": [{}, {"label": "B"}], "randomPercentages": [12.5, 87.5]}
    body = drawn(
        [TRIGGER, ("b", "logic_branch", split), ("v", MAIL, {}), ("w", MAIL, {})],
        [("t", "b"), ("b", "v", "branch-0"), ("b", "w", "branch-1")],
    )
    branch = sequenzy.from_api(body).nodes[0]
    assert (branch.to, branch.percentages, branch.conditions) == ((1, 2), (12.5, 87.5), ())


def test_a_branch_is_known_by_its_paths():
    """Q26."""
    body = drawn(
        [TRIGGER, ("b", "logic_split", HAS_VIP), ("v", MAIL, {})], [("t", "b"), ("b", "v", "vip"), ("b", "v")]
    )
    assert told(body)[0][:2] == ("b", "branch")


@pytest.mark.parametrize(
    ("kind", "config", "means"),
    [
        ("action_sms", {"text": "Hi"}, "sms"),
        ("action_push", {"body": "Hi"}, "push"),
        ("action_create_discount", {"discountType": "percent", "percentOff": 5}, "discount"),
        ("action_create_discount", {"discount": {"discountType": "percent", "percentOff": 5}}, "discount"),
        ("action_update_attributes", {"status": "unsubscribed"}, "update_subscriber"),
        ("action_add_tag", {"tagId": "1"}, "add_tag"),
        ("action_remove_tag", {"tagName": "x"}, "remove_tag"),
        ("action_add_to_list", {"listId": "l", "listName": "L"}, "add_to_list"),
        ("action_remove_from_list", {"listId": "l"}, "remove_from_list"),
        ("action_webhook", {"url": "https://example.com", "method": "POST"}, "webhook"),
        ("action_ai", {"prompt": "Write", "resultKey": "words", "outputFields": []}, "ai"),
        ("logic_wait_for_event", {"eventName": "paid"}, "wait_for_event"),
        ("logic_condition", {"conditionType": "has_phone"}, "condition"),
    ],
)
def test_kinds_of_nodes(kind, config, means):
    """Q26, Q35: what a node is, and that its fields are kept."""
    made = sequenzy.from_api(chain(("n", kind, config), ("e", MAIL, {})))
    assert (made.nodes[0].id, made.nodes[0].kind) == ("n", means)
    assert made.steps[0]["config"] == config
    assert sequenzy.from_api(made.to_api()) == made


def test_a_test_of_two_subjects():
    """Q35: the email of the node says the subject of the control variant."""
    emails = [
        {"nodeId": "e", "nodeType": "action_ab_test", "subject": "A", "abTest": {"id": "x", "variants": []}}
    ]
    made = sequenzy.from_api(chain(("e", "action_ab_test", {"label": "Two"}), emails=emails))
    assert (made.nodes[0].kind, made.nodes[0].config["subject"]) == ("email", "A")
    assert made.steps[0]["nodeId"] == "e"


def test_a_transactional_email():
    """Q33."""
    emails = [{"nodeId": "e", "emailId": "m", "subject": "A", "isTransactional": True, "delayMs": None}]
    made = sequenzy.from_api(chain(("e", MAIL, None), emails=emails))
    assert made.nodes[0].config["isTransactional"] is True


@pytest.mark.parametrize(
    ("config", "wait"),
    [
        ({"delayDays": 1, "delayHours": 0, "delayMinutes": None}, DAY),
        ({"delayMode": "duration", "delayMs": 86_400_000}, DAY),
        ({"delayDays": 1, "delayMs": 86_400_000}, DAY),
        ({"delay": {"days": 1}}, DAY),
        ({"days": 1}, DAY),
        ({}, None),
        (None, None),
        (
            {"delayMode": "until_date", "untilDateField": "due", "untilDateSource": "attribute", "days": 1},
            waits.UntilField("due", 86_400_000_000, False, "attribute"),
        ),
        (
            {"delayMode": "until_date", "waitUntil": {"field": "due"}, "delayDays": 3},
            waits.UntilField("due", 0, False),
        ),
        (
            {
                "mode": "until_weekday",
                "untilDays": ["mon"],
                "untilStartTime": "09:00",
                "untilTimezone": "UTC",
            },
            waits.Weekdays(frozenset({0}), 540, 1440, "UTC"),
        ),
        (
            {"delayMode": "until_key_date", "waitUntilKeyDate": {"key": "sale"}},
            waits.UntilKeyDate("sale", 0, True),
        ),
    ],
)
@pytest.mark.parametrize("last", [True, False], ids=["on its own", "before an email"])
def test_what_delays_say(config, wait, last):
    """Q26, Q35."""
    nodes = [("d", "logic_delay", config), *([] if last else [("e", MAIL, {})])]
    made = sequenzy.from_api(chain(*nodes))
    assert [node.wait for node in made.nodes] == [wait]
    assert sequenzy.from_api(made.to_api()) == made


@pytest.mark.parametrize(
    "repeated",
    [
        {"delayMode": "duration", "delayMs": 86_400_000},
        {"delayMs": 86_400_000.0},
        {"delayMs": 0, "delay": {"days": 1}},
        {"delayNodeId": "d", "delayMs": 86_400_000, "waitUntil": None},
        {"delayNodeId": "d", "delayMode": "duration"},
        {"delayNodeId": "d", "delayDisplay": "1 day", "stepNumber": 1},
    ],
)
def test_what_emails_repeat(repeated):
    """Q26."""
    emails = [{"nodeId": "e", "emailId": "m", "subject": "A", **repeated}]
    body = chain(("d", "logic_delay", {"delayDays": 1}), ("e", MAIL, {}), emails=emails)
    assert [node.wait for node in sequenzy.from_api(body).nodes] == [DAY]


@pytest.mark.parametrize(
    "repeated",
    [
        {"delayMode": "until_date", "delayMs": 5, "waitUntil": {"field": "due"}},
        {"delayMs": 0, "waitUntil": {"field": "due", "direction": "after"}},
        {"delayMode": "until_date"},
    ],
)
def test_what_emails_repeat_of_dates(repeated):
    """Q26: the mode says which of them counts, and 0 is no wait."""
    emails = [{"nodeId": "e", "emailId": "m", "subject": "A", **repeated}]
    config = {"delayMode": "until_date", "untilDateField": "due"}
    made = sequenzy.from_api(chain(("d", "logic_delay", config), ("e", MAIL, {}), emails=emails))
    assert [node.wait for node in made.nodes] == [waits.UntilField("due", 0, False)]


def test_the_trigger_says_its_fields():
    """Q26: in triggerConfig, or in its node, where the body does not."""
    body = chain(("e", MAIL, {}), trigger="tag_added", triggerConfig={"tagName": "vip", "label": "VIPs"})
    assert sequenzy.from_api(body).tags == ("vip",)
    assert "triggerConfig" not in sequenzy.from_api(body).extra
    body = chain(("e", MAIL, {}))
    body["trigger"] = None
    body["nodes"][0]["config"] = {"triggerType": "event_received", "eventName": "order", "minCount": None}
    made = sequenzy.from_api(body)
    assert (made.trigger, made.eventName, made.minCount) == ("event_received", "order", None)


@pytest.mark.parametrize("nodes", [[TRIGGER], [TRIGGER, END]])
def test_a_blank_draft(nodes):
    """Q27."""
    made = sequenzy.from_api(drawn(nodes, [("t", "end")][: len(nodes) - 1]))
    assert (made.steps, made.nodes, made.email_ids) == ((), (), ())
    assert sequenzy.from_api(made.to_api()) == made


def test_nodes_to_which_nothing_leads():
    """Q26: they are kept."""
    body = chain(("e", MAIL, {}))
    body["nodes"] += [
        {"id": "lost", "nodeType": "action_sms", "config": {"text": "Hi"}},
        {"id": "x", "nodeType": "note"},
    ]
    made = sequenzy.from_api(body)
    assert [node.id for node in made.nodes] == ["e"]
    assert made.extra["unreachable"] == [{"id": "lost", "nodeType": "action_sms", "config": {"text": "Hi"}}]
    assert sequenzy.from_api(made.to_api()) == made


def test_wrapped():
    """Q26."""
    body = chain(("e", MAIL, {}))
    made = sequenzy.from_api({"success": True, "sequence": body})
    assert made.replace(envelope=None) == sequenzy.from_api(body)
    assert sequenzy.from_api(made.to_api()) == made
    assert sequenzy.platform.recognises({"sequence": body}) == sequenzy.platform.recognises(body) == 2


def test_what_was_given_is_not_changed():
    body = chain(("d", "logic_delay", {"delayDays": 1}), ("e", MAIL, {}))
    before = json.dumps(body)
    sequenzy.from_api(body)
    assert json.dumps(body) == before


# ---------------------------------------------------------------- what is refused

E = ("e", MAIL, {})


def with_emails(*emails, node=E):
    return chain(node, emails=list(emails))


def changed(body, path, value):
    """A body with another value at a path of keys and places."""
    body = json.loads(json.dumps(body))
    *way, last = path
    here = body
    for part in way:
        here = here[part]
    if isinstance(here, list) and last == len(here):
        here.append(value)
    else:
        here[last] = value
    return body


CHAIN = chain(("d", "logic_delay", {"delayDays": 1}), E)
BRANCH = drawn(
    [TRIGGER, ("b", "logic_branch", HAS_VIP), E, ("f", MAIL, {})],
    [("t", "b"), ("b", "e", "vip"), ("b", "f", "else")],
)
NO_TRIGGER = "there must be one node that is the trigger, to which no edge leads"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            CHAIN | {"steps": []},
            "steps: steps can't be given beside nodes: a body has the ones or the others",
        ),
        (
            CHAIN | {"nodes": 5},
            "nodes: nodes must be a list of objects with id, nodeType and config (found 5)",
        ),
        (drawn([], []), f"nodes: {NO_TRIGGER} (found none)"),
        (drawn([E, ("f", MAIL, {})], [("e", "f")]), f"nodes: {NO_TRIGGER} (found none)"),
        (
            drawn([TRIGGER, ("u", "trigger", None), E], [("t", "e"), ("u", "e")]),
            f"nodes: {NO_TRIGGER} (found t, u)",
        ),
        (
            drawn([TRIGGER, E, ("f", MAIL, {})], [("t", "e"), ("t", "f")]),
            "nodes[0]: the trigger leads to more than one node (found 2)",
        ),
        (
            changed(CHAIN, ("nodes", 1, "delay"), 5),
            "nodes[1].delay: delay is not modelled: remove it, or say the same by: id, nodeType, config (found 5)",
        ),
        (
            changed(CHAIN, ("nodes", 1, "config"), 5),
            "nodes[1].config: config must be an object with the fields of the node (found 5)",
        ),
        (changed(CHAIN, ("nodes", 2, "nodeType"), None), "nodes[2].nodeType: nodeType is required"),
        (
            changed(CHAIN, ("nodes", 4), {"id": "e", "nodeType": "action_sms"}),
            "nodes[4].id: id has already been taken by nodes[2] (found 'e')",
        ),
        (
            changed(CHAIN, ("edges", 2, "targetNodeId"), "nowhere"),
            "edges[2].targetNodeId: targetNodeId must be the id of a node (found 'nowhere')",
        ),
        (
            changed(CHAIN, ("edges", 2, "sourceNodeId"), None),
            "edges[2].sourceNodeId: sourceNodeId is required",
        ),
        (
            changed(CHAIN, ("edges", 2, "probability"), 0.5),
            "edges[2].probability: probability is not modelled: remove it, or say the same by: sourceNodeId, "
            "targetNodeId, condition (found 0.5)",
        ),
        (
            changed(BRANCH, ("edges", 1, "condition", "weekday"), "mon"),
            "edges[1].condition.weekday: weekday is not modelled: remove it, or say the same by: branchId "
            "(found 'mon')",
        ),
        (
            changed(BRANCH, ("edges", 1, "condition"), "vip"),
            "edges[1].condition: condition must be an object with branchId (found 'vip')",
        ),
        (
            changed(BRANCH, ("edges", 1, "condition"), {"label": "VIPs"}),
            "edges[1].condition.branchId: branchId is required",
        ),
        (
            changed(BRANCH, ("edges", 1, "condition", "branchId"), "gold"),
            "nodes[1]: an edge from it must have the branchId of one of its paths: vip, else (found 'gold')",
        ),
        (
            changed(BRANCH, ("edges", 2, "condition"), {"branchId": "vip"}),
            "nodes[1]: two edges from it are of one path (found 'vip')",
        ),
        (
            changed(
                BRANCH, ("nodes", 1, "config", "branches", 1), {"id": "vip", "conditionType": "has_phone"}
            ),
            "nodes[1]: two of its paths have one id (found 'vip')",
        ),
        (
            changed(BRANCH, ("nodes", 1, "config", "branches", 0, "chance"), 0.5),
            "nodes[1].branches[0].chance: chance is not modelled: remove it (found 0.5)",
        ),
        (
            changed(CHAIN, ("edges", 3), edge("e", "d")),
            "nodes[2]: the node leads to more than one node, and is no branch (found 2)",
        ),
        (
            changed(CHAIN, ("edges", 2, "condition"), {"branchId": "yes"}),
            "nodes[2]: the edge from it has a branchId, and the node is no branch (found 'yes')",
        ),
        (
            changed(CHAIN, ("edges", 2, "targetNodeId"), "d"),
            "edges: the nodes go round in a circle: d to e to d",
        ),
        (
            changed(CHAIN, ("nodes", 1, "nodeType"), "logic_teleport"),
            f"nodes[1].nodeType: logic_teleport is not modelled: remove the node, or give it one of: {TYPES}",
        ),
        (
            changed(CHAIN, ("nodes", 1, "nodeType"), "teleport"),
            f"nodes[1].nodeType: teleport is not modelled: remove the node, or give it one of: {TYPES}",
        ),
        (
            changed(CHAIN, ("nodes", 1, "config", "delayWeeks"), 2),
            "nodes[1].config.delayWeeks: delayWeeks is not modelled: remove it, or write delayDays (found 2)",
        ),
        (
            changed(CHAIN, ("nodes", 1, "config", "delayDays"), -1),
            "nodes[1].config.delayDays: delayDays must be a number of 0 or more (found -1)",
        ),
        (
            changed(CHAIN, ("nodes", 1, "config", "waitUntil"), {"field": "due"}),
            "nodes[1].config: delayDays can't be given beside waitUntil",
        ),
        (
            changed(CHAIN, ("nodes", 2, "config", "sendAt"), "noon"),
            "nodes[2].config.sendAt: sendAt is not modelled: remove it, or say the same by: subject, isTransactional, "
            "variants (found 'noon')",
        ),
        (
            changed(CHAIN, ("emails", 0, "sendAt"), "noon"),
            "emails[0].sendAt: sendAt is not modelled: remove it (found 'noon')",
        ),
        (changed(CHAIN, ("emails", 0, "subject"), None), "emails[0].subject: subject is required"),
        (changed(CHAIN, ("emails", 0), {"subject": "A"}), "emails[0].nodeId: nodeId is required"),
        (
            changed(CHAIN, ("emails", 1), {"nodeId": "d", "subject": "A"}),
            "emails[1].nodeId: nodeId must be the id of an email's node (found 'd')",
        ),
        (
            changed(CHAIN, ("emails", 1), {"nodeId": "end", "subject": "A"}),
            "emails[1].nodeId: nodeId must be the id of an email's node (found 'end')",
        ),
        (
            changed(CHAIN, ("emails", 0, "delayNodeId"), "t"),
            "emails[0].delayNodeId: delayNodeId must be the id of a delay that leads to the email (found 't')",
        ),
        (
            changed(CHAIN, ("emails", 0, "delayMs"), 3_600_000),
            "emails[0]: the wait that it repeats must be that of the node before it, 1 day (found 1 hour)",
        ),
        (
            changed(CHAIN, ("emails", 0, "waitUntil"), {"field": "due"}),
            "emails[0]: the wait that it repeats must be that of the node before it, 1 day (found until due)",
        ),
        (
            changed(CHAIN, ("emails", 0), {"nodeId": "e", "subject": "A", "delayMode": ["until_moon"]}),
            "emails[0].delayMode: delayMode must be one of: duration, until_date, until_weekday, until_key_date "
            "(found ['until_moon'])",
        ),
        (
            changed(CHAIN, ("emails", 0, "delayMs"), -1),
            "emails[0].delayMs: delayMs must be a number of 0 or more (found -1)",
        ),
        (
            changed(chain(E), ("emails", 0, "delayMs"), 3_600_000),
            "emails[0]: the wait that it repeats must be that of the node before it, at once (found 1 hour)",
        ),
        (
            chain(E, emails=[]),
            "nodes[1].subject: subject is required\n  nodes[1]: an email must have blocks or html",
        ),
        (
            CHAIN | {"triggerConfig": {"listIds": ["a"], "weekday": "mon"}},
            "triggerConfig.weekday: weekday is not modelled: remove it (found 'mon')",
        ),
        (
            CHAIN | {"listId": "a", "triggerConfig": {"listId": "b"}},
            "triggerConfig.listId: listId can't differ from listId (found 'b')",
        ),
        (
            changed(CHAIN | {"triggerConfig": {"listId": "a"}}, ("nodes", 0, "config"), {"listId": "b"}),
            "nodes[0].config.listId: listId can't differ from triggerConfig.listId (found 'b')",
        ),
        (
            CHAIN | {"triggerConfig": "a"},
            "triggerConfig: triggerConfig must be an object with the fields of the trigger (found 'a')",
        ),
    ],
)
def test_graphs_refused(text_of, body, text):
    """Q26: every message on its whole text."""
    count = 1 + text.count("\n")
    assert refused(text_of, body) == f"{count} problem{'s' if count > 1 else ''}\n  {text}"


def test_a_create_call_passes_over_a_trigger_config(text_of):
    """Q26."""
    body = {"name": "S", "triggerConfig": {"listId": "a"}, "steps": [{"subject": "A", "html": "-"}]}
    assert refused(text_of, body) == (
        "1 problem\n  triggerConfig: triggerConfig is not modelled: remove it, or write its fields beside trigger, as "
        "the create call takes them (found {'listId': 'a'})"
    )


def test_branches_nested_too_deeply(text_of):
    """Q36."""
    names = [f"b{at}" for at in range(30)]
    nodes = [(name, "logic_branch", HAS_VIP) for name in names]
    emails = [(f"e{at}", MAIL, {}) for at in range(30)]
    edges = [(name, f"e{at}", "vip") for at, name in enumerate(names)]
    edges += [(one, other, "else") for one, other in pairwise(names)]
    assert refused(text_of, drawn([TRIGGER, *nodes, *emails], [("t", "b0"), *edges])) == (
        "1 problem\n  nodes: branches can't stand in one another more than 20 deep"
    )


# ---------------------------------------------------------------- any graph


@st.composite
def graphs(draw):
    """Any graph without circles: bodies, and what leads where by lane."""
    size = draw(st.integers(1, 10))
    rng = random.Random(draw(st.integers(0, 2**32)))
    nodes, edges = [TRIGGER], [("t", "n0")]
    for at in range(size):
        later = [f"n{each}" for each in range(at + 1, size)]
        near = [*later[:3], *([*later, "end"] if rng.random() < 0.3 else []), *([] if later else ["end"])]
        kind = rng.choice(["email", "email", "delay", "branch", "branch"])
        if kind == "branch":
            lanes = rng.choice([1, 2, 3])
            random_split = lanes > 1 and rng.random() < 0.3
            looks = {} if random_split else {"conditionType": "has_phone"}
            config = {"branches": [{"id": f"p{lane}", **looks} for lane in range(lanes)]}
            if random_split:
                config |= {"splitMode": "random", "randomPercentages": [100, *[0] * (lanes - 1)]}
            nodes.append((f"n{at}", "logic_branch", config))
            names = [f"p{lane}" for lane in range(lanes)] + ([] if random_split else ["else"])
            edges += [(f"n{at}", rng.choice(near), lane) for lane in names]
        else:
            nodes.append((
                f"n{at}",
                MAIL if kind == "email" else "logic_delay",
                {} if kind == "email" else {"delayDays": 1},
            ))
            edges.append((f"n{at}", rng.choice(near)))
    rng.shuffle(edges)
    return drawn([*nodes, END], edges)


def walked(body, choose):
    """The nodes that a run comes to, by the edges."""
    kinds = {node["id"]: node for node in body["nodes"]}
    ways = {}
    for each in body["edges"]:
        ways.setdefault(each["sourceNodeId"], {})[(each.get("condition") or {}).get("branchId")] = each[
            "targetNodeId"
        ]
    here, found = ways["t"][None], []
    while here != "end":
        found.append(here)
        lanes = [path["id"] for path in (kinds[here]["config"] or {}).get("branches", [])]
        if lanes:
            lanes += [] if kinds[here]["config"].get("splitMode") else ["else"]
            here = ways[here][lanes[choose(here, len(lanes))]]
        else:
            here = ways[here][None]
    return found


def gone_through(nodes, choose):
    """The nodes that a run comes to, by where each leads."""
    here, found = 0, []
    while here < len(nodes):
        node = nodes[here]
        found += [node.config["delayNodeId"]] if "delayNodeId" in node.config else []
        found.append(node.id)
        here = node.to[choose(node.id, len(node.to))]
    return found


@pytest.mark.slow
@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_runs_go_the_same_ways(body, rng):
    """Q26, Q36: whatever the paths that are taken, the steps lead where the edges do."""
    made = sequenzy.from_api(body)
    again = sequenzy.from_api(json.loads(json.dumps(made.to_api())))
    assert again == made
    assert again.nodes == made.nodes
    assert sorted(node.position for node in made.nodes) == list(range(len(made.nodes)))
    for at, node in enumerate(made.nodes):
        assert all(at < end <= len(made.nodes) for end in node.to)
    for seed in range(10):
        of_nodes = random.Random(f"{rng.random()} {seed}").random()

        def choose(name, count, of_nodes=of_nodes):
            return random.Random(f"{of_nodes} {name}").randrange(count)

        assert gone_through(made.nodes, choose) == walked(body, choose)
