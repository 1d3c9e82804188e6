"""Fields by their paths: what a path is, where it leads, and sequences that take other values at some."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore import kit, sequenzy
from simcore.errors import SimcoreError, ValidationError
from simcore.plan.paths import parts, put

HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
FORM = "a path to a field must be of the form send_hour or emails[2].delay_value"
EMAIL_FORM = "a field of an email must be named like emails[2].delay_value"
KIT_FIELDS = (
    "name, emails, id, email_address, email_template_id, send_days, send_hour, time_zone, active, repeat, hold, "
    "exclude_subscriber_sources, created_at, updated_at, extra, envelope, left_out"
)
EMAIL_FIELDS = (
    "subject, delay_value, delay_unit, id, sequence_id, preview_text, content, email_address, email_template_id, "
    "published, position, send_days, extra"
)
SEQUENZY_FIELDS = (
    "name, trigger, listId, listIds, listScope, tagName, tagNames, segmentId, stopOnSegmentExit, eventName, "
    "webhookId, propertyFilters, inactiveDays, inactivityBaseline, minCount, timeWindowDays, enrollmentMode, "
    "enrollmentFieldPath, activeSubscribersOnly, enrollmentPaused, status, effectiveStatus, stopCondition, "
    "sendingWindow, keyDates, goal, emailCount, steps, createdAt, extra, envelope, left_out"
)


def told(*problems):
    """The text of an error with these problems."""
    return "\n".join([
        f"{len(problems)} problem{'' if len(problems) == 1 else 's'}",
        *(f"  {p}" for p in problems),
    ])


def letters(sequence):
    """The order of emails, by their subjects."""
    return "".join(email.subject for email in sequence.emails)


@pytest.fixture
def four(chain):
    """A, B, C and D, a day after each other."""
    return chain(*[(1, "days")] * 4)


@pytest.fixture
def steps():
    """A Sequenzy sequence of two steps."""
    return sequenzy.Sequence(
        name="S", trigger="contact_added", steps=[HELLO, {**HELLO, "delay": {"days": 1}}]
    )


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("send_hour", ("send_hour",)),
        ("emails[2].delay_value", ("emails", 2, "delay_value")),
        ("steps[0].delay.days", ("steps", 0, "delay", "days")),
        ("a[0][12].b[3]", ("a", 0, 12, "b", 3)),
        ("_a1[007]", ("_a1", 7)),
        ("x.e5", ("x", "e5")),
    ],
)
def test_parts(path, expected):
    assert parts(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            " ",
            "a b",
            "a\n",
            "a.",
            ".a",
            "a..b",
            "a[",
            "a]",
            "a[]",
            "a[-1]",
            "a[1.0]",
            "a[b]",
            "[0]",
            "[0].a",
        ),
        *(
            "1a",
            "a.1",
            "a[1]b",
            "a-b",
            "é",
            "a[٣]",
            "a[²]",
            "a['b']",
            "a\u200b",
            None,
            3,
            2.5,
            b"a",
            ("a", 1),
            ["a"],
        ),
    ],
    ids=ascii,
)
def test_what_is_no_path(text_of, four, steps, path):
    expected = told(f"fields: {FORM} (found {path!r})")
    assert text_of(ValidationError, parts, path) == expected
    if not isinstance(path, list):
        assert text_of(ValidationError, four.with_fields, {path: 1}) == expected
        assert text_of(ValidationError, steps.with_fields, {path: 1}) == expected


def test_a_place_of_thousands_of_digits(text_of, four, steps):
    path = f"a[{'9' * 5000}]"
    for call in (parts, lambda path: four.with_fields({path: 1}), lambda path: steps.with_fields({path: 1})):
        assert text_of(ValidationError, call, path) == told(f"fields: {FORM} (found 'a[{'9' * 56}…)")


@pytest.mark.parametrize(
    ("top", "path", "expected"),
    [
        ({}, "a", {"a": 7}),
        ({"a": 1, "b": 2}, "a", {"a": 7, "b": 2}),
        ({}, "a.b.c", {"a": {"b": {"c": 7}}}),
        ({"a": None}, "a.b", {"a": {"b": 7}}),
        ({"a": {"c": 1}}, "a.b", {"a": {"c": 1, "b": 7}}),
        ({"a": [1, 2]}, "a[1]", {"a": [1, 7]}),
        ({"a": [{}, {"b": None}]}, "a[1].b.c", {"a": [{}, {"b": {"c": 7}}]}),
        ({"a": [None]}, "a[0].b", {"a": [{"b": 7}]}),
        ({"a": [[1], [2, 3]]}, "a[1][0]", {"a": [[1], [7, 3]]}),
    ],
)
def test_put(top, path, expected):
    put(top, path, 7)
    assert top == expected


@pytest.mark.parametrize(
    ("top", "path", "message"),
    [
        ({"a": 1}, "a.b", "there is no b here, since this value has no fields (found 1)"),
        ({"a": [1]}, "a.b", "there is no b here, since this value has no fields (found [1])"),
        ({"a": [1]}, "a[0].b", "there is no b here, since this value has no fields (found 1)"),
        ({"a": ""}, "a.b.c", "there is no b here, since this value has no fields (found '')"),
        ({}, "a[0]", "there is no [0] here, since this value is not a list (found None)"),
        ({"a": None}, "a[0].b", "there is no [0] here, since this value is not a list (found None)"),
        (
            {"a": {"b": 1}},
            "a[0]",
            "there is no [0] here, since this value is not a list (found {'b': 1})",
        ),
        ({"a": "xyz"}, "a[0]", "there is no [0] here, since this value is not a list (found 'xyz')"),
        ({"a": [1, 2]}, "a[2]", "there is no [2]: the list has 2 items, counted from [0]"),
        ({"a": []}, "a[0].b", "there is no [0]: the list has 0 items, counted from [0]"),
        ({"a": [[]]}, "a[0][5].b", "there is no [5]: the list has 0 items, counted from [0]"),
    ],
)
def test_put_where_nothing_can_be(text_of, top, path, message):
    assert text_of(ValidationError, put, top, path, 7) == told(f"{path}: {message}")


def test_put_leaves_what_it_goes_through():
    inner = {"b": [{"c": 1}]}
    top = {"a": inner}
    put(top, "a.b[0].c", 2)
    assert top == {"a": {"b": [{"c": 2}]}}
    assert inner == {"b": [{"c": 1}]}


# ---------------------------------------------------------------- Kit

HOW = {
    "subject": st.sampled_from(["x", "y"]),
    "delay_value": st.integers(1, 9),
    "delay_unit": st.sampled_from(["days", "hours"]),
    "published": st.booleans(),
    "send_days": st.sampled_from([None, ["monday"], ("friday", "sunday")]),
    "content": st.sampled_from([None, "<p>x</p>"]),
}
WHOLE = {
    "name": st.sampled_from(["n", "m"]),
    "send_hour": st.integers(0, 23),
    "time_zone": st.sampled_from(["UTC", "Asia/Tokyo"]),
    "send_days": st.sampled_from([[], ["monday", "tuesday"]]),
    "repeat": st.booleans(),
    "exclude_subscriber_sources": st.sampled_from([[], [{"type": "tag", "ids": [1]}]]),
}


@given(
    top=st.fixed_dictionaries({}, optional=WHOLE),
    emails=st.dictionaries(st.integers(0, 3), st.fixed_dictionaries({}, optional=HOW), max_size=3),
    data=st.data(),
)
def test_the_same_as_replace(chain, top, emails, data):
    """And refused where that refuses; in whatever order the paths come."""
    four = chain(*[(1, "days")] * 4)
    changed = top | {
        f"emails[{at}].{name}": value for at, given in emails.items() for name, value in given.items()
    }
    changed = {path: changed[path] for path in data.draw(st.permutations([*changed]))}
    before = four.to_api()
    try:
        expected = four.replace(**top)
        for at, fields in emails.items():
            expected = expected.replace_email(at, **fields)
    except ValidationError:
        with pytest.raises(ValidationError):
            four.with_fields(changed)
    else:
        found = four.with_fields(changed)
        assert found == expected
        assert type(found) is kit.Sequence
    assert four.to_api() == before


def test_nothing_changed_is_the_same(four, steps):
    assert four.with_fields({}) == four
    assert steps.with_fields({}) == steps


def test_an_email_that_becomes_hour_based_loses_its_days(text_of, four):
    mondays = four.with_fields({"emails[1].send_days": ["monday"]})
    assert mondays.emails[1].send_days == ("monday",)
    found = mondays.with_fields({"emails[1].delay_unit": "hours", "emails[1].delay_value": 3})
    assert (found.emails[1].send_days, found.emails[1].delay_value) == (None, 3)
    assert mondays.with_fields({"emails[1].delay_unit": "days"}) == mondays
    both = {"emails[1].send_days": ["friday"], "emails[1].delay_unit": "hours"}
    for changed in (both, dict(reversed(both.items()))):
        assert text_of(ValidationError, mondays.with_fields, changed) == told(
            "emails[1].send_days: send_days can't be set when delay_unit is hours (found ['friday'])"
        )


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ({0: 3}, "BCDA"),
        ({3: 0}, "DABC"),
        ({0: 99}, "BCDA"),
        ({2: 2}, "ABCD"),
        ({2: None}, "ABCD"),
        ({0: 1, 1: 0}, "BACD"),
        ({0: 3, 1: 0}, "BCDA"),  # after the first move B is first already
        ({3: 0, 2: 0}, "CDAB"),
        ({2: 0, 3: 0}, "DCAB"),
        ({0: np.int64(2)}, "BCAD"),
    ],
)
def test_moves(four, moves, expected):
    """One after the other, each email named by where it was at first."""
    found = four.with_fields({f"emails[{at}].position": to for at, to in moves.items()})
    assert letters(found) == expected
    assert [email.position for email in found.emails] == [0, 1, 2, 3]
    assert letters(four) == "ABCD"


def test_moves_beside_other_edits(four):
    """Places are those of before: B's text and delay go along with B, wherever it stands and whatever comes first."""
    b = {"emails[1].position": 3, "emails[1].subject": "b", "emails[1].delay_value": 7}
    others = {"send_hour": 4, "emails[3].subject": "d", "emails[0].position": 1}
    for changed, expected in ((b | others, "CAdb"), (others | b, "ACdb")):
        found = four.with_fields(changed)
        assert letters(found) == expected
        assert (found.send_hour, found.emails[3].delay_value, found.emails[3].id) == (4, 7, 101)
    alone = four.with_fields({"emails[1].position": 3, "emails[1].subject": "b"})
    assert alone == four.replace_email(1, position=3, subject="b")


