"""Changes of a sequence: what they make of it, how they are read, and every refusal on its whole text."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simcore
from simcore import kit
from simcore.errors import EntryError, ValidationError

AT = "2026-03-06T21:00Z"
NEW = {"subject": "New", "delay_value": 1, "delay_unit": "days"}
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def email(number, delay=1, unit="days", **named):
    return kit.Email(**{
        "id": number,
        "subject": f"E{number}",
        "delay_value": delay,
        "delay_unit": unit,
        "published": True,
        **named,
    })


BASE = kit.Sequence(
    name="S",
    time_zone="UTC",
    send_hour=9,
    emails=(email(1, 0), email(2, send_days=("monday",)), email(3, 5, "hours")),
)
PLAIN = BASE.replace(emails=(email(1), email(2), email(3)))


def after(sequence, *changes):
    """The sequence after some changes, one upon the other."""
    return kit.platform.after(sequence, enumerate(changes))[-1]


def order(sequence):
    assert [each.position for each in sequence.emails] == [*range(len(sequence.emails))]
    return [each.id for each in sequence.emails]


# ---------------------------------------------------------------- what they make


def test_update():
    changed = after(BASE, kit.update(AT, name="T", send_hour=7, active=False, send_days=["friday"]))
    assert (changed.name, changed.send_hour, changed.active, changed.send_days) == (
        "T",
        7,
        False,
        ("friday",),
    )
    assert changed.emails == BASE.emails
    assert BASE.name == "S"
    sources = [{"type": "tag", "ids": [7]}]
    assert (
        after(BASE, kit.update(AT, exclude_subscriber_sources=sources)).to_api()["sequence"][
            "exclude_subscriber_sources"
        ]
        == sources
    )


def test_null_is_the_default():
    """K1: missing or null is the default."""
    changed = after(
        BASE, kit.update(AT, send_hour=None, send_days=None, time_zone=None, active=None, hold=None)
    )
    assert (changed.send_hour, changed.send_days, changed.time_zone) == (11, WEEK, "America/New_York")
    assert (changed.active, changed.hold) == (True, False)


@pytest.mark.parametrize(
    ("position", "expected"),
    [(None, [1, 2, 3, 9]), (1, [1, 9, 2, 3]), (2, [1, 2, 9, 3]), (3, [1, 2, 3, 9]), (99, [1, 2, 3, 9])],
)
def test_create_at_each_place(position, expected):
    given = {} if position is None else {"position": position}
    changed = after(BASE, kit.create_email(AT, id=9, **NEW, **given))
    assert order(changed) == expected
    assert not next(each for each in changed.emails if each.id == 9).published
    assert order(after(PLAIN, kit.create_email(AT, id=9, **NEW, position=0))) == [9, 1, 2, 3]


def test_created_without_an_id():
    """The next free negative number, and never one that was there before."""
    changed = after(BASE, kit.create_email(AT, **NEW), kit.create_email(AT, **NEW, position=1))
    assert order(changed) == [1, -2, 2, 3, -1]
    again = after(changed, kit.delete_email(AT, -2), kit.create_email(AT, **NEW))
    assert order(again) == [1, 2, 3, -1, -3]
    within = after(BASE, kit.create_email(AT, **NEW), kit.delete_email(AT, -1), kit.create_email(AT, **NEW))
    assert order(within) == [1, 2, 3, -2]
    unnamed = BASE.replace(emails=(email(None), email(None)))
    assert order(unnamed) == [-1, -2]
    assert order(after(unnamed, kit.create_email(AT, **NEW))) == [-1, -2, -3]


@pytest.mark.parametrize(
    ("number", "position", "expected"),
    [
        (1, 2, [2, 3, 1]),
        (1, 1, [2, 1, 3]),
        (3, 0, [3, 1, 2]),
        (2, 1, [1, 2, 3]),
        (1, 99, [2, 3, 1]),
        (2, None, [1, 2, 3]),
    ],
)
def test_moving_takes_out_first(number, position, expected):
    assert order(after(PLAIN, kit.update_email(AT, number, position=position))) == expected


def test_a_move_to_hours_clears_the_days():
    changed = after(BASE, kit.update_email(AT, 2, delay_unit="hours"))
    assert changed.emails[1].send_days is None
    assert changed.emails[1].delay_value == 1
    assert BASE.replace_email(1, delay_unit="hours").emails[1].send_days is None
    null = after(BASE, kit.update_email(AT, 2, delay_unit="hours", send_days=None))
    assert null.emails[1].send_days is None
    kept = after(BASE, kit.update_email(AT, 2, delay_unit="days", delay_value=3))
    assert kept.emails[1].send_days == ("monday",)


def test_delete():
    assert order(after(BASE, kit.delete_email(AT, 2))) == [1, 3]
    assert order(after(BASE, *(kit.delete_email(AT, number) for number in (1, 2, 3)))) == []


def test_a_change_says_what_it_is():
    assert str(kit.update(AT, active=False)) == f"update at {AT}"
    assert str(kit.create_email(AT, **NEW)) == f"create_email at {AT}"
    assert str(kit.update_email(AT, 5, published=True)) == f"update_email 5 at {AT}"
    assert str(kit.delete_email(AT, -5)) == f"delete_email -5 at {AT}"
    made = kit.update_email(AT, 5, published=True)
    assert (made.at, made.op, made.email_id, made.fields) == (AT, "update_email", 5, {"published": True})


# ---------------------------------------------------------------- Kit's own numbers

GAPS = kit.Sequence(name="S", time_zone="UTC", emails=[email(n, position=10 * (n - 1)) for n in (1, 2, 3, 4)])
REFUSE = kit.Assumptions(position_taken="refuse")
MORE = {"subject": "N", "delay_value": 1, "delay_unit": "days", "id": 9}


def numbers(sequence, *changes, assume=None):
    """The emails' ids, each with Kit's number, after some changes."""
    last = [sequence, *kit.platform.after(sequence, enumerate(changes), assume)][-1]
    order(last)
    return dict(zip(order(last), last.numbers, strict=True))


def test_numbers_are_kept_as_they_were_given():
    """K5, K25: gaps are accepted; the position shown is the place."""
    assert GAPS.numbers == [0, 10, 20, 30]
    assert [each.position for each in GAPS.emails] == [0, 1, 2, 3]
    assert [each.number for each in GAPS.emails] == [None, 10, 20, 30]
    assert [each.number for each in PLAIN.emails] == [None, None, None]
    assert kit.Sequence(name="S").numbers == []
    late = kit.Sequence(name="S", emails=[email(1, position=4), email(2), email(3, position=2)])
    assert numbers(late) == {3: 2, 1: 4, 2: 5}
    assert [each["position"] for each in GAPS.to_api()["emails"]] == [0, 1, 2, 3]  # K3
    assert "number" not in GAPS.to_api()["emails"][1]
    assert kit.from_api({"sequence": GAPS.to_api()["sequence"], "emails": GAPS.to_api()["emails"]}) != GAPS
    assert (
        "number"
        in kit.from_api({"sequence": {"name": "S"}, "emails": [{**NEW, "number": 7}]}).emails[0].extra
    )


def test_numbers_stay_where_nothing_moves():
    assert GAPS.replace(name="T").numbers == GAPS.numbers
    assert GAPS.replace_email(1, subject="B").numbers == GAPS.numbers
    assert GAPS.with_fields({"emails[2].delay_value": 4, "send_hour": 3}).numbers == GAPS.numbers
    assert numbers(GAPS.replace(emails=GAPS.emails[::2])) == {1: 0, 3: 20}
    assert numbers(GAPS, kit.update(AT, send_hour=4)) == {1: 0, 2: 10, 3: 20, 4: 30}
    assert numbers(GAPS, kit.update_email(AT, 2, published=False)) == {1: 0, 2: 10, 3: 20, 4: 30}
    # What is edited here goes by places, and the same numbers are given out anew.
    assert numbers(GAPS.replace_email(0, position=2)) == {2: 0, 3: 10, 1: 20, 4: 30}
    assert numbers(GAPS.with_fields({"emails[3].position": 0})) == {4: 0, 1: 10, 2: 20, 3: 30}


def test_emails_of_two_sequences_in_one():
    """Numbers that do not rise give way, as little as can be."""
    both = kit.Sequence(name="S", emails=[*GAPS.emails[1:3], email(7, position=3), email(8, position=30)])
    assert numbers(both) == {2: 10, 3: 20, 7: 21, 8: 30}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(kit.create_email(AT, **MORE), {1: 0, 2: 10, 3: 20, 4: 30, 9: 31}, id="appended"),
        pytest.param(
            kit.create_email(AT, **MORE, position=5), {1: 0, 9: 5, 2: 10, 3: 20, 4: 30}, id="between"
        ),
        pytest.param(
            kit.create_email(AT, **MORE, position=3), {1: 0, 9: 3, 2: 10, 3: 20, 4: 30}, id="no place"
        ),
        pytest.param(kit.update_email(AT, 1, position=15), {2: 10, 1: 15, 3: 20, 4: 30}, id="moved down"),
        pytest.param(kit.update_email(AT, 4, position=5), {1: 0, 4: 5, 2: 10, 3: 20}, id="moved up"),
        pytest.param(kit.update_email(AT, 2, position=11), {1: 0, 2: 11, 3: 20, 4: 30}, id="moved a little"),
        pytest.param(kit.update_email(AT, 2, position=10), {1: 0, 2: 10, 3: 20, 4: 30}, id="where it is"),
        pytest.param(kit.update_email(AT, 2, position=None), {1: 0, 2: 10, 3: 20, 4: 30}, id="null"),
        pytest.param(kit.update_email(AT, 2, position=99), {1: 0, 3: 20, 4: 30, 2: 99}, id="past the end"),
        pytest.param(kit.delete_email(AT, 2), {1: 0, 3: 20, 4: 30}, id="deleted"),
        pytest.param(
            kit.create_email(AT, **MORE, position=np.int64(5)), {1: 0, 9: 5, 2: 10, 3: 20, 4: 30}, id="numpy"
        ),
    ],
)
def test_a_number_that_is_free(change, expected):
    """K25: it is Kit's own, gaps kept, and nobody else moves."""
    assert numbers(GAPS, change) == numbers(GAPS, change, assume=REFUSE) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (kit.create_email(AT, **MORE, position=10), {1: 0, 9: 10, 2: 11, 3: 20, 4: 30}),
        (kit.create_email(AT, **MORE, position=0), {9: 0, 1: 1, 2: 10, 3: 20, 4: 30}),
        (kit.create_email(AT, **MORE, position=30), {1: 0, 2: 10, 3: 20, 9: 30, 4: 31}),
        (kit.update_email(AT, 1, position=20), {2: 10, 3: 19, 1: 20, 4: 30}),
        (kit.update_email(AT, 1, position=10), {2: 9, 1: 10, 3: 20, 4: 30}),
        (kit.update_email(AT, 4, position=10), {1: 0, 4: 10, 2: 11, 3: 20}),
        (kit.update_email(AT, 3, position=30), {1: 0, 2: 10, 4: 29, 3: 30}),
    ],
)
def test_the_others_make_room(change, expected):
    """K25, `shift`: the email takes the place of the one at that number, and the others move as little as can be."""
    assert numbers(GAPS, change) == expected


