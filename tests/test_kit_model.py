"""Sequences and emails: what is filled in, what is refused (K1 to K5), and changed copies."""

import copy
import json
import pickle
from contextlib import suppress
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simcore
from simcore import kit
from simcore.answers.projection import plan_of
from simcore.errors import SimcoreError, ValidationError
from simcore.kit.model import WEEKDAYS, Source

DAYS = "monday, tuesday, wednesday, thursday, friday, saturday, sunday"


def email(**changed):
    return kit.Email(**{"subject": "A", "delay_value": 1, "delay_unit": "days", **changed})


def sequence(*emails, **changed):
    return kit.Sequence(**{"name": "S", "emails": emails, **changed})


def problem(path, message, found=""):
    """The whole text of a single problem."""
    return f"1 problem\n  {path}: {message}" + (f" (found {found})" if found else "")


# ---------------------------------------------------------------- what is filled in


def test_defaults():
    made = kit.Sequence(name="S")
    assert (made.id, made.emails, made.email_address, made.email_template_id) == (None, (), None, None)
    assert (made.send_days, made.send_hour, made.time_zone) == (WEEKDAYS, 11, "America/New_York")
    assert (made.active, made.repeat, made.hold, made.exclude_subscriber_sources) == (True, False, False, ())
    assert (made.created_at, made.updated_at, made.extra, made.envelope) == (None, None, {}, {})
    one = email()
    assert (one.id, one.sequence_id, one.preview_text, one.content, one.email_address) == (None,) * 5
    assert (one.email_template_id, one.published, one.position, one.send_days, one.extra) == (
        None,
        False,
        None,
        None,
        {},
    )


def test_emails_are_put_in_order_and_numbered():
    """K2."""
    made = sequence(
        email(subject="C"), email(subject="B", position=7), email(subject="D"), email(subject="A", position=2)
    )
    assert [(each.subject, each.position) for each in made.emails] == [("A", 0), ("B", 1), ("C", 2), ("D", 3)]


def test_emails_without_an_id_are_numbered_as_given():
    """K2."""
    made = sequence(
        email(subject="B", position=5), email(subject="C", id=9), email(subject="A", position=1), email(id=-1)
    )
    assert [(each.subject, each.id) for each in made.emails] == [("A", -3), ("B", -2), ("C", 9), ("A", -1)]


def test_lists_become_tuples_and_numpy_integers_become_int():
    made = sequence(
        email(delay_value=np.int64(2), id=np.int32(5), position=np.int8(3), send_days=["monday"]),
        send_days=["friday"],
        send_hour=np.int64(9),
        exclude_subscriber_sources=[{"type": "tag", "ids": [1, 2], "name": "VIP"}],
    )
    only = made.emails[0]
    assert [type(value) for value in (only.delay_value, only.id, only.position, made.send_hour)] == [int] * 4
    assert (made.send_days, only.send_days) == (("friday",), ("monday",))
    assert made.exclude_subscriber_sources == (Source(type="tag", ids=(1, 2), extra={"name": "VIP"}),)
    again = sequence(exclude_subscriber_sources=made.exclude_subscriber_sources)
    assert again.exclude_subscriber_sources == made.exclude_subscriber_sources
    assert sequence(email()).emails == kit.Sequence(name="S", emails=iter([email()])).emails


def test_they_are_frozen_and_keyword_only():
    with pytest.raises(FrozenInstanceError):
        email().subject = "B"
    with pytest.raises(FrozenInstanceError):
        sequence().name = "B"
    with pytest.raises(TypeError, match="positional"):
        kit.Sequence("S")
    with pytest.raises(TypeError, match="positional"):
        kit.Email("A", 1, "days")


def test_what_was_given_is_not_shared():
    extra, envelope, days = {"x": 1}, {"y": 1}, ["monday"]
    made = sequence(email(extra=extra), extra=extra, envelope=envelope, send_days=days)
    for given_ in (extra, envelope):
        given_["z"] = 2
    days.append("friday")
    assert (made.extra, made.emails[0].extra, made.envelope, made.send_days) == (
        {"x": 1},
        {"x": 1},
        {"y": 1},
        ("monday",),
    )


