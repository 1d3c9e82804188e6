"""Sequences of Sequenzy: what is filled in, what is refused (Q1 to Q7), and changed copies."""

import copy
import json
import math
import pickle
from contextlib import suppress
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore import sequenzy
from simcore.answers.projection import plan_of
from simcore.clock.dates import NO_DATES
from simcore.errors import SimcoreError, ValidationError
from simcore.sequenzy import waits
from simcore.sequenzy.problems.trigger import BUILT_IN

HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
FILTER = {"path": "order.total", "operator": "greater_than", "value": 5}
DISCOUNT = {"discountType": "percent", "percentOff": 20}
WINDOW = {"timezone": "Europe/Kyiv", "startTime": "08:00", "endTime": "20:00", "days": ["mon"]}
AMOUNT = "a number over 0, in the smallest unit of the currency"
HALF = "must be text: it has half a character (a lone surrogate)"
DAYS = "monday, tuesday, wednesday, thursday, friday, saturday, sunday, or of their first three letters"
STOPS = (
    "has_tag, does_not_have_tag, event_received, added_to_list, removed_from_list, none, entered_segment, "
    "field_changed"
)
OPERATORS = "exists, not_exists, equals, not_equals, one_of, contains, greater_than, less_than"
TYPES = (
    "email, ab_test, create_discount, discount, sms, push, update_subscriber, add_tag, remove_tag, add_to_list, "
    "remove_from_list, webhook, ai, delay, wait_for_event, condition, branch"
)
INSTANT = "must be an instant from 1970 to 2199, such as 2026-03-06T21:07:30Z"
FIELDS = (
    "name, trigger, listId, listIds, listScope, tagName, tagNames, segmentId, stopOnSegmentExit, eventName, "
    "webhookId, propertyFilters, inactiveDays, inactivityBaseline, minCount, timeWindowDays, enrollmentMode, "
    "enrollmentFieldPath, activeSubscribersOnly, enrollmentPaused, status, effectiveStatus, stopCondition, "
    "sendingWindow, keyDates, goal, emailCount, steps, createdAt, extra, envelope, left_out"
)
TRIGGERS = {
    "contact_added": {},
    "tag_added": {"tagName": "vip"},
    "segment_entered": {"segmentId": "seg"},
    "segment_exited": {"segmentId": "seg"},
    "event_received": {"eventName": "order"},
    "inbound_webhook": {},
    "inactivity": {"eventName": "order", "inactiveDays": 30},
    "frequency": {"eventName": "order", "minCount": 3, "timeWindowDays": 7},
    "manual": {},
}


def sequence(**changed):
    """A valid sequence; a trigger comes with what it needs."""
    trigger = changed.get("trigger", "contact_added")
    needs = TRIGGERS.get(trigger, {}) if isinstance(trigger, str) else {}
    return sequenzy.Sequence(**{"name": "S", "trigger": trigger, "steps": [HELLO], **needs, **changed})


def step(**changed):
    return sequence(steps=[HELLO, {**HELLO, **changed}])


def problem(path, message, found=""):
    """The whole text of a single problem."""
    return f"1 problem\n  {path}: {message}" + (f" (found {found})" if found else "")


# ---------------------------------------------------------------- what is filled in


def test_defaults():
    made = sequenzy.Sequence(name="S", trigger="contact_added", goal="G")
    given_ = {"name": "S", "trigger": "contact_added", "goal": "G", "extra": {}, "left_out": NO_DATES}
    assert {each.name: getattr(made, each.name) for each in fields(made)} == {
        **dict.fromkeys(FIELDS.split(", ")),
        **given_,
    }
    assert (made.time_zone, made.mode, made.email_ids) == ("UTC", "unlimited", ())


def test_the_zone_is_that_of_the_window():
    assert sequence(sendingWindow=WINDOW).time_zone == "Europe/Kyiv"
    assert sequence(sendingWindow=WINDOW | {"enabled": False}).time_zone == "UTC"
    weekday = {"day": "mon", "startTime": "08:00", "timezone": "Asia/Tokyo"}
    assert step(waitUntilWeekday=weekday).time_zone == "UTC"


@pytest.mark.parametrize(
    ("changed", "mode"),
    [
        ({}, "unlimited"),
        ({"trigger": "event_received"}, "unlimited"),
        ({"trigger": "event_received", "eventName": "ecommerce.replenishment_due"}, "matching_field"),
        ({"trigger": "event_received", "eventName": "ecommerce.back_in_stock"}, "matching_field"),
        ({"trigger": "inactivity", "eventName": "ecommerce.back_in_stock"}, "unlimited"),
        (
            {
                "trigger": "event_received",
                "eventName": "ecommerce.back_in_stock",
                "enrollmentMode": "one_time",
            },
            "one_time",
        ),
        ({"trigger": "event_received", "enrollmentMode": "matching_field"}, "matching_field"),
    ],
)
def test_the_mode_in_force(changed, mode):
    """Q3."""
    assert sequence(**changed).mode == mode


def test_email_ids():
    """Q22: steps of all kinds are counted."""
    steps = [
        HELLO,
        HELLO | {"id": "a", "emailId": "b", "nodeId": "c"},
        HELLO | {"id": None, "emailId": "b"},
        {"type": "sms", "nodeId": 7},
        HELLO | {"id": np.int64(8)},
        HELLO,
    ]
    assert sequence(steps=steps).email_ids == ("step-1", "a", "b", "7", "8", "step-6")


