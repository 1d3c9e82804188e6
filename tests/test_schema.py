"""The JSON Schemas of the platforms' files: they fit what loads, and refuse what can be told field by field."""

import json
from copy import deepcopy
from dataclasses import fields
from functools import cache

import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

import simcore
from simcore import cli, kit, sequenzy
from simcore.errors import SimcoreError, ValidationError
from simcore.plan.schemas import needs, of_fields, or_null, when
from simcore.testing import kit_sequences, sequenzy_sequences

KITS = ("welcome", "letters", "account")
SEQUENZYS = ("onboarding", "winback", "replenish")


@cache
def fits(platform):
    from jsonschema import Draft202012Validator  # it takes seconds to import: not while tests are collected

    schema = simcore.schema(platform)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def body(name):
    return json.loads(simcore.example(name).read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kit", "sequenzy"])
def test_it_is_a_schema(name):
    found = simcore.schema(name)
    assert fits(name).schema == found
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    shown = CliRunner().invoke(cli.app, ["schema", name])
    assert shown.exit_code == 0
    assert json.loads(shown.stdout) == found


@pytest.mark.parametrize(
    ("kind", "told", "without"),
    [
        (kit.Sequence, simcore.schema("kit")["$defs"]["sequence"], {"extra", "envelope", "left_out"}),
        (kit.Email, simcore.schema("kit")["$defs"]["email"], {"extra", "number"}),
        (sequenzy.Sequence, simcore.schema("sequenzy")["$defs"]["body"], {"extra", "envelope", "left_out"}),
    ],
    ids=["kit", "email", "sequenzy"],
)
def test_every_field_is_told(kind, told, without):
    """And is explained, and has the default of the class."""
    known = {each.name: each for each in fields(kind) if each.name not in without}
    assert {*told["properties"]} == {*known}
    for name, each in told["properties"].items():
        assert name == "emails" or each["description"].endswith(".")
        if "default" in each:
            default = known[name].default
            assert each["default"] == (list(default) if isinstance(default, tuple) else default)
    assert [name for name, each in told["properties"].items() if "default" in each] == [
        name
        for name, each in known.items()
        if isinstance(each.default, str | int | tuple) and name != "emails"
    ]


@pytest.mark.parametrize(
    ("platform", "name"), [("kit", each) for each in KITS] + [("sequenzy", each) for each in SEQUENZYS]
)
def test_the_examples_fit(platform, name):
    fits(platform).validate(body(name))


@given(kit_sequences(min_emails=0))
@settings(max_examples=100)
def test_what_loads_fits_kit(sequence):
    payload = json.loads(json.dumps(sequence.to_api()))
    assert kit.from_api(payload).to_api() == sequence.to_api()
    fits("kit").validate(payload)
    inside = {"sequence": {**payload["sequence"], "emails": payload["emails"]}}
    fits("kit").validate(inside)
    kit.from_api(inside)


@pytest.mark.slow
@given(sequenzy_sequences(min_emails=0))
@settings(max_examples=100)
def test_what_loads_fits_sequenzy(sequence):
    payload = json.loads(json.dumps(sequence.to_api()))
    assert sequenzy.from_api(payload).to_api() == sequence.to_api()
    fits("sequenzy").validate(payload)
    fits("sequenzy").validate({"success": True, "sequence": payload})


def put(payload, path, value):
    """A copy with another value at a path of keys and places; ... takes it out."""
    changed = deepcopy(payload)
    here = changed
    for part in path[:-1]:
        here = here[part]
    if value is ...:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return changed


WELCOME = body("welcome")
DELAYED = ("emails", 1)  # in hours
IN_DAYS = ("emails", 2)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("sequence",), ...),
        (("sequence",), []),
        (("emails",), {}),
        (("emails", 0), "hello"),
        (("pagination",), {"has_next_page": True}),
        (("sequence", "name"), ...),
        (("sequence", "name"), None),
        (("sequence", "name"), " "),
        (("sequence", "send_hour"), 24),
        (("sequence", "send_hour"), "9"),
        (("sequence", "send_days"), ["Monday"]),
        (("sequence", "send_days"), ["monday", "monday"]),
        (("sequence", "time_zone"), "Europe/Atlantis"),
        (("sequence", "active"), "yes"),
        (("sequence", "id"), 1.5),
        (("sequence", "exclude_subscriber_sources"), [{"type": "person", "ids": [1]}]),
        (("sequence", "exclude_subscriber_sources"), [{"type": "tag", "ids": ["1"]}]),
        (("emails", 0, "subject"), ...),
        (("emails", 0, "subject"), ""),
        (("emails", 0, "delay_unit"), "weeks"),
        (("emails", 0, "delay_unit"), None),
        (("emails", 0, "delay_value"), -1),
        (("emails", 0, "position"), -1),
        (("emails", 0, "published"), 1),
        ((*IN_DAYS, "delay_value"), 3651),
        ((*IN_DAYS, "send_days"), []),
        ((*DELAYED, "delay_value"), 0),
        ((*DELAYED, "delay_value"), 87_601),
        ((*DELAYED, "send_days"), ["monday"]),
    ],
)
def test_what_kit_refuses(path, value):
    wrong = put(WELCOME, path, value)
    assert not fits("kit").is_valid(wrong)
    with pytest.raises(ValidationError):
        kit.from_api(wrong)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("sequence", "send_days"), None),
        (("sequence", "send_days"), []),
        (("sequence", "newer"), {"any": 1}),
        (("emails",), None),
        (("emails", 0, "published"), None),
        ((*DELAYED, "send_days"), [*kit.model.WEEKDAYS]),
    ],
)
def test_what_kit_takes(path, value):
    fits("kit").validate(put(WELCOME, path, value))
    kit.from_api(put(WELCOME, path, value))


HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
SERIES = {"name": "S", "trigger": "event_received", "eventName": "cart", "steps": [HELLO]}
WINDOW = {"timezone": "Europe/Kyiv", "startTime": "08:00", "endTime": "20:00", "days": ["monday"]}
CODE = {"type": "create_discount", "discount": {"discountType": "percent", "percentOff": 20}}


def step(**more):
    return {"steps": [{**HELLO, **more}]}


def code(**more):
    return {"steps": [{**CODE, "discount": {**CODE["discount"], **more}}]}


def stop(**more):
    return {"stopCondition": {"type": "event_received", "value": "paid", **more}}


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": None},
        {"trigger": "rain"},
        {"eventName": None},
        {"eventName": "unsubscribed"},
        {"trigger": "tag_added"},
        {"trigger": "segment_entered"},
        {"trigger": "inactivity"},
        {"trigger": "inactivity", "inactiveDays": 0.5},
        {"trigger": "frequency", "minCount": 1.5, "timeWindowDays": 1},
        {"trigger": "contact_added", "listId": "l", "listScope": "any_list"},
        {"listScope": "no_list"},
        {"inactivityBaseline": "yesterday"},
        {"stopOnSegmentExit": True},
        {"enrollmentMode": "twice"},
        {"trigger": "contact_added", "enrollmentMode": "matching_field"},
        {"trigger": "contact_added", "propertyFilters": [{"path": "a", "operator": "exists"}]},
        {"propertyFilters": [{"path": "a", "operator": "exists"}] * 11},
        {"propertyFilters": [{"path": "a", "operator": "equals"}]},
        {"propertyFilters": [{"path": "a[0]", "operator": "exists"}]},
        {"propertyFilters": [{"path": "a", "operator": "like", "value": 1}]},
        {"enrollmentFieldPath": "items[].sku"},
        {"goal": "Welcome them"},
        {"steps": None, "goal": "Welcome them", "emailCount": 11},
        {"steps": {}},
        {"emailCount": -1},
        stop(type="rain"),
        stop(value=None),
        stop(matchConfig={"mode": "event_property", "rules": [{"entryFieldPath": "a"}]}),
        stop(type="field_changed", matchConfig={"mode": "field_value", "operator": "like", "value": 1}),
        {"sendingWindow": {**WINDOW, "timezone": "Mars"}},
        {"sendingWindow": {**WINDOW, "startTime": "24:00"}},
        {"sendingWindow": {**WINDOW, "endTime": None}},
        {"sendingWindow": {**WINDOW, "days": ["m"]}},
        {"sendingWindow": {**WINDOW, "enabled": "no"}},
        step(subject=" "),
        step(html=None),
        step(type="condition", conditionType="full_moon"),
        step(type="goto"),
        step(sendAt="noon"),
        step(branches=[1]),
        step(delay={"days": -1}),
        step(delay={"days": "1"}),
        step(delay={"weeks": 1}),
        step(delay={"mode": "until_date"}),
        step(delay={"mode": "until_weekday", "untilStartTime": "08:00"}),
        step(delayMs=-1),
        step(delay={"days": 1}, delayMs=5),
        step(waitUntil={"offset": {"days": 1}}),
        step(waitUntil={"field": "date", "direction": "sideways"}),
        step(waitUntilWeekday={"days": ["monday"], "startTime": "08:00"}),
        step(waitForever=True),
        step(id=1.5),
        code(discountType="gift"),
        code(percentOff=101),
        code(percentOff=None),
        code(discountType="amount"),
        code(duration="repeating"),
        code(expiresInHours=0),
        {"steps": [{"type": "discount"}]},
    ],
    ids=lambda change: json.dumps(change)[:60],
)
def test_what_sequenzy_refuses(change):
    wrong = SERIES | change
    assert not fits("sequenzy").is_valid(wrong)
    assert not fits("sequenzy").is_valid({"sequence": wrong})
    with pytest.raises(ValidationError):
        sequenzy.from_api(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"listId": None, "newer": {"any": 1}},
        {"enrollmentFieldPath": "", "enrollmentMode": "matching_field"},
        {"propertyFilters": [{"path": "items[].sku", "operator": "one_of", "value": [1]}]},
        {"trigger": "contact_added", "propertyFilters": [], "stopOnSegmentExit": False},
        {"steps": None, "goal": "Welcome them", "emailCount": 3},
        {"sendingWindow": WINDOW | {"days": ["Mon", "TUESDAY"]}},
        {"sendingWindow": {"enabled": False}},
        {"stopCondition": {"type": "none"}},
        stop(
            matchConfig={
                "mode": "event_property_filter",
                "propertyFilters": [{"path": "a", "operator": "exists"}],
            }
        ),
        step(type="email", delay={"days": 0.5, "hours": None}),
        step(branches=[], waitUntil=None, delayMs=0),
        step(delay={"mode": "until_date", "untilDateField": "date", "days": 1}),
        step(waitUntil={"untilField": "date", "untilOffset": {"days": 1}, "missingAction": "exit"}),
        step(waitUntilWeekday={"startTime": "08:00", "timezone": "UTC"}),
        code(discountType="amount", amountOff=100, duration="repeating", durationInMonths=2),
        {"steps": [{"type": "sms"}, {"type": "update_subscriber", "delayMs": 5}]},
    ],
    ids=lambda change: json.dumps(change)[:60],
)
def test_what_sequenzy_takes(change):
    fits("sequenzy").validate(SERIES | change)
    fits("sequenzy").validate({"success": True, "sequence": SERIES | change})
    sequenzy.from_api(SERIES | change)