def test_what_results_is_what_must_be_valid(chain):
    """Another first email that is immediate: valid once it is there, as with replace_email."""
    sequence = chain((0, "days"), (1, "days"))
    expected = sequence.replace_email(0, delay_value=1).replace_email(1, position=0, delay_value=0)
    assert letters(expected) == "BA"
    changed = {"emails[0].delay_value": 1, "emails[1].position": 0, "emails[1].delay_value": 0}
    assert sequence.with_fields(changed) == expected
    changed = {"emails[0].delay_value": 1, "emails[0].position": 1, "emails[1].delay_value": 0}
    assert sequence.with_fields(changed) == expected


@pytest.mark.parametrize("wrong", [-1, True, "1", 1.0])
def test_a_position_that_is_none(text_of, four, wrong):
    assert text_of(ValidationError, four.with_fields, {"emails[2].position": wrong}) == told(
        f"emails[2].position: position must be an integer of 0 or more (found {wrong!r})"
    )


def test_integers_of_numpy(four, steps):
    found = four.with_fields({"send_hour": np.int8(4), "emails[1].delay_value": np.int64(3)})
    assert (type(found.send_hour), type(found.emails[1].delay_value)) == (int, int)
    assert found == four.with_fields({"send_hour": 4, "emails[1].delay_value": 3})
    found = steps.with_fields({"steps[1].delay.days": np.int64(3)})
    assert type(found.steps[1]["delay"]["days"]) is int
    assert found == steps.with_fields({"steps[1].delay.days": 3})


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("emails", (), f"emails: {EMAIL_FORM}"),
        ("emails[0]", None, f"emails[0]: {EMAIL_FORM}"),
        ("emails[9]", None, f"emails[9]: {EMAIL_FORM}"),
        ("emails[0][1]", None, f"emails[0][1]: {EMAIL_FORM}"),
        ("emails.subject", "x", f"emails.subject: {EMAIL_FORM}"),
        ("emails[0].send_days[0]", "x", f"emails[0].send_days[0]: {EMAIL_FORM}"),
        ("emails[4].subject", "x", "emails[4].subject: there is no email at position 4: the sequence has 4"),
        (
            "emails[0].sbject",
            1,
            f"emails[0].sbject: sbject is not a field of Email; the fields are: {EMAIL_FIELDS}",
        ),
        ("emails[3].subject", "", "emails[3].subject: subject can't be blank"),
        (
            "emails[3].delay_value",
            0,
            "emails[3].delay_value: delay_value must be greater than 0: only the first email can be immediate "
            "(found 0)",
        ),
        ("emails[2].id", 100, "emails[2].id: id has already been taken by emails[0] (found 100)"),
        ("send_hour", 24, "send_hour: send_hour must be an integer between 0 and 23 (found 24)"),
        ("hour", 4, f"hour: hour is not a field of Sequence; the fields are: {KIT_FIELDS}"),
        (
            "send_days[0]",
            4,
            f"send_days[0]: send_days[0] is not a field of Sequence; the fields are: {KIT_FIELDS}",
        ),
        ("extra.x", 4, f"extra.x: extra.x is not a field of Sequence; the fields are: {KIT_FIELDS}"),
    ],
)
def test_kit_refuses(text_of, four, path, value, message):
    assert text_of(ValidationError, four.with_fields, {path: value}) == told(message)