def test_what_was_given_is_not_shared():
    inner = {"days": 1}
    given_ = {
        "steps": [{**HELLO, "delay": inner}],
        "sendingWindow": copy.deepcopy(WINDOW),
        "stopCondition": {"type": "has_tag", "value": "x"},
        "extra": {"deep": [1]},
        "envelope": {"success": [True]},
    }
    before = copy.deepcopy(given_)
    made = sequence(**given_)
    inner["days"] = 5
    given_["steps"].append(HELLO)
    given_["sendingWindow"]["days"].append("x")
    given_["stopCondition"]["value"] = "y"
    given_["extra"]["deep"].append(2)
    given_["envelope"]["success"].append(2)
    assert made == sequence(**before)
    body = made.to_api()
    body["sequence"]["steps"][0]["delay"]["days"] = 9
    body["success"].append(3)
    assert made == sequence(**before)
    assert isinstance(made.steps, tuple)


def test_numpy_and_tuples_become_plain():
    made = sequence(
        trigger="frequency",
        minCount=np.int64(3),
        timeWindowDays=np.float32(1.5),
        steps=({**HELLO, "delay": {"days": np.float64(2.0)}, "blocks": ({"id": 1},)},),
    )
    assert json.loads(json.dumps(made.to_api())) == {
        "name": "S",
        "trigger": "frequency",
        "eventName": "order",
        "minCount": 3,
        "timeWindowDays": 1.5,
        "steps": [{**HELLO, "delay": {"days": 2.0}, "blocks": [{"id": 1}]}],
    }


def test_they_are_frozen_and_keyword_only():
    with pytest.raises(FrozenInstanceError):
        sequence().name = "B"
    with pytest.raises(TypeError, match="positional"):
        sequenzy.Sequence("S", "contact_added")


def test_copies():
    made = sequence(sendingWindow=WINDOW)
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made


def test_replace(text_of):
    made = sequence(extra={"id": "seq_1"}, envelope={"success": True})
    changed = made.replace(name="T", steps=[HELLO, HELLO])
    assert (changed.name, changed.email_ids, changed.extra) == ("T", ("step-1", "step-2"), {"id": "seq_1"})
    assert made.replace() == made
    assert made.replace(steps=None, goal="G").steps is None
    text = f"delays is not a field of Sequence; the fields are: {FIELDS}"
    assert text_of(ValidationError, made.replace, delays=1) == problem("delays", text)
    assert text_of(ValidationError, made.replace, name="") == problem("name", "name can't be blank")


def test_no_changes(text_of):
    """Q40."""
    assert sequenzy.platform.after(sequence(), []) == []
    assert sequenzy.platform.changes([]) == []
    text = "a change of a Sequenzy sequence must be made by sequenzy.update, disable or enable"
    expected = problem("changes[0]", text, "'change'")
    assert text_of(ValidationError, sequenzy.platform.after, sequence(), iter([(0, "change")])) == expected


def test_a_goal_cannot_be_projected(text_of):
    """Q6."""
    made = sequence(steps=None, goal="Welcome them")
    assert text_of(SimcoreError, plan_of, made) == (
        "the sequence has a goal and no steps: fetch it again once its emails are written "
        "(GET /api/v1/sequences/{id}), and load that"
    )
    assert plan_of(sequence(steps=[])).steps == ()


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    "changed",
    [
        *({"trigger": trigger} for trigger in TRIGGERS),
        {"listId": "news"},
        {"listScope": "any_list"},
        {"trigger": "tag_added", "listId": "news", "listScope": "any_list"},
        {"stopOnSegmentExit": False, "propertyFilters": []},
        {"trigger": "segment_entered", "stopOnSegmentExit": True},
        {"trigger": "event_received", "propertyFilters": [FILTER] * 10},
        {"trigger": "inactivity", "inactiveDays": 1.5, "inactivityBaseline": "subscriber_created_at"},
        {"trigger": "inactivity", "inactiveDays": 10**400},
        {"trigger": "frequency", "minCount": 2.0, "timeWindowDays": 1e308},
        {"enrollmentMode": "one_time", "enrollmentFieldPath": "order.id"},
        {"trigger": "event_received", "enrollmentMode": "matching_field", "enrollmentFieldPath": ""},
        {"stopCondition": {"type": "none"}},
        {"stopCondition": {"type": "none", "value": None, "matchConfig": None}},
        {"stopCondition": {"type": "event_received", "value": "unsubscribed"}},
        {"steps": []},
        {"steps": [], "emailCount": 0},
        {"emailCount": 12},
        {"steps": None, "goal": "G", "emailCount": 10.0},
        {"createdAt": "2026-03-06T21:07:30+02:00"},
        {"createdAt": "2026-03-06"},
        {"sendingWindow": {"enabled": False, "timezone": "Mars"}},
        {"sendingWindow": WINDOW | {"days": []}},
        {"sendingWindow": WINDOW | {"startTime": "00:00", "endTime": "24:00", "days": None}},
        {"extra": {"state": "draft", "branches": [1]}},
    ],
)
def test_taken(changed):
    """Q2."""
    made = sequence(**changed)
    assert sequenzy.from_api(made.to_api()) == made