def test_no_new_gaps_as_in_the_editor():
    """K25, `shift`: past the end means the end, and who follows on a deleted email moves up; not under `refuse`."""
    far = kit.create_email(AT, **MORE, position=99)
    assert numbers(PLAIN, far) == {1: 0, 2: 1, 3: 2, 9: 3}
    assert numbers(PLAIN, far, assume=REFUSE) == {1: 0, 2: 1, 3: 2, 9: 99}
    gone = kit.delete_email(AT, 1)
    assert numbers(PLAIN, gone) == {2: 0, 3: 1}
    assert numbers(PLAIN, gone, assume=REFUSE) == {2: 1, 3: 2}
    near = kit.Sequence(name="S", emails=[email(n, position=p) for n, p in ((1, 0), (2, 1), (3, 2), (4, 9))])
    assert numbers(near, gone) == {2: 0, 3: 1, 4: 9}
    again = kit.create_email(AT, **MORE, position=0)
    assert numbers(PLAIN, gone, again, assume=REFUSE) == {9: 0, 2: 1, 3: 2}


def test_room_is_made_by_hand_from_the_last_on():
    """Calls that no API refuses do the same under both readings."""
    calls = [
        *(kit.update_email(AT, number, position=number) for number in (3, 2)),
        kit.create_email(AT, **MORE, position=1),
    ]
    expected = {1: 0, 9: 1, 2: 2, 3: 3}
    assert numbers(PLAIN, *calls) == numbers(PLAIN, *calls, assume=REFUSE) == expected
    assert numbers(PLAIN, calls[-1]) == expected