def test_no_emails_at_all(text_of):
    none = kit.Sequence(name="S")
    assert none.with_fields({"send_hour": 3}).send_hour == 3
    assert text_of(ValidationError, none.with_fields, {"emails[0].subject": "x"}) == told(
        "emails[0].subject: there is no email at position 0: the sequence has 0"
    )


def test_what_was_given_is_not_held_on_to(four):
    days, source = ["monday"], {"type": "tag", "ids": [1]}
    found = four.with_fields({
        "send_days": days, "emails[1].send_days": days, "exclude_subscriber_sources": [source],
    })  # fmt: skip
    days.append("friday")
    source["ids"].append(2)
    assert found.send_days == found.emails[1].send_days == ("monday",)
    assert found.exclude_subscriber_sources[0].ids == (1,)


# ---------------------------------------------------------------- Sequenzy


def test_what_is_not_there_is_made(steps):
    """A delay, and a whole window, path by path; the sequence itself stays as it was, to the bottom."""
    before = copy.deepcopy(steps.to_api())
    assert steps.with_fields({"steps[0].delay.days": 2}).steps[0]["delay"] == {"days": 2}
    window = {"timezone": "UTC", "startTime": "10:00", "endTime": "12:00"}
    found = steps.with_fields({f"sendingWindow.{name}": value for name, value in window.items()})
    assert found.sendingWindow == window
    later = found.with_fields({"sendingWindow.startTime": "11:00", "steps[1].delay.hours": 6})
    assert later.sendingWindow == {**window, "startTime": "11:00"}
    assert later.steps[1]["delay"] == {"days": 1, "hours": 6}
    assert (found.sendingWindow, found.steps[1]["delay"]) == (window, {"days": 1})
    assert steps.to_api() == before
    assert later == found.replace(
        sendingWindow={**window, "startTime": "11:00"},
        steps=[HELLO, {**HELLO, "delay": {"days": 1, "hours": 6}}],
    )