@pytest.mark.parametrize(
    "changed",
    [
        {"type": None},
        {"type": "email"},
        {"type": "sms", "subject": None, "html": None, "text": "Hello"},
        {"type": "update_subscriber", "subject": None, "html": None},
        {"html": None, "blocks": [{"id": 1}]},
        {"html": "", "blocks": ({"id": 1},)},
        {"blocks": []},
        {"condition": None, "branches": [], "conditions": {}},
        {"type": "discount", "discount": DISCOUNT},
        {"type": "create_discount", "discount": DISCOUNT | {"duration": "once", "provider": "shopify"}},
        {
            "type": "discount",
            "discount": DISCOUNT | {"codePrefix": "", "expiresInHours": 0.5, "amountOff": 5},
        },
        {"type": "discount", "discount": DISCOUNT | {"expiresAt": "2026-03-06T21:07:30Z"}},
        {"type": "discount", "discount": {"discountType": "amount", "amountOff": 500, "currency": "eur"}},
        {"type": "discount", "discount": DISCOUNT | {"duration": "repeating", "durationInMonths": 3}},
        {"delay": {"days": 1, "mode": "duration", "note": "x"}},
        {"delay": {"mode": "until_date", "field": "due", "untilDays": ["mon"]}},
        {"waitUntil": None, "waitUntilKeyDate": None, "delayMs": 0},
        {"note": "x", "waiting": None},
    ],
)
def test_steps_taken(changed):
    """Q5."""
    made = step(**changed)
    assert sequenzy.from_api(made.to_api()) == made
    waits.wait(made.steps[1])


@pytest.mark.parametrize(
    "filter_",
    [
        {"path": "a", "operator": "exists"},
        {"path": "a.b[].c", "operator": "not_exists", "value": None},
        {"path": "items[]", "operator": "equals", "value": None},
        {"path": "a b", "operator": "equals", "value": {"x": [1, None, True]}},
        {"path": "a", "operator": "not_equals", "value": True},
        {"path": "a", "operator": "one_of", "value": []},
        {"path": "a", "operator": "one_of", "value": ["x", 1]},
        {"path": "a", "operator": "contains", "value": 1},
        {"path": "a", "operator": "less_than", "value": -(10**400)},
    ],
)
def test_filters_taken(filter_):
    stop = {
        "type": "event_received",
        "value": "paid",
        "matchConfig": {"mode": "event_property_filter", "propertyFilters": [filter_] * 11},
    }
    assert sequence(trigger="event_received", propertyFilters=[filter_], stopCondition=stop)


@pytest.mark.parametrize(
    "match",
    [
        {"mode": "event_property", "rules": []},
        {"mode": "event_property", "rules": [{"entryFieldPath": "order.id", "eventFieldPath": "id"}]},
    ],
)
def test_rules_taken(match):
    """Q4."""
    assert sequence(stopCondition={"type": "event_received", "value": "paid", "matchConfig": match})