@pytest.mark.parametrize(
    ("sequence", "change", "holder", "nearest", "position"),
    [
        (PLAIN, kit.create_email(AT, **NEW, position=1), "2 ('E2')", "number is 3", 1),
        (PLAIN, kit.update_email(AT, 1, position=2), "3 ('E3')", "number is 3", 2),
        (GAPS, kit.create_email(AT, **NEW, position=10), "2 ('E2')", "numbers are 9 and 11", 10),
        (GAPS, kit.update_email(AT, 4, position=0), "1 ('E1')", "number is 1", 0),
        (GAPS, kit.update_email(AT, 1, position=30), "4 ('E4')", "numbers are 29 and 31", 30),
    ],
)
def test_a_number_that_is_taken_is_refused(text_of, sequence, change, holder, nearest, position):
    """K25, `refuse`: names who holds the number, and the free ones around it."""
    told = (
        f"1 problem\n  changes[0].position: position has already been taken by email {holder}: the nearest free "
        f"{nearest} (found {position}, {change})"
    )
    for verb in (simcore.project, simcore.simulate):
        assert text_of(ValidationError, verb, sequence, [], changes=[change], assumptions=REFUSE) == told
        verb(sequence, [], changes=[change])


def test_the_examples_put_nothing_at_a_position_that_is_taken():
    welcome = kit.load(simcore.example("welcome"))
    changes = kit.changes.from_json(json.loads(simcore.example("changes").read_text("utf-8")))
    numbered = [change for change in changes if "position" in change.fields]
    assert [change.op for change in numbered] == ["update_email", "update_email", "create_email"]
    assert numbers(welcome, *changes) == numbers(welcome, *changes, assume=REFUSE)
    assert numbers(welcome, *changes) == {301: 0, 302: 1, 305: 2, 303: 3, 304: 4}