@pytest.mark.parametrize("days", [None, WEEKDAYS, list(reversed(WEEKDAYS))])
def test_hour_based_emails_may_carry_all_seven_days(days):
    made = email(delay_unit="hours", send_days=days)
    assert made.send_days == (None if days is None else tuple(days))


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("changed", "path", "message", "found"),
    [
        ({"name": None}, "name", "name can't be blank", ""),
        ({"name": " "}, "name", "name can't be blank", ""),
        ({"name": 5}, "name", "name must be a string", "5"),
        ({"send_days": "monday"}, "send_days", "send_days must be a list of weekdays", "'monday'"),
        ({"send_days": None}, "send_days", "send_days must be a list of weekdays", "None"),
        ({"send_days": {"monday"}}, "send_days", "send_days must be a list of weekdays", "{'monday'}"),
        ({"send_days": ["Monday"]}, "send_days[0]", f"send_days must be one of: {DAYS}", "'Monday'"),
        ({"send_days": ["friday", 1]}, "send_days[1]", f"send_days must be one of: {DAYS}", "1"),
        ({"send_days": ["friday", ["x"]]}, "send_days[1]", f"send_days must be one of: {DAYS}", "['x']"),
        ({"send_days": ["friday", "friday"]}, "send_days[1]", "send_days can't list a day twice", "'friday'"),
        *(
            ({"send_hour": hour}, "send_hour", "send_hour must be an integer between 0 and 23", repr(hour))
            for hour in (-1, 24, 9.0, True, "9", None)
        ),
        *(
            ({"time_zone": zone}, "time_zone", "time_zone must be a valid IANA timezone string", repr(zone))
            for zone in ("EST/EDT", "america/new_york", "", None, 5, ["UTC"])
        ),
        ({"active": 1}, "active", "active must be true or false", "1"),
        ({"repeat": None}, "repeat", "repeat must be true or false", "None"),
        ({"hold": "false"}, "hold", "hold must be true or false", "'false'"),
        ({"id": "30"}, "id", "id must be an integer", "'30'"),
        ({"id": 2**63}, "id", "id must be an integer", str(2**63)),
        ({"id": True}, "id", "id must be an integer", "True"),
        (
            {"exclude_subscriber_sources": "tag"},
            "exclude_subscriber_sources",
            "exclude_subscriber_sources must be a list",
            "'tag'",
        ),
        (
            {"exclude_subscriber_sources": ["tag"]},
            "exclude_subscriber_sources[0]",
            "exclude_subscriber_sources must be objects with type and ids",
            "'tag'",
        ),
        (
            {"exclude_subscriber_sources": [{"type": "list", "ids": []}]},
            "exclude_subscriber_sources[0].type",
            "type must be one of: tag, sequence, form, segment",
            "'list'",
        ),
        (
            {"exclude_subscriber_sources": [{"ids": [1]}]},
            "exclude_subscriber_sources[0].type",
            "type must be one of: tag, sequence, form, segment",
            "None",
        ),
        *(
            (
                {"exclude_subscriber_sources": [{"type": "tag", "ids": []}, {"type": "tag", "ids": ids}]},
                "exclude_subscriber_sources[1].ids",
                "ids must be a list of integers",
                repr(ids),
            )
            for ids in (5, "12", None, ["1"], [1.0], [True])
        ),
        (
            {"exclude_subscriber_sources": [Source(type="tag", ids=("x",))]},
            "exclude_subscriber_sources[0].ids",
            "ids must be a list of integers",
            "('x',)",
        ),
        ({"emails": None}, "emails", "emails must be a list of kit.Email", "[None]"),
        ({"emails": ["A"]}, "emails", "emails must be a list of kit.Email", "['A']"),
    ],
)
def test_sequences_refused(text_of, changed, path, message, found):
    """K5."""
    assert text_of(ValidationError, sequence, **changed) == problem(path, message, found)
    with pytest.raises(ValidationError) as caught:
        sequence().replace(**changed)
    assert caught.value.errors == [message]
    assert caught.value.problems == [(path, message)]
    assert caught.value.found == [found]