@pytest.mark.parametrize(
    "operator", ["equals", "not_equals", "greater_than", "less_than", "contains", "not_contains"]
)
def test_field_operators_taken(operator):
    """Q4."""
    match = {"mode": "field_value", "operator": operator, "value": 5}
    assert sequence(stopCondition={"type": "field_changed", "value": "plan", "matchConfig": match})


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("changed", "path", "message", "found"),
    [
        ({"name": None}, "name", "name is required", ""),
        ({"name": " "}, "name", "name can't be blank", ""),
        ({"name": 5}, "name", "name must be a string", "5"),
        ({"name": "a\ud83d"}, "name", f"name {HALF}", r"'a\ud83d'"),
        ({"name": 10**5000}, "name", "name must be a string", "a int too long to show"),
        *(
            ({"trigger": trigger}, "trigger", f"trigger must be one of: {', '.join(TRIGGERS)}", repr(trigger))
            for trigger in (None, "", "sometimes", 5, ["tag_added"])
        ),
        *(
            ({"trigger": trigger, name: None}, name, f"{name} is required with trigger {trigger}", "")
            for trigger, needs in TRIGGERS.items()
            for name in needs
        ),
        ({"trigger": "tag_added", "tagName": ""}, "tagName", "tagName can't be blank", ""),
        ({"trigger": "tag_added", "tagName": 5}, "tagName", "tagName must be a string", "5"),
        ({"listId": 5}, "listId", "listId must be a string", "5"),
        ({"listId": ""}, "listId", "listId can't be blank", ""),
        *(
            (
                {"trigger": trigger, "eventName": name},
                "eventName",
                f"eventName must be a tracked event, none of: {', '.join(BUILT_IN)}",
                repr(name),
            )
            for trigger, name in (
                ("event_received", "tag_added"),
                ("inactivity", "removed"),
                ("frequency", "unsubscribed"),
            )
        ),
        *(
            (
                {"trigger": "inactivity", "inactiveDays": days},
                "inactiveDays",
                "inactiveDays must be a number of 1 or more",
                repr(days),
            )
            for days in (0, 0.99, -1, True, "30", math.nan, math.inf, [1])
        ),
        *(
            (
                {"trigger": "frequency", "minCount": count},
                "minCount",
                "minCount must be a whole number of 1 or more",
                repr(count),
            )
            for count in (0, 1.5, -1, True, "3", math.inf)
        ),
        (
            {"trigger": "frequency", "timeWindowDays": 0.5},
            "timeWindowDays",
            "timeWindowDays must be a number of 1 or more",
            "0.5",
        ),
        (
            {"listScope": "all"},
            "listScope",
            "listScope must be one of: any_contact, any_list",
            "'all'",
        ),
        (
            {"listScope": "any_list", "listId": "news"},
            "listScope",
            "listScope can't be given beside listId",
            "",
        ),
        (
            {"inactivityBaseline": "now"},
            "inactivityBaseline",
            "inactivityBaseline must be one of: sequence_created_at, subscriber_created_at",
            "'now'",
        ),
        (
            {"stopOnSegmentExit": 1},
            "stopOnSegmentExit",
            "stopOnSegmentExit must be true or false",
            "1",
        ),
        (
            {"stopOnSegmentExit": True},
            "stopOnSegmentExit",
            "stopOnSegmentExit goes only with trigger segment_entered",
            "",
        ),
        (
            {"propertyFilters": [FILTER]},
            "propertyFilters",
            "propertyFilters go only with trigger event_received or inbound_webhook",
            "",
        ),
        (
            {"trigger": "event_received", "propertyFilters": [FILTER] * 11},
            "propertyFilters",
            "propertyFilters can't be more than 10",
            "11",
        ),
        (
            {"propertyFilters": FILTER},
            "propertyFilters",
            "propertyFilters must be a list of objects with path, operator and value",
            repr(FILTER)[:59] + "…",
        ),
        (
            {"enrollmentMode": "once"},
            "enrollmentMode",
            "enrollmentMode must be one of: unlimited, one_time, matching_field",
            "'once'",
        ),
        *(
            (
                {"trigger": trigger, "enrollmentMode": "matching_field"},
                "enrollmentMode",
                "enrollmentMode can be matching_field only with trigger event_received or inbound_webhook",
                "",
            )
            for trigger in TRIGGERS
            if trigger not in {"event_received", "inbound_webhook"}
        ),
        *(
            (
                {"enrollmentFieldPath": path},
                "enrollmentFieldPath",
                "enrollmentFieldPath must be a dot path such as order.id",
                repr(path),
            )
            for path in ("items[].sku", ".a", "a.", "a..b", "a[0]")
        ),
        ({"enrollmentFieldPath": " "}, "enrollmentFieldPath", "enrollmentFieldPath can't be blank", ""),
        ({"enrollmentFieldPath": 5}, "enrollmentFieldPath", "enrollmentFieldPath must be a string", "5"),
        (
            {"goal": "G"},
            "goal",
            "goal can't be given beside steps: it is for content that is still to be written",
            "",
        ),
        ({"steps": None, "goal": " "}, "goal", "goal can't be blank", ""),
        *(
            (
                {"steps": None, "goal": "G", "emailCount": count},
                "emailCount",
                "emailCount must be a whole number from 1 to 10",
                repr(count),
            )
            for count in (0, 11, 2.5, "5", True)
        ),
        ({"extra": 5}, "extra", "extra must be an object", "5"),
        ({"emailCount": -1}, "emailCount", "emailCount must be a whole number of 0 or more", "-1"),
        *(
            ({"createdAt": at}, "createdAt", f"createdAt {INSTANT}", repr(at))
            for at in ("yesterday", "", 5, "03/06/2026", "1969-12-31T23:59:59Z", ["2026-03-06"])
        ),
        (
            {"steps": {"0": HELLO}},
            "steps",
            "steps must be a list of objects with subject, and blocks or html",
            "{'0': {'subject': 'Hello', 'html': '<p>Hello</p>'}}",
        ),
        (
            {"steps": ["Hello"]},
            "steps[0]",
            "steps[0] must be an object with subject, and blocks or html",
            "'Hello'",
        ),
    ],
)
def test_refused(text_of, changed, path, message, found):
    """Q2, Q3."""
    assert text_of(ValidationError, sequence, **changed) == problem(path, message, found)
    with pytest.raises(ValidationError) as caught:
        sequence().replace(**{
            "trigger": "contact_added",
            **TRIGGERS.get(str(changed.get("trigger")), {}),
            **changed,
        })
    assert caught.value.errors == [message]
    assert caught.value.problems == [(path, message)]
    assert caught.value.found == [found]


@pytest.mark.parametrize(
    ("stop", "path", "message", "found"),
    [
        ("has_tag", "", "stopCondition must be an object with type and value", "'has_tag'"),
        ({}, ".type", f"type must be one of: {STOPS}", "None"),
        ({"type": "tag"}, ".type", f"type must be one of: {STOPS}", "'tag'"),
        *(
            ({"type": kind}, ".value", f"value is required with {kind}", "")
            for kind in STOPS.split(", ")
            if kind != "none"
        ),
        ({"type": "has_tag", "value": ""}, ".value", "value can't be blank", ""),
        ({"type": "has_tag", "value": 5}, ".value", "value must be a string", "5"),
        (
            {"type": "has_tag", "value": "x", "matchConfig": {}},
            ".matchConfig",
            "matchConfig goes only with event_received, field_changed, does_not_have_tag, removed_from_list",
            "",
        ),
        (
            {"type": "field_changed", "value": "x", "matchConfig": []},
            ".matchConfig",
            "matchConfig must be an object with mode",
            "[]",
        ),
        (
            {"type": "event_received", "value": "x", "matchConfig": {"mode": "field_value"}},
            ".matchConfig.mode",
            "mode must be one of: event_property_filter, event_property",
            "'field_value'",
        ),
        (
            {"type": "event_received", "value": "x", "matchConfig": {"mode": "event_property_filter"}},
            ".matchConfig.propertyFilters",
            "propertyFilters must be a list of objects with path, operator and value",
            "None",
        ),
        (
            {"type": "event_received", "value": "x", "matchConfig": {"mode": "event_property"}},
            ".matchConfig.rules",
            "rules must be a list of objects with entryFieldPath and eventFieldPath",
            "None",
        ),
        (
            {"type": "event_received", "value": "x", "matchConfig": {"mode": "event_property", "rules": [5]}},
            ".matchConfig.rules[0]",
            "rules[0] must be an object with entryFieldPath and eventFieldPath",
            "5",
        ),
        (
            {
                "type": "event_received",
                "value": "x",
                "matchConfig": {"mode": "event_property", "rules": [{"entryFieldPath": "a"}]},
            },
            ".matchConfig.rules[0].eventFieldPath",
            "eventFieldPath is required",
            "",
        ),
        (
            {
                "type": "event_received",
                "value": "x",
                "matchConfig": {
                    "mode": "event_property",
                    "rules": [{"entryFieldPath": "a[]", "eventFieldPath": "b"}],
                },
            },
            ".matchConfig.rules[0].entryFieldPath",
            "entryFieldPath must be a dot path such as order.id",
            "'a[]'",
        ),
        (
            {
                "type": "field_changed",
                "value": "x",
                "matchConfig": {"mode": "event_property", "operator": "equals", "value": 1},
            },
            ".matchConfig.mode",
            "mode must be one of: field_value",
            "'event_property'",
        ),
        (
            {
                "type": "field_changed",
                "value": "x",
                "matchConfig": {"mode": "field_value", "operator": "one_of", "value": [1]},
            },
            ".matchConfig.operator",
            "operator must be one of: equals, not_equals, greater_than, less_than, contains, not_contains",
            "'one_of'",
        ),
        (
            {
                "type": "field_changed",
                "value": "x",
                "matchConfig": {"mode": "field_value", "operator": "equals"},
            },
            ".matchConfig.value",
            "value is required with equals",
            "",
        ),
    ],
)
def test_stop_conditions_refused(text_of, stop, path, message, found):
    """Q4."""
    assert text_of(ValidationError, sequence, stopCondition=stop) == problem(
        f"stopCondition{path}", message, found
    )