def test_a_move_and_another_wait_at_once():
    """What they come to together has to be valid, not each by itself (K5)."""
    first = kit.update_email(AT, 2, position=0, delay_value=0, subject="now")
    changed = after(PLAIN, first)
    assert order(changed) == [2, 1, 3]
    assert (changed.emails[0].subject, changed.emails[0].delay_value) == ("now", 0)


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=7, unique=True), st.integers(0, 14), st.integers(-1, 6)
)
def test_numbers_of_any_kind(there, wanted, which):
    """They rise, the email is at its number, the rest stays in order and moves no further than it must."""
    there = sorted(there)
    before = kit.Sequence(name="S", emails=[email(at + 1, position=each) for at, each in enumerate(there)])
    moved = which % len(there) + 1 if which >= 0 else 9
    op = (
        kit.create_email(AT, **MORE, position=wanted)
        if moved == 9
        else kit.update_email(AT, moved, position=wanted)
    )
    found = numbers(before, op)
    end = max(there) + 1
    assert [*found.values()] == sorted({*found.values()})
    assert found[moved] == (min(wanted, end) if moved == 9 else wanted)
    others = {each: number for each, number in found.items() if each != moved}
    assert [*others] == sorted(others)
    old = dict(enumerate(there, 1))
    taken = wanted in there and old.get(moved) != wanted
    if not taken:
        assert others == {each: number for each, number in old.items() if each != moved}
        assert found == numbers(before, op, assume=REFUSE) or wanted > end
    else:
        assert [*found].index(moved) == there.index(wanted)
        assert all(abs(number - old[each]) <= 1 for each, number in others.items())


# ---------------------------------------------------------------- refusals