def test_parts():
    assert or_null({"type": "string", "pattern": "a"}) == {"type": ["string", "null"], "pattern": "a"}
    assert or_null({"enum": ["a"]}) == {"enum": ["a", None]}
    assert or_null({"$ref": "#/$defs/a"}) == {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}
    one = {"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"required": ["b"]}}
    assert when("a", 1, {"required": ["b"]}) == one
    there = {"required": ["a", "b"], "properties": {"a": {"not": {"type": "null"}}, "b": {"type": "integer"}}}
    assert needs("a", b={"type": "integer"}) == there
    with pytest.raises(KeyError, match="name"):
        of_fields(kit.Sequence, {})


def test_a_platform_that_gives_none(text_of):
    class Silent(type(kit.platform)):
        title = "Silent"
        schema = kit.platform.__class__.__mro__[1].schema

    assert text_of(SimcoreError, Silent().schema) == "Silent gives no JSON Schema of its files"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platform", "name", "load"),
    [
        ("kit", "welcome", kit.load),
        ("kit", "account", kit.load_all),
        ("sequenzy", "onboarding", sequenzy.load),
    ],
)
def test_a_file_can_name_its_schema(platform, name, load, tmp_path):
    """As editors look for it, `$schema` at the top."""
    whole = {"$schema": f"./{platform}.schema.json", **body(name)}
    path = tmp_path / "own.json"
    path.write_text(json.dumps(whole), "utf-8")
    assert fits(platform).is_valid(whole)
    before, after = load(simcore.example(name)), load(path)
    for one, other in zip(
        *(each if isinstance(each, list) else [each] for each in (before, after)), strict=True
    ):
        assert simcore.preview(one, "2026-03-06T21:07Z").equals(simcore.preview(other, "2026-03-06T21:07Z"))