@pytest.mark.parametrize(
    ("changed", "path", "message", "found"),
    [
        ({"path": None}, ".path", "path is required", ""),
        ({"path": ""}, ".path", "path can't be blank", ""),
        ({"path": 5}, ".path", "path must be a string", "5"),
        *(
            ({"path": path}, ".path", "path must be a dot path such as items[].sku", repr(path))
            for path in ("a..b", ".a", "[]", "[].a", "a[0].b", "a[][]", "a[]b", "a.")
        ),
        ({"operator": None}, ".operator", f"operator must be one of: {OPERATORS}", "None"),
        (
            {"operator": "not_contains"},
            ".operator",
            f"operator must be one of: {OPERATORS}",
            "'not_contains'",
        ),
        ({"operator": "one_of"}, ".value", "value must be a list with one_of", "5"),
        *(
            (
                {"operator": "less_than", "value": value},
                ".value",
                "value must be a number with less_than",
                repr(value),
            )
            for value in ("5", True, None, math.nan)
        ),
        *(
            (
                {"operator": "equals", "value": value},
                ".value",
                "value must hold no NaN, no infinity and no half a character (a lone surrogate)",
                repr(value),
            )
            for value in (math.nan, [1, math.inf], "\udc00", {"a": ["é\ud800"]})
        ),
    ],
)
def test_filters_refused(text_of, changed, path, message, found):
    """Q14."""
    filters = [FILTER, FILTER | changed]
    text = problem(f"propertyFilters[1]{path}", message, found)
    assert text_of(ValidationError, sequence, trigger="event_received", propertyFilters=filters) == text


@pytest.mark.parametrize(
    ("changed", "path", "message", "found"),
    [
        ({"enabled": 1}, "enabled", "enabled must be true or false", "1"),
        *(
            (
                {"timezone": zone},
                "timezone",
                "timezone must be a valid IANA timezone string",
                repr(zone),
            )
            for zone in ("EET/EEST", "europe/kyiv", "", None, 5, ["UTC"])
        ),
        *(
            (
                {"startTime": clock},
                "startTime",
                "startTime must be a time HH:mm from 00:00 to 23:59",
                repr(clock),
            )
            for clock in (
                None,
                "8:00",
                "08:60",
                "24:00",
                "08:00:00",
                8,
                "\u0660\u0668:\u0660\u0660",
                "08:00\n",
            )
        ),
        *(
            (
                {"endTime": clock},
                "endTime",
                "endTime must be a time HH:mm from 00:00 to 24:00",
                repr(clock),
            )
            for clock in (None, "24:01", "8 pm", 20.0)
        ),
        ({"endTime": "08:00"}, "endTime", "endTime must be later than startTime", "08:00 to 08:00"),
        ({"startTime": "21:00"}, "endTime", "endTime must be later than startTime", "21:00 to 20:00"),
        ({"days": "monday"}, "days", "days must be a list of weekdays", "'monday'"),
        ({"days": ["mon", "tues"]}, "days[1]", f"days must be one of: {DAYS}", "'tues'"),
        ({"days": [0]}, "days[0]", f"days must be one of: {DAYS}", "0"),
        ({"day": "fri"}, "day", "day can't be given beside days", "'fri'"),
        ({"days": None, "day": "m"}, "day", f"day must be one of: {DAYS}", "'m'"),
    ],
)
def test_windows_refused(text_of, changed, path, message, found):
    """Q7."""
    expected = problem(f"sendingWindow.{path}", message, found)
    assert text_of(ValidationError, sequence, sendingWindow=WINDOW | changed) == expected
    if "enabled" not in changed and changed != {"endTime": None}:
        expected = problem(f"steps[1].waitUntilWeekday.{path}", message, found)
        assert text_of(ValidationError, step, waitUntilWeekday=WINDOW | changed) == expected