def test_part_of_a_window_where_there_is_none(text_of, steps):
    assert text_of(ValidationError, steps.with_fields, {"sendingWindow.startTime": "10:00"}) == told(
        "sendingWindow.timezone: timezone must be a valid IANA timezone string (found None)",
        "sendingWindow.endTime: endTime must be a time HH:mm from 00:00 to 24:00 (found None)",
    )


def test_fields_at_the_top_and_whole_steps(steps):
    found = steps.with_fields({"name": "T", "steps[1]": HELLO, "enrollmentMode": "one_time"})
    assert (found.name, found.steps, found.enrollmentMode) == ("T", (HELLO, HELLO), "one_time")
    assert found.with_fields({"enrollmentMode": None}).enrollmentMode is None
    assert steps.with_fields({"steps": [HELLO]}).steps == (HELLO,)
    assert steps.with_fields({"extra.owner.name": "x"}).to_api()["owner"] == {"name": "x"}


def test_other_spellings_are_written_where_the_path_says(steps):
    """The body's own names count: a wait has several, and only that of the path is set."""
    found = steps.with_fields({
        "steps[0].waitUntilWeekday.untilDays": ["sunday"],
        "steps[0].waitUntilWeekday.untilTimezone": "UTC",
        "steps[0].waitUntilWeekday.startTime": "09:00",
        "steps[0].waitUntilWeekday.endTime": "10:00",
    })
    assert found.steps[0]["waitUntilWeekday"] == {
        "untilDays": ["sunday"], "untilTimezone": "UTC", "startTime": "09:00", "endTime": "10:00",
    }  # fmt: skip