UPDATE = f"update at {AT}"
CREATE = f"create_email at {AT}"
SEQUENCE_FIELDS = (
    "name, email_address, email_template_id, send_days, send_hour, time_zone, active, repeat, hold, "
    "exclude_subscriber_sources"
)
CREATE_FIELDS = (
    "subject, delay_value, delay_unit, id, sequence_id, preview_text, content, email_address, email_template_id, "
    "published, position, send_days"
)
UPDATE_FIELDS = CREATE_FIELDS.replace(" id,", "")
TAKEN = "delay_value must be greater than 0: only the first email can be immediate"


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (
            kit.update(AT, send_hour=24),
            [f"send_hour: send_hour must be an integer between 0 and 23 (found 24, {UPDATE})"],
        ),
        (
            kit.update(AT, send_hour=9.0, active="no"),
            [
                f"send_hour: send_hour must be an integer between 0 and 23 (found 9.0, {UPDATE})",
                f"active: active must be true or false (found 'no', {UPDATE})",
            ],
        ),
        (
            kit.update(AT, send_days=["Monday"]),
            [f"send_days[0]: send_days must be one of: {', '.join(WEEK)} (found 'Monday', {UPDATE})"],
        ),
        (kit.update(AT, name=" "), [f"name: name can't be blank (found {UPDATE})"]),
        (kit.update(AT, name=None), [f"name: name can't be blank (found {UPDATE})"]),
        (kit.update(AT, id=5), [f"id: id can't be changed; what can: {SEQUENCE_FIELDS} (found 5, {UPDATE})"]),
        (
            kit.update(AT, emails=[], hours=3),
            [
                f"emails: emails can't be changed; what can: {SEQUENCE_FIELDS} (found [], {UPDATE})",
                f"hours: hours can't be changed; what can: {SEQUENCE_FIELDS} (found 3, {UPDATE})",
            ],
        ),
        (
            kit.create_email(AT),
            [
                f"subject: subject can't be blank (found {CREATE})",
                f"delay_unit: delay_unit must be one of: days, hours (found None, {CREATE})",
                f"delay_value: delay_value must be an integer between 0 and 87600 (found None, {CREATE})",
            ],
        ),
        (
            kit.create_email(AT, **NEW, delay=3),
            [f"delay: delay can't be changed; what can: {CREATE_FIELDS} (found 3, {CREATE})"],
        ),
        (
            kit.create_email(AT, **NEW, position=-1),
            [f"position: position must be an integer of 0 or more (found -1, {CREATE})"],
        ),
        (
            kit.create_email(AT, **NEW, position=True),
            [f"position: position must be an integer of 0 or more (found True, {CREATE})"],
        ),
        (
            kit.create_email(AT, **NEW, position=1.0),
            [f"position: position must be an integer of 0 or more (found 1.0, {CREATE})"],
        ),
        (
            kit.create_email(AT, **NEW, id=2, position=0),
            [
                f"emails[2].id: id has already been taken by emails[0] (found 2, {CREATE})",
                f"emails[1].delay_value: {TAKEN} (found 0, {CREATE})",
            ],
        ),
        (
            kit.create_email(AT, **{**NEW, "delay_value": 0}),
            [f"emails[3].delay_value: {TAKEN} (found 0, {CREATE})"],
        ),
        (
            kit.create_email(AT, **{**NEW, "delay_unit": "hours"}, send_days=["monday"]),
            [f"send_days: send_days can't be set when delay_unit is hours (found ['monday'], {CREATE})"],
        ),
        (
            kit.update_email(AT, 5, published=True),
            [f"email_id: email_id must be one of: 1, 2, 3 (found 5, update_email 5 at {AT})"],
        ),
        (
            kit.delete_email(AT, "2"),
            [f"email_id: email_id must be one of: 1, 2, 3 (found '2', delete_email 2 at {AT})"],
        ),
        (
            kit.update_email(AT, 2, delay_unit="hours", send_days=["monday"]),
            [
                "send_days: send_days can't be set when delay_unit is hours (found ['monday'], "
                f"update_email 2 at {AT})"
            ],
        ),
        (
            kit.update_email(AT, 3, send_days=["monday"]),
            [
                "send_days: send_days can't be set when delay_unit is hours (found ['monday'], "
                f"update_email 3 at {AT})"
            ],
        ),
        (
            kit.update_email(AT, 3, delay_value=0),
            [
                f"delay_value: delay_value must be an integer between 1 and 87600 (found 0, update_email 3 at {AT})"
            ],
        ),
        (
            kit.update_email(AT, 2, delay_value=0),
            [f"emails[1].delay_value: {TAKEN} (found 0, update_email 2 at {AT})"],
        ),
        (
            kit.update_email(AT, 1, position=1),
            [f"emails[1].delay_value: {TAKEN} (found 0, update_email 1 at {AT})"],
        ),
        (
            kit.update_email(AT, 2, position="1"),
            [f"position: position must be an integer of 0 or more (found '1', update_email 2 at {AT})"],
        ),
        (
            kit.update_email(AT, 2, id=5),
            [f"id: id can't be changed; what can: {UPDATE_FIELDS} (found 5, update_email 2 at {AT})"],
        ),
        (
            kit.update_email(AT, 2, subject=None, published="yes"),
            [
                f"subject: subject can't be blank (found update_email 2 at {AT})",
                f"published: published must be true or false (found 'yes', update_email 2 at {AT})",
            ],
        ),
    ],
)
def test_refused(text_of, change, lines):
    """The number is that in the list as given, which changes out of order keep."""
    head = f"{len(lines)} problem{'s' if len(lines) > 1 else ''}"
    for changes, number in (
        ([change], 0),
        ([kit.update("2026-03-07T00:00Z"), kit.update("2026-03-01T00:00Z"), change], 2),
    ):
        told = [head, *(f"  changes[{number}].{line}" for line in lines)]
        for verb in (simcore.simulate, simcore.project):
            assert text_of(ValidationError, verb, BASE, [], changes=changes) == "\n".join(told)
    with pytest.raises(ValidationError) as caught:
        simcore.impact(BASE, [], [change])
    assert [path for path, _ in caught.value.problems] == [
        f"changes[0].{line.split(':')[0]}" for line in lines
    ]


def test_no_email_to_name(text_of):
    expected = (
        f"1 problem\n  changes[0].email_id: email_id must be one of: none (found 5, delete_email 5 at {AT})"
    )
    empty = kit.Sequence(name="S")
    assert text_of(ValidationError, simcore.project, empty, [], changes=[kit.delete_email(AT, 5)]) == expected