@pytest.mark.parametrize(
    ("changed", "path", "message", "found"),
    [
        ({"subject": ""}, "subject", "subject can't be blank", ""),
        ({"subject": None}, "subject", "subject can't be blank", ""),
        ({"subject": ["A"]}, "subject", "subject must be a string", "['A']"),
        *(
            ({"delay_unit": unit}, "delay_unit", "delay_unit must be one of: days, hours", repr(unit))
            for unit in ("minutes", "day", "Days", None, ["days"])
        ),
        *(
            ({"delay_value": n}, "delay_value", "delay_value must be an integer between 0 and 3650", repr(n))
            for n in (-1, 3651, 1.0, "1", None, True)
        ),
        *(
            (
                {"delay_value": n, "delay_unit": "hours"},
                "delay_value",
                "delay_value must be an integer between 1 and 87600",
                repr(n),
            )
            for n in (0, -1, 87_601, 2.5)
        ),
        ({"send_days": "monday"}, "send_days", "send_days must be a list of weekdays", "'monday'"),
        ({"send_days": ["mon"]}, "send_days[0]", f"send_days must be one of: {DAYS}", "'mon'"),
        ({"send_days": ["friday"] * 2}, "send_days[1]", "send_days can't list a day twice", "'friday'"),
        ({"send_days": []}, "send_days", "send_days can't be empty: the email could never be sent", ""),
        (
            {"send_days": ["friday"], "delay_unit": "hours"},
            "send_days",
            "send_days can't be set when delay_unit is hours",
            "['friday']",
        ),
        ({"published": 1}, "published", "published must be true or false", "1"),
        ({"published": None}, "published", "published must be true or false", "None"),
        *(
            ({"position": n}, "position", "position must be an integer of 0 or more", repr(n))
            for n in (-1, 1.0, True, "0")
        ),
        ({"id": 1.0}, "id", "id must be an integer", "1.0"),
        ({"id": -(2**63) - 1}, "id", "id must be an integer", str(-(2**63) - 1)),
    ],
)
def test_emails_refused(text_of, changed, path, message, found):
    """K5."""
    assert text_of(ValidationError, email, **changed) == problem(path, message, found)


def test_limits_are_inclusive():
    assert email(delay_value=3650).delay_value == 3650
    assert email(delay_value=87_600, delay_unit="hours").delay_value == 87_600
    assert email(delay_value=0).delay_value == 0
    assert [sequence(send_hour=hour).send_hour for hour in (0, 23)] == [0, 23]
    assert [sequence(id=n).id for n in (2**63 - 1, -(2**63))] == [2**63 - 1, -(2**63)]


@pytest.mark.parametrize(
    ("emails", "path", "message", "found"),
    [
        ([{"id": 5}, {"id": 6}, {"id": 5}], "emails[2].id", "id has already been taken by emails[0]", "5"),
        (
            [{"position": 1}, {}, {"position": 1}],
            "emails[2].position",
            "position has already been taken by emails[0]",
            "1",
        ),
        (
            [{}, {"delay_value": 0}],
            "emails[1].delay_value",
            "delay_value must be greater than 0: only the first email can be immediate",
            "0",
        ),
        (
            [{"delay_value": 0, "position": 4}, {"position": 3}],
            "emails[0].delay_value",
            "delay_value must be greater than 0: only the first email can be immediate",
            "0",
        ),
    ],
)
def test_emails_refused_together(text_of, emails, path, message, found):
    """K5."""
    made = [email(**each) for each in emails]
    assert text_of(ValidationError, sequence, *made) == problem(path, message, found)


def test_too_many_emails(text_of):
    made = [email(delay_unit="hours")] * 32_768
    assert text_of(ValidationError, sequence, *made) == problem(
        "emails", "emails can't be more than 32767", "32768"
    )


def test_all_problems_at_once(text_of):
    assert text_of(
        ValidationError, kit.Email, subject="", delay_value=-1, delay_unit="weeks", send_days=[], id="x"
    ) == (
        "5 problems\n"
        "  subject: subject can't be blank\n"
        "  delay_unit: delay_unit must be one of: days, hours (found 'weeks')\n"
        "  delay_value: delay_value must be an integer between 0 and 87600 (found -1)\n"
        "  send_days: send_days can't be empty: the email could never be sent\n"
        "  id: id must be an integer (found 'x')"
    )
    emails = [email(id=1), email(id=1, delay_value=0)]
    assert text_of(
        ValidationError, sequence, *emails, name="", send_hour=24, send_days=["x", "y"], hold=0
    ) == (
        "7 problems\n"
        "  name: name can't be blank\n"
        f"  send_days[0]: send_days must be one of: {DAYS} (found 'x')\n"
        f"  send_days[1]: send_days must be one of: {DAYS} (found 'y')\n"
        "  send_hour: send_hour must be an integer between 0 and 23 (found 24)\n"
        "  hold: hold must be true or false (found 0)\n"
        "  emails[1].id: id has already been taken by emails[0] (found 1)\n"
        "  emails[1].delay_value: delay_value must be greater than 0: only the first email can be immediate (found 0)"
    )