def test_a_window_that_is_no_object(text_of):
    expected = problem(
        "sendingWindow", "sendingWindow must be an object with timezone, startTime and endTime", "'day'"
    )
    assert text_of(ValidationError, sequence, sendingWindow="day") == expected


WEEKDAY = {"mode": "until_weekday", "untilDays": ["mon"], "untilStartTime": "08:00", "untilTimezone": "UTC"}


@pytest.mark.parametrize(
    ("changed", "path", "message", "found"),
    [
        ({"subject": None}, ".subject", "subject is required", ""),
        ({"subject": "  "}, ".subject", "subject can't be blank", ""),
        ({"subject": ["A"]}, ".subject", "subject must be a string", "['A']"),
        ({"subject": "\ud83d"}, ".subject", f"subject {HALF}", r"'\ud83d'"),
        ({"html": None}, "", "an email must have blocks or html", ""),
        ({"html": "", "blocks": []}, "", "an email must have blocks or html", ""),
        ({"html": 5}, ".html", "html must be a string", "5"),
        ({"blocks": {"id": 1}}, ".blocks", "blocks must be a list", "{'id': 1}"),
        *(
            (
                {"type": kind},
                ".type",
                f"{named} is not modelled: remove the step, or give it one of: {TYPES}",
                "",
            )
            for kind, named in (
                ("goto", "goto"),
                ("Email", "Email"),
                ("", "''"),
                ("a\nb", r"'a\nb'"),
                (5, "5"),
                (["sms"], "['sms']"),
            )
        ),
        *(
            (
                {name: [{"if": 1}]},
                f".{name}",
                f"{name} is not modelled: remove it, or make it a step of type branch",
                "[{'if': 1}]",
            )
            for name in ("branch", "branches", "condition", "conditions")
        ),
        ({"id": ""}, ".id", "id can't be blank", ""),
        ({"emailId": True}, ".emailId", "emailId must be a string", "True"),
        ({"nodeId": 1.0}, ".nodeId", "nodeId must be a string", "1.0"),
        ({"id": 2**63}, ".id", "id must be a string", str(2**63)),
        ({"id": "step-1"}, "", "id has already been taken by steps[0]", "'step-1'"),
        (
            {"waitUntilDawn": {"place": "Kyiv"}},
            ".waitUntilDawn",
            "waitUntilDawn is not modelled: remove it, or write waitUntil",
            "{'place': 'Kyiv'}",
        ),
        (
            {"delay": {"days": 1}, "waitUntil": {"field": "due"}},
            "",
            "a step can't have more than one wait",
            "delay, waitUntil",
        ),
        ({"delay": {}, "delayMs": 0}, "", "a step can't have more than one wait", "delay, delayMs"),
        ({"delay": 1}, ".delay", "delay must be an object with days, hours and minutes", "1"),
        *(
            ({"delay": {unit: value}}, f".delay.{unit}", f"{unit} must be a number of 0 or more", repr(value))
            for unit in ("days", "hours", "minutes")
            for value in (-1, -0.5, "1", True, math.nan, math.inf, -math.inf, [1])
        ),
        ({"delay": {"weeks": 2}}, ".delay.weeks", "weeks is not modelled: remove it, or write days", "2"),
        (
            {"delay": {"mode": "until_dawn"}},
            ".delay.mode",
            "mode must be one of: duration, until_date, until_weekday, until_key_date",
            "'until_dawn'",
        ),
        (
            {"delay": {"untilDateField": "due"}},
            ".delay.untilDateField",
            "untilDateField goes only with mode until_date",
            "'due'",
        ),
        (
            {"delay": {"days": 1, "untilDays": ["mon"]}},
            ".delay.untilDays",
            "untilDays goes only with mode until_weekday",
            "['mon']",
        ),
        ({"delayMs": -1}, ".delayMs", "delayMs must be a number of 0 or more", "-1"),
        ({"delayMs": "5"}, ".delayMs", "delayMs must be a number of 0 or more", "'5'"),
        (
            {"waitUntil": "due"},
            ".waitUntil",
            "waitUntil must be an object with field, offset, direction and missingAction",
            "'due'",
        ),
        ({"waitUntil": {}}, ".waitUntil.field", "field is required", ""),
        (
            {"waitUntil": {"untilDateField": "a[].b"}},
            ".waitUntil.untilDateField",
            "untilDateField must be a dot path such as order.id",
            "'a[].b'",
        ),
        (
            {"waitUntil": {"field": "a", "offset": 5}},
            ".waitUntil.offset",
            "offset must be an object with days, hours and minutes",
            "5",
        ),
        (
            {"waitUntil": {"field": "a", "offset": {"days": -1}}},
            ".waitUntil.offset.days",
            "days must be a number of 0 or more",
            "-1",
        ),
        (
            {"waitUntil": {"field": "a", "hours": "1"}},
            ".waitUntil.hours",
            "hours must be a number of 0 or more",
            "'1'",
        ),
        (
            {"waitUntil": {"field": "a", "direction": "until"}},
            ".waitUntil.direction",
            "direction must be one of: before, after",
            "'until'",
        ),
        (
            {"waitUntil": {"field": "a", "untilMissingAction": "stop"}},
            ".waitUntil.untilMissingAction",
            "untilMissingAction must be one of: continue, exit",
            "'stop'",
        ),
        (
            {"waitUntil": {"field": "a", "untilField": "b"}},
            ".waitUntil.untilField",
            "untilField can't differ from field",
            "'b'",
        ),
        (
            {"waitUntil": {"field": "a", "pastAction": "wait"}},
            ".waitUntil.pastAction",
            "pastAction must be one of: continue, skip, exit",
            "'wait'",
        ),
        (
            {"delay": {"mode": "until_date", "untilDateField": 5}},
            ".delay.untilDateField",
            "untilDateField must be a string",
            "5",
        ),
        (
            {"waitUntilWeekday": ["mon"]},
            ".waitUntilWeekday",
            "waitUntilWeekday must be an object with days, startTime, endTime and timezone",
            "['mon']",
        ),
        (
            {"delay": WEEKDAY | {"days": 1}},
            ".delay.days",
            "days can't be given with mode until_weekday: write minimumWait",
            "1",
        ),
        (
            {"delay": WEEKDAY | {"untilDays": ["x"]}},
            ".delay.untilDays[0]",
            f"untilDays must be one of: {DAYS}",
            "'x'",
        ),
        (
            {"delay": WEEKDAY | {"untilEndTime": "07:00"}},
            ".delay.untilEndTime",
            "untilEndTime must be later than untilStartTime",
            "08:00 to 07:00",
        ),
        (
            {"delay": WEEKDAY | {"untilTimezone": "Mars"}},
            ".delay.untilTimezone",
            "untilTimezone must be a valid IANA timezone string",
            "'Mars'",
        ),
    ],
)
def test_steps_refused(text_of, changed, path, message, found):
    """Q5."""
    assert text_of(ValidationError, step, **changed) == problem(f"steps[1]{path}", message, found)