def test_each_is_applied_to_what_the_others_left(text_of):
    """Deleted before, it is not there; the first that cannot be is told."""
    changes = [kit.update_email("2026-03-07T00:00Z", 2, published=True), kit.delete_email(AT, 2)]
    expected = (
        "1 problem\n  changes[0].email_id: email_id must be one of: 1, 3 "
        "(found 2, update_email 2 at 2026-03-07T00:00Z)"
    )
    assert text_of(ValidationError, simcore.project, BASE, [], changes=changes) == expected
    assert text_of(
        ValidationError, simcore.project, BASE, [], changes=[*changes, kit.delete_email(AT, 9)]
    ) == (
        f"1 problem\n  changes[2].email_id: email_id must be one of: 1, 3 (found 9, delete_email 9 at {AT})"
    )
    simcore.project(BASE, [], changes=changes[::-1], until="2026-03-07T00:00Z")


def test_what_is_no_change(text_of):
    message = "a change must be made by the platform's functions, such as kit.update"
    for wrong in (5, None, "update", {"at": AT, "op": "update"}):
        expected = f"1 problem\n  changes[1]: {message} (found {wrong!r})"
        changes = [kit.update(AT), wrong]
        assert text_of(ValidationError, simcore.project, BASE, [], changes=changes) == expected


@pytest.mark.parametrize("changes", [kit.update(AT, active=False), 5])
def test_what_is_no_list_of_changes(changes):
    """A change alone is easily given for a list of one."""
    with pytest.raises(simcore.SimcoreError, match=r"^(1 problem\n  )?changes: "):
        simcore.project(BASE, [], changes=changes)


# ---------------------------------------------------------------- when

NAIVE = (
    "has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, or say how to read it with "
    'naive_time_zone="UTC" (or another zone)'
)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("2026-03-06T21:00", f"'2026-03-06T21:00' {NAIVE}"),
        (
            "03/06/2026",
            "'03/06/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026",
        ),
        (None, "None is missing"),
        (pd.NaT, "NaT is missing"),
        (5, "5 is a int: expected an instant, such as 2026-03-06T21:07:30-05:00"),
        (
            "1969-12-31T23:59:59Z",
            "'1969-12-31T23:59:59Z' is out of range: expected 1970-01-01 to 2200-01-01 UTC",
        ),
    ],
)
def test_instants_that_cannot_be_read(text_of, when, text):
    changes = [kit.update(AT), kit.update(when, active=False)]
    assert text_of(EntryError, simcore.project, BASE, [], changes=changes) == f"changes[1].at: {text}"
    # Whether it comes after the end is not known of an instant that cannot be read.
    assert text_of(EntryError, simcore.project, BASE, [], changes=changes, until="2026-01-01T00:00Z") == (
        f"changes[1].at: {text}"
    )


@pytest.mark.parametrize(
    "when",
    [
        "2026-03-06T16:00:00-05:00",
        datetime(2026, 3, 6, 21, tzinfo=UTC),
        datetime(2026, 3, 6, 16, tzinfo=timezone(timedelta(hours=-5))),
        pd.Timestamp("2026-03-07T06:00", tz="Asia/Tokyo"),
        "6 March 2026 9pm UTC",
    ],
)
def test_instants_of_every_form(when):
    found = simcore.simulate(BASE, ["2026-03-06T20:00Z"], changes=[kit.update(when, active=False)])
    assert found.subscribers["next_send_at"].tolist() == [pd.NaT]
    paused = simcore.project(BASE, ["2026-03-06T21:00Z"], changes=[kit.update(when, active=False)])
    assert len(paused) == 0
    before = simcore.project(BASE, ["2026-03-06T20:59:59Z"], changes=[kit.update(when, active=False)])
    assert len(before) == 1


def test_naive_instants_with_a_zone():
    changes = [
        kit.update("2026-03-06T16:00", active=False),
        kit.update(np.datetime64("2026-03-06T17:00"), name="T"),
    ]
    named = {"changes": changes, "naive_time_zone": "America/New_York"}
    assert len(simcore.project(BASE, ["2026-03-06T15:59"], **named)) == 1
    assert len(simcore.project(BASE, ["2026-03-06T16:00"], **named)) == 0


def test_out_of_order_they_are_sorted_and_ties_stay_as_given():
    entries = ["2026-03-06T20:00Z"]
    hours = [kit.update(AT, send_hour=7), kit.update(AT, send_hour=8)]
    late = kit.update("2026-03-06T22:00Z", send_hour=5)

    def second(changes):
        return simcore.project(PLAIN, entries, changes=changes)["send_at"].dt.strftime("%d %H:%M").tolist()[1]

    assert second(hours) == "08 08:00"
    assert second(hours[::-1]) == "08 07:00"
    assert second([late, *hours]) == "08 05:00"
    assert second([hours[1], late, hours[0]]) == "08 05:00"
    assert second(iter([*hours])) == "08 08:00"
    assert second(tuple(hours)) == "08 08:00"