def test_a_subject_that_cannot_be_encoded():
    """Half a character ("\\ud83d", as JSON may hold) is refused, or projected: never an error of another kind."""
    with suppress(SimcoreError):
        made = sequence(email(subject="A\ud83d", published=True))
        assert len(simcore.project(made, ["2026-03-06T21:07:30-05:00"])) == 1


def test_errors_keep_their_parts():
    with pytest.raises(ValidationError) as caught:
        email(delay_unit="weeks")
    error = caught.value
    for same in (error, copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert same.errors == ["delay_unit must be one of: days, hours"]
        assert same.problems == [("delay_unit", "delay_unit must be one of: days, hours")]
        assert same.found == ["'weeks'"]
        assert str(same) == problem("delay_unit", "delay_unit must be one of: days, hours", "'weeks'")
    assert isinstance(error, SimcoreError)
    assert isinstance(error, ValueError)
    entry = simcore.EntryError("row 3 is missing", [3])
    for same in (entry, copy.deepcopy(entry), pickle.loads(pickle.dumps(entry))):
        assert (str(same), same.message, same.rows) == ("row 3 is missing", "row 3 is missing", [3])
    assert isinstance(entry, SimcoreError)
    assert str(ValidationError([], [])) == "0 problems"
    assert str(ValidationError(["x"], [("", "x")])) == "1 problem\n  x"


def test_long_values_are_cut(text_of):
    found = f"['{'x' * 57}…"
    assert text_of(ValidationError, email, subject=["x" * 99]) == problem(
        "subject", "subject must be a string", found
    )


# ---------------------------------------------------------------- changed copies

WELCOME = sequence(
    email(id=1, subject="A", delay_value=0, published=True),
    email(id=2, subject="B", delay_value=2, delay_unit="hours"),
    email(id=3, subject="C", send_days=("tuesday",)),
    email(id=4, subject="D"),
    id=30,
)


def subjects(made):
    return "".join(each.subject for each in made.emails)


def test_replace():
    made = WELCOME.replace(name="T", send_hour=7, send_days=["friday"], emails=list(WELCOME.emails[::2]))
    assert (made.name, made.send_hour, made.send_days, made.id) == ("T", 7, ("friday",), 30)
    assert [(each.id, each.position) for each in made.emails] == [(1, 0), (3, 1)]
    assert (WELCOME.name, len(WELCOME.emails)) == ("S", 4)
    assert WELCOME.replace() == WELCOME


def test_replace_email():
    made = WELCOME.replace_email(2, subject="Z", published=True, delay_value=5)
    assert (made.emails[2].subject, made.emails[2].published, made.emails[2].delay_value) == ("Z", True, 5)
    assert made.emails[2].send_days == ("tuesday",)
    assert made.emails[:2] + made.emails[3:] == WELCOME.emails[:2] + WELCOME.emails[3:]
    assert WELCOME.replace_email(0) == WELCOME
    assert WELCOME.emails[2].subject == "C"


def test_hours_clear_the_send_days(text_of):
    """K20."""
    assert WELCOME.replace_email(2, delay_unit="hours").emails[2].send_days is None
    assert WELCOME.replace_email(2, delay_unit="hours", send_days=WEEKDAYS).emails[2].send_days == WEEKDAYS
    assert text_of(
        ValidationError, WELCOME.replace_email, 2, delay_unit="hours", send_days=["friday"]
    ) == problem("send_days", "send_days can't be set when delay_unit is hours", "['friday']")


@pytest.mark.parametrize(
    ("place", "to", "expected"),
    [(1, 3, "ACDB"), (3, 1, "ADBC"), (2, 2, "ABCD"), (1, 99, "ACDB"), (3, None, "ABCD"), (0, 0, "ABCD")],
)
def test_moving(place, to, expected):
    made = WELCOME.replace_email(place, position=to)
    assert subjects(made) == expected
    assert [each.position for each in made.emails] == [0, 1, 2, 3]
    assert {each.id for each in made.emails} == {1, 2, 3, 4}


def test_moving_before_the_immediate_email_is_refused(text_of):
    expected = problem(
        "emails[1].delay_value",
        "delay_value must be greater than 0: only the first email can be immediate",
        "0",
    )
    assert text_of(ValidationError, WELCOME.replace_email, 3, position=0) == expected


def test_an_email_that_loses_its_id_gets_another():
    assert WELCOME.replace_email(1, id=None).emails[1].id == -1


@pytest.mark.parametrize("place", [-1, 4, 100])
def test_no_such_email(text_of, place):
    expected = f"no email at position {place}: the sequence has 4"
    assert text_of(IndexError, WELCOME.replace_email, place, subject="Z") == expected


def test_unknown_fields(text_of):
    fields = (
        "name, emails, id, email_address, email_template_id, send_days, send_hour, time_zone, active, repeat, hold, "
        "exclude_subscriber_sources, created_at, updated_at, extra, envelope, left_out"
    )
    assert text_of(ValidationError, WELCOME.replace, hour=9, zone="UTC") == (
        f"2 problems\n  hour: hour is not a field of Sequence; the fields are: {fields}\n"
        f"  zone: zone is not a field of Sequence; the fields are: {fields}"
    )
    fields = (
        "subject, delay_value, delay_unit, id, sequence_id, preview_text, content, email_address, email_template_id, "
        "published, position, send_days, extra"
    )
    assert text_of(ValidationError, WELCOME.replace_email, 0, delay=9) == problem(
        "delay", f"delay is not a field of Email; the fields are: {fields}"
    )


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_copies(copied):
    made = WELCOME.replace(extra={"x": [1]}, exclude_subscriber_sources=[{"type": "tag", "ids": [1], "n": 2}])
    assert copied(made) == made
    assert copied(made).to_api() == made.to_api()
    assert repr(copied(made)) == repr(made)
    assert replace(made, name="T").emails == made.emails


# ---------------------------------------------------------------- plans

POSITIONS = st.lists(st.integers(0, 50), max_size=6, unique=True)


@given(POSITIONS, st.permutations(range(6)))
def test_the_order_in_which_emails_are_given_does_not_matter(positions, order):
    emails = [email(id=100 + p, subject=str(p), position=p) for p in positions]
    shuffled = [emails[at] for at in order if at < len(emails)]
    assert sequence(*shuffled) == sequence(*emails)
    assert [each.subject for each in sequence(*shuffled).emails] == [str(p) for p in sorted(positions)]


def test_plan():
    plan = plan_of(WELCOME, include_drafts=True)
    assert [(step.position, step.email_id, step.subject, step.sends) for step in plan.steps] == [
        (0, 1, "A", True),
        (1, 2, "B", True),
        (2, 3, "C", True),
        (3, 4, "D", True),
    ]
    assert [step.position for step in plan_of(WELCOME).steps if step.queued] == [0]
    assert [(step.position, step.sends) for step in plan_of(WELCOME).steps] == [
        (0, True),
        (1, False),
        (2, False),
        (3, False),
    ]
    counted = plan_of(WELCOME, kit.Assumptions(draft_delay="count"))
    assert [step.sends for step in counted.steps] == [True, False, False, False]
    assert all(step.queued for step in counted.steps)
    assert (plan.time_zone, plan.active, plan.entry.repeat) == ("America/New_York", True, False)
    assert plan.vias == ("api", "visual_automation", "rule", "bulk_action", "import", "form", "manual")


def test_plans_of_other_assumptions(text_of):
    expected = "assumptions: found 'elapsed', expected simcore.kit.Assumptions"
    assert text_of(SimcoreError, plan_of, WELCOME, "elapsed") == expected


# ---------------------------------------------------------------- nothing is shared, everything is plain


def test_extra_is_not_shared():
    payload = {"sequence": {"name": "a", "meta": {"k": [1]}}, "emails": [], "links": {"x": 1}}
    made = kit.from_api(payload)
    given = made.to_api()
    given["sequence"]["meta"]["k"].append(2)
    given["links"]["x"] = 9
    payload["sequence"]["meta"]["k"].append(3)
    assert made.to_api()["sequence"]["meta"] == {"k": [1]}
    assert made.to_api()["links"] == {"x": 1}


def test_integers_of_numpy_become_plain():
    sources = [{"type": "tag", "ids": list(np.array([2, 3]))}]
    email = kit.Email(subject="A", delay_value=np.int64(1), delay_unit="days", sequence_id=np.int64(4))
    made = kit.Sequence(name="x", id=np.int64(4), emails=[email], exclude_subscriber_sources=sources)
    assert json.loads(json.dumps(made.to_api()))["sequence"]["exclude_subscriber_sources"] == sources