@pytest.mark.parametrize(
    ("changed", "path", "message", "found"),
    [
        ({"discountType": "free"}, "discountType", "discountType must be one of: percent, amount", "'free'"),
        ({"percentOff": None}, "percentOff", "percentOff is required with discountType percent", ""),
        *(
            ({"percentOff": off}, "percentOff", "percentOff must be a number from 1 to 100", repr(off))
            for off in (0, 101, "20", True)
        ),
        (
            {"discountType": "amount"},
            "amountOff",
            "amountOff is required with discountType amount",
            "",
        ),
        ({"amountOff": 0}, "amountOff", f"amountOff must be {AMOUNT}", "0"),
        ({"currency": ""}, "currency", "currency can't be blank", ""),
        (
            {"duration": "twice"},
            "duration",
            "duration must be one of: once, forever, repeating",
            "'twice'",
        ),
        (
            {"duration": "repeating"},
            "durationInMonths",
            "durationInMonths is required with duration repeating",
            "",
        ),
        (
            {"durationInMonths": 1.5},
            "durationInMonths",
            "durationInMonths must be a whole number of 1 or more",
            "1.5",
        ),
        ({"expiresAt": "soon"}, "expiresAt", f"expiresAt {INSTANT}", "'soon'"),
        ({"expiresInHours": 0}, "expiresInHours", "expiresInHours must be a number over 0", "0"),
        ({"provider": "paypal"}, "provider", "provider must be one of: stripe, shopify", "'paypal'"),
        ({"codePrefix": 5}, "codePrefix", "codePrefix must be a string", "5"),
    ],
)
def test_discounts_refused(text_of, changed, path, message, found):
    """Q5."""
    for kind in ("create_discount", "discount"):
        expected = problem(f"steps[0].discount.{path}", message, found)
        steps = [{"type": kind, "discount": DISCOUNT | changed}]
        assert text_of(ValidationError, sequence, steps=steps) == expected


def test_a_discount_step_without_one(text_of):
    expected = problem("steps[0].discount", "discount must be an object with discountType", "None")
    assert text_of(ValidationError, sequence, steps=[{"type": "create_discount"}]) == expected


def test_too_many_steps(text_of):
    expected = problem("steps", "steps can't be more than 32767", "32768")
    assert text_of(ValidationError, sequence, steps=[{"type": "sms"}] * 32_768) == expected


def test_ids_taken_twice(text_of):
    steps = [
        HELLO | {"id": "a"},
        HELLO,
        HELLO | {"emailId": "a"},
        {"type": "sms", "id": 5},
        {"type": "sms", "id": "5"},
    ]
    assert text_of(ValidationError, sequence, steps=[*steps, HELLO | {"nodeId": "step-2"}]) == (
        "3 problems\n"
        "  steps[2]: id has already been taken by steps[0] (found 'a')\n"
        "  steps[4]: id has already been taken by steps[3] (found '5')\n"
        "  steps[5]: id has already been taken by steps[1] (found 'step-2')"
    )