def test_paths_are_taken_in_order_and_values_copied(steps):
    """A path into a value that another brings; what was given is not touched, then or later."""
    wait = {"days": 3}
    found = steps.with_fields({"steps[0].delay": wait, "steps[0].delay.hours": 5})
    assert found.steps[0]["delay"] == {"days": 3, "hours": 5}
    assert wait == {"days": 3}
    wait["days"] = 9
    assert found.steps[0]["delay"] == {"days": 3, "hours": 5}
    assert steps.with_fields({"steps[0].delay.hours": 5, "steps[0].delay": {"days": 3}}).steps[0][
        "delay"
    ] == {"days": 3}
    whole = [dict(HELLO)]
    assert steps.with_fields({"steps": whole, "steps[0].delay.days": 1}).steps == (
        {**HELLO, "delay": {"days": 1}},
    )
    assert whole == [HELLO]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("nosuch", 1, f"nosuch: nosuch is not a field of Sequence; the fields are: {SEQUENZY_FIELDS}"),
        (
            "nosuch.deep.down",
            1,
            f"nosuch: nosuch is not a field of Sequence; the fields are: {SEQUENZY_FIELDS}",
        ),
        (
            "name.first",
            1,
            "name.first: there is no first here, since this value has no fields (found 'S')",
        ),
        (
            "trigger[0]",
            1,
            "trigger[0]: there is no [0] here, since this value is not a list (found 'contact_added')",
        ),
        (
            "steps[2].delay.days",
            1,
            "steps[2].delay.days: there is no [2]: the list has 2 items, counted from [0]",
        ),
        (
            "propertyFilters[0].path",
            "x",
            "propertyFilters[0].path: there is no [0] here, since this value is not a list (found None)",
        ),
        ("steps[1].delay.days", -1, "steps[1].delay.days: days must be a number of 0 or more (found -1)"),
    ],
)
def test_sequenzy_refuses(text_of, steps, path, value, message):
    before = copy.deepcopy(steps.to_api())
    assert text_of(ValidationError, steps.with_fields, {path: value}) == told(message)
    assert steps.to_api() == before


def test_steps_that_are_still_to_be_written(text_of):
    goal = sequenzy.Sequence(name="S", trigger="contact_added", goal="Welcome them")
    assert text_of(ValidationError, goal.with_fields, {"steps[0].delay.days": 1}) == told(
        "steps[0].delay.days: there is no [0] here, since this value is not a list (found None)"
    )


def test_what_is_nested_too_deep(text_of, steps):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(SimcoreError):
        steps.with_fields({"extra.deep": deep, "extra.deep[0]": 1, "extra.deep[0][0]": 2})
    assert text_of(ValidationError, steps.with_fields, {"extra.deep": deep}) == told(
        "extra: extra must not be nested this deep"
    )