def test_changes_from_until_on_are_not_looked_at():
    wrong = [kit.delete_email(AT, 99), kit.update("2026-03-07T00:00Z", send_hour=99)]
    found = simcore.simulate(BASE, ["2026-03-06T20:00Z"], changes=wrong, until=AT)
    pd.testing.assert_frame_equal(found.timeline, simcore.project(BASE, ["2026-03-06T20:00Z"], until=AT))
    with pytest.raises(ValidationError):
        simcore.simulate(BASE, [], changes=wrong, until="2026-03-06T21:00:00.000001Z")


def test_a_change_before_all_entries_is_another_sequence():
    changes = [kit.update("1970-01-01T00:00Z", send_hour=5)]
    entries = ["2026-03-06T20:00Z", "1970-01-01T00:00Z"]
    found = simcore.simulate(PLAIN, entries, changes=changes)
    for one, other in zip(found, simcore.simulate(PLAIN.replace(send_hour=5), entries), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_deleted_email_may_come_again():
    """By its id it is the same one: who has received it does not get it again."""
    changes = [
        kit.delete_email("2026-03-08T00:00Z", 1),
        kit.create_email("2026-03-08T01:00Z", id=1, published=True, position=2, **NEW),
    ]
    found = simcore.project(PLAIN, ["2026-03-06T20:00Z", "2026-03-08T20:00Z"], changes=changes)
    assert found.loc[found["subscriber_id"] == 0, "email_id"].tolist() == [1, 2, 3]
    assert found.loc[found["subscriber_id"] == 1, "email_id"].tolist() == [2, 3, 1]
    assert found.loc[found["email_id"] == 1, "subject"].tolist() == ["E1", "New"]


def test_email_by_email_with_one_that_goes_out_no_more():
    """Unpublished or deleted since: the emails as they stand in the end, then those deleted."""
    changes = [kit.update_email("2026-03-08T00:00Z", 1, published=False)]
    found = simcore.project(PLAIN, ["2026-03-06T20:00Z"], changes=changes, order="email")
    assert found["email_id"].tolist() == [1, 2, 3]
    changes = [kit.delete_email("2026-03-08T00:00Z", 1)]
    found = simcore.project(PLAIN, ["2026-03-06T20:00Z"], changes=changes, order="email")
    assert found["email_id"].tolist() == [2, 3, 1]


def test_the_subject_is_the_one_at_the_send():
    changes = [kit.update_email("2026-03-08T00:00Z", 1, subject="Other")]
    found = simcore.project(PLAIN, ["2026-03-06T20:00Z", "2026-03-08T20:00Z"], changes=changes)
    assert found["subject"].tolist() == ["E1", "E2", "E3", "Other", "E2", "E3"]
    assert found["subject"].dtype == "category"


# ---------------------------------------------------------------- from JSON


def test_from_json():
    fields = {"published": True}
    shapes = [
        [
            {"at": AT, "op": "update", "fields": {"active": False}},
            {"at": AT, "op": "create_email", "fields": NEW},
            {"at": AT, "op": "update_email", "email_id": 303, "fields": fields},
            {"at": AT, "op": "delete_email", "email_id": -3},
        ],
        [
            {"at": AT, "method": "PUT", "path": "/v4/sequences/30", "body": {"active": False}},
            {"at": AT, "method": "POST", "path": "/v4/sequences/30/emails", "body": NEW},
            {"at": AT, "method": "put", "path": "/v4/sequences/30/emails/303/", "body": fields},
            {"at": AT, "method": "DELETE", "path": "v4/sequences/30/emails/-3"},
        ],
        [
            {"at": AT, "method": "PUT", "path": "/v4/sequences/30", "body": {"sequence": {"active": False}}},
            {"at": AT, "op": "create_email", "fields": {"email": NEW}},
            {"at": AT, "op": "update_email", "email_id": 303, "fields": {"email": fields}},
            {"at": AT, "op": "delete_email", "email_id": -3, "fields": None},
        ],
    ]
    expected = [
        kit.update(AT, active=False),
        kit.create_email(AT, **NEW),
        kit.update_email(AT, 303, **fields),
        kit.delete_email(AT, -3),
    ]
    for shape in shapes:
        found = kit.changes.from_json(shape)
        assert [replace(each, sequence_id=None) for each in found] == expected
        called = ["method" in item for item in shape]
        assert [each.sequence_id for each in found] == [30 if each else None for each in called]
    assert kit.changes.from_json([]) == []


NO_CHANGE = "a change must be an object with at, and op or method"
NO_CALL = "not a call that changes a sequence: see Kit's API v4"


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (5, f": {NO_CHANGE} (found 5)"),
        ({"op": "update"}, f": {NO_CHANGE} (found {{'op': 'update'}})"),
        ({"at": AT}, f": {NO_CHANGE} (found {{'at': '{AT}'}})"),
        (
            {"at": AT, "op": "update", "body": {}, "when": 5},
            ": a change can only have: at, op, email_id, fields (found 'body', 'when')",
        ),
        (
            {"at": AT, "method": "DELETE", "path": "/v4/sequences/30/emails/5", "fields": {}},
            ": a change can only have: at, method, path, body (found 'fields')",
        ),
        (
            {"at": AT, "method": "PUT", "path": "/v4/sequences/30", "body": [1]},
            ".body: body must be an object (found [1])",
        ),
        (
            {"at": AT, "op": "delete_email", "email_id": True},
            ".email_id: email_id must be an integer (found True)",
        ),
        (
            {"at": AT, "op": "patch"},
            ".op: op must be one of: update, create_email, update_email, delete_email (found 'patch')",
        ),
        (
            {"at": AT, "op": None},
            ".op: op must be one of: update, create_email, update_email, delete_email (found None)",
        ),
        ({"at": AT, "op": "update", "fields": [1]}, ".fields: fields must be an object (found [1])"),
        ({"at": AT, "op": "update_email"}, ".email_id: email_id must be an integer (found None)"),
        (
            {"at": AT, "op": "delete_email", "email_id": "5"},
            ".email_id: email_id must be an integer (found '5')",
        ),
        (
            {"at": AT, "method": "GET", "path": "/v4/sequences/30"},
            f": {NO_CALL} (found 'GET /v4/sequences/30')",
        ),
        ({"at": AT, "method": "PUT", "path": "/v4/tags/30"}, f": {NO_CALL} (found 'PUT /v4/tags/30')"),
        ({"at": AT, "method": "PUT"}, f": {NO_CALL} (found 'PUT None')"),
        (
            {"at": AT, "method": "POST", "path": "/v4/sequences/30/emails/5"},
            f": {NO_CALL} (found 'POST /v4/sequences/30/emails/5')",
        ),
        (
            {"at": AT, "method": "DELETE", "path": "/v4/sequences/30"},
            f": {NO_CALL} (found 'DELETE /v4/sequences/30')",
        ),
    ],
)
def test_json_refused(text_of, item, text):
    good = {"at": AT, "op": "update"}
    assert text_of(ValidationError, kit.changes.from_json, [good, item]) == f"1 problem\n  changes[1]{text}"