def test_all_problems_at_once(text_of):
    """And where both are wrong, each is told."""
    assert text_of(
        ValidationError,
        sequenzy.Sequence,
        name="",
        trigger="frequency",
        minCount=0,
        timeWindowDays=0,
        enrollmentMode="matching_field",
        stopCondition={"type": "has_tag"},
        sendingWindow={"timezone": "Mars", "startTime": "9", "days": ["x"]},
        steps=[{"type": "goto"}, 5, {"delay": {"days": -1, "hours": "x"}, "waitUntil": {}}],
        createdAt="x",
    ) == (
        "19 problems\n"
        "  name: name can't be blank\n"
        "  eventName: eventName is required with trigger frequency\n"
        "  minCount: minCount must be a whole number of 1 or more (found 0)\n"
        "  timeWindowDays: timeWindowDays must be a number of 1 or more (found 0)\n"
        "  enrollmentMode: enrollmentMode can be matching_field only with trigger event_received or inbound_webhook\n"
        "  stopCondition.value: value is required with has_tag\n"
        "  sendingWindow.timezone: timezone must be a valid IANA timezone string (found 'Mars')\n"
        "  sendingWindow.startTime: startTime must be a time HH:mm from 00:00 to 23:59 (found '9')\n"
        "  sendingWindow.endTime: endTime must be a time HH:mm from 00:00 to 24:00 (found None)\n"
        f"  sendingWindow.days[0]: days must be one of: {DAYS} (found 'x')\n"
        f"  steps[0].type: goto is not modelled: remove the step, or give it one of: {TYPES}\n"
        "  steps[1]: steps[1] must be an object with subject, and blocks or html (found 5)\n"
        "  steps[2].subject: subject is required\n"
        "  steps[2]: an email must have blocks or html\n"
        "  steps[2]: a step can't have more than one wait (found delay, waitUntil)\n"
        "  steps[2].delay.days: days must be a number of 0 or more (found -1)\n"
        "  steps[2].delay.hours: hours must be a number of 0 or more (found 'x')\n"
        "  steps[2].waitUntil.field: field is required\n"
        f"  createdAt: createdAt {INSTANT} (found 'x')"
    )


def test_nested_too_deeply(text_of):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    expected = problem("extra", "extra must not be nested this deep")
    assert text_of(ValidationError, sequence, extra={"deep": deep}) == expected
    found = "a list too long to show"
    assert text_of(ValidationError, sequence, name=deep) == problem("name", "name must be a string", found)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 30)
    | st.floats()
    | st.sampled_from([
        "",
        "a",
        "08:00",
        "mon",
        "email",
        "branch",
        "delay",
        "condition",
        "ab_test",
        "update_subscriber",
    ])
    | st.sampled_from([
        "random",
        "until_date",
        "duration",
        "has_tag",
        "logic_delay",
        "UTC",
        "2026-03-06",
        "discount",
    ]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([
                *("type", "value", "path", "operator", "mode", "rules", "matchConfig", "propertyFilters"),
                *("delay", "delayMs", "waitUntil", "waitUntilWeekday", "days", "hours", "minutes", "offset"),
                *(
                    "field",
                    "day",
                    "timezone",
                    "startTime",
                    "endTime",
                    "discount",
                    "subject",
                    "html",
                    "blocks",
                ),
                *("id", "enabled", "untilDays", "discountType", "expiresAt", "codePrefix"),
                *("branches", "steps", "elseSteps", "targetNodeId", "conditionType", "tagName", "splitMode"),
                *("randomPercentages", "config", "nodeType", "dates", "key", "at", "label", "minimumWait"),
                *("variants", "status", "customAttributeUpdates", "fieldValue", "delayMode", "delayDays"),
                *("waitUntilKeyDate", "source", "eventName", "timeoutDays", "onError", "listIds", "branchId"),
                *("sourceNodeId", "nodeId", "emailId", "condition"),
            ]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(FIELDS.split(", ")[:-2]), JUNK))
def test_whatever_is_given_is_taken_or_refused(given_):
    with suppress(ValidationError):
        made = sequenzy.Sequence(**{"name": "S", "trigger": "contact_added", **given_})
        waits.window(made.sendingWindow)
        if made.goal is None:
            assert len(made.email_ids) == len({node.position for node in made.nodes})
        assert repr(made)


NODES = st.lists(
    st.builds(
        lambda name, kind, config: {"id": name, "nodeType": kind, "config": config},
        st.sampled_from("abcde"),
        st.sampled_from(["trigger", "end", "action_email", "logic_delay", "logic_branch", "action_sms"]),
        JUNK,
    )
    | JUNK,
    max_size=5,
)
EDGES = st.lists(
    st.builds(
        lambda one, other, lane: {"sourceNodeId": one, "targetNodeId": other, "condition": lane},
        *[st.sampled_from("abcde")] * 2,
        st.none() | st.builds(lambda lane: {"branchId": lane}, st.sampled_from(["branch-0", "else"])) | JUNK,
    )
    | JUNK,
    max_size=6,
)


@given(
    NODES,
    EDGES,
    st.lists(
        st.builds(
            lambda name, rest: {"nodeId": name} | rest,
            st.sampled_from("abcde"),
            st.dictionaries(
                st.sampled_from(["subject", "delayMs", "delayMode", "delayNodeId", "waitUntil", "html"]), JUNK
            ),
        )
        | JUNK,
        max_size=3,
    )
    | JUNK,
    JUNK,
)
def test_whatever_graph_is_given_is_taken_or_refused(nodes, edges, emails, trigger):
    """Q26."""
    body = {"name": "S", "nodes": nodes, "edges": edges, "emails": emails, "triggerConfig": trigger}
    with suppress(ValidationError):
        made = sequenzy.from_api(body)
        assert sequenzy.from_api(made.to_api()).nodes == made.nodes


@given(JUNK)
def test_whatever_a_step_is_it_is_taken_or_refused(junk):
    changed = junk if isinstance(junk, dict) else {"delay": junk}
    with suppress(ValidationError):
        waits.wait(step(**changed).steps[1])


def test_what_is_no_object(text_of):
    """Q27."""
    assert text_of(ValidationError, sequence, extra=5) == problem("extra", "extra must be an object", 5)
    steps = [{"type": "create_discount", "discount": 5}]
    text = "discount must be an object with discountType"
    assert text_of(ValidationError, sequence, steps=steps) == problem("steps[0].discount", text, 5)