def test_json_refused_all_at_once(text_of):
    items = [5, {"at": AT, "op": "x"}, {"at": AT, "op": "update"}, {"at": AT, "op": "delete_email"}]
    assert text_of(ValidationError, kit.changes.from_json, items) == (
        f"3 problems\n  changes[0]: {NO_CHANGE} (found 5)\n"
        "  changes[1].op: op must be one of: update, create_email, update_email, delete_email (found 'x')\n"
        "  changes[3].email_id: email_id must be an integer (found None)"
    )


@pytest.mark.parametrize("items", [{"changes": []}, "[]", None])
def test_json_that_is_no_list(text_of, items):
    expected = f"1 problem\n  changes: changes must be a list of objects (found {items!r})"
    assert text_of(ValidationError, kit.changes.from_json, items) == expected


def test_a_call_for_another_sequence(text_of):
    calls = [{"at": AT, "method": "PUT", "path": "/v4/sequences/31", "body": {"active": False}}]
    changes = kit.changes.from_json(calls)
    expected = f"1 problem\n  changes[0].path: path must be that of sequence 30 (found 31, update at {AT})"
    assert text_of(ValidationError, simcore.project, BASE.replace(id=30), [], changes=changes) == expected
    assert len(simcore.project(BASE, ["2026-03-06T22:00Z"], changes=changes)) == 0
    assert len(simcore.project(BASE.replace(id=31), ["2026-03-06T22:00Z"], changes=changes)) == 0


def test_published_null_is_a_draft():
    """K2."""
    made = kit.Sequence(
        name="x", emails=[kit.Email(subject="A", delay_value=1, delay_unit="days", published=True)]
    )
    (after,) = kit.platform.after(made, [(0, kit.update_email("2026-03-06T21:00Z", -1, published=None))])
    assert after.emails[0].published is False
