"""Sequences that part: previews, the proof, reasons and every verb (Q36, Q37)."""

import pandas as pd
import pytest

import simcore
from simcore import sequenzy, testing
from simcore.errors import SimcoreError


def mail(name, **fields):
    return {"id": name, "subject": name.title(), "html": "<p>Hello</p>", **fields}


BRANCH = {
    "id": "fork",
    "type": "branch",
    "branches": [
        {"conditionType": "has_tag", "tagName": "vip", "steps": [mail("vip", delay={"days": 1})]},
        {
            "conditionType": "field_equals",
            "fieldName": "plan",
            "fieldValue": "pro",
            "steps": [mail("pro", delay={"hours": 3})],
        },
    ],
    "elseSteps": [mail("other", delay={"days": 2})],
}
WAIT = {"id": "wait", "type": "wait_for_event", "eventName": "order", "timeoutDays": 3}
FORKED = sequenzy.from_api({
    "name": "Forked",
    "trigger": "contact_added",
    "steps": [mail("hello"), BRANCH, WAIT, mail("end")],
})
SPLIT = sequenzy.from_api({
    "name": "Split",
    "trigger": "contact_added",
    "steps": [
        {
            "id": "split",
            "type": "branch",
            "splitMode": "random",
            "randomPercentages": [25, 75],
            "branches": [{"steps": [mail("few")]}, {"steps": [mail("many")]}],
        }
    ],
})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [("hello", "06 09:00"), ("other", "08 09:00"), ("end", "11 09:00")]),
        ({"tags": ["vip"]}, [("hello", "06 09:00"), ("vip", "07 09:00"), ("end", "10 09:00")]),
        (
            {"attributes": {"plan": "pro"}},
            [("hello", "06 09:00"), ("pro", "06 12:00"), ("end", "09 12:00")],
        ),
        (
            {"attributes": {"plan": "pro"}, "tags": ["vip"]},
            [("hello", "06 09:00"), ("vip", "07 09:00"), ("end", "10 09:00")],
        ),
    ],
)
def test_a_preview_shows_one_path(given, expected):
    """Q36: that of someone with no tags, or of who is described."""
    shown = simcore.preview(FORKED, "2026-03-06 09:00", **given)
    assert list(zip(shown["email_id"], shown["send_at"].dt.strftime("%d %H:%M"), strict=True)) == expected
    who = "with these tags and attributes" if given else "with no tags"
    assert repr(shown).splitlines()[0] == (
        f"Times in UTC, the path of someone {who} (tags= and attributes= show others)"
    )
    assert shown["reason"].tolist()[1].startswith(("2 days after the step before it", "1 day", "3 hours"))


def test_what_a_preview_does_not_reach():
    """A closed wait behind a branch: the rest of the taken path has its reasons, the other paths no rows."""
    closed = {"days": [], "startTime": "09:00", "endTime": "10:00", "timezone": "UTC"}
    steps = [BRANCH, mail("never", waitUntilWeekday=closed), mail("after"), {**BRANCH, "id": "again"}]
    for step in (steps[0], steps[3]):
        step["branches"] = [{"conditionType": "has_tag", "tagName": "vip", "steps": []}]
        step["elseSteps"] = []
    sequence = sequenzy.from_api({"name": "S", "trigger": "contact_added", "steps": steps})
    shown = simcore.preview(sequence, "2026-03-06 09:00")
    assert shown["email_id"].tolist() == ["never", "after"]
    assert shown["send_at"].isna().all()
    assert shown["reason"].tolist() == [
        "there is no send day on which it may go out, so it waits",
        "waits for the email before it, which cannot go out as things stand",
    ]


def test_a_random_split_needs_a_seed(text_of):
    """Q36: with one, the same run has the same path, whatever else is simulated."""
    entries = pd.DataFrame({
        "subscriber_id": [f"s{n}" for n in range(400)],
        "entered_at": "2026-03-06T09:00Z",
    })
    expected = (
        "seed: the step at position 0 (id split) is a random split: pass a whole number, such as seed=1, which "
        "decides the path of each run"
    )
    assert text_of(SimcoreError, simcore.project, SPLIT, entries) == expected
    assert text_of(SimcoreError, simcore.preview, SPLIT, "2026-03-06 09:00") == expected
    sends = simcore.project(SPLIT, entries, seed=7).set_index("subscriber_id")["email_id"]
    few = (sends == "few").sum()
    assert abs(few - 100) < 4 * (400 * 0.25 * 0.75) ** 0.5  # four standard errors
    some = simcore.project(SPLIT, entries.iloc[50:90], seed=7).set_index("subscriber_id")["email_id"]
    assert some.to_dict() == sends.loc[some.index].to_dict()
    other = simcore.project(SPLIT, entries, seed=8).set_index("subscriber_id")["email_id"]
    assert (other != sends).any()
    assert simcore.preview(SPLIT, "2026-03-06 09:00", seed=7)["email_id"].tolist() in (["few"], ["many"])


@pytest.mark.parametrize(
    ("steps", "what"),
    [
        ([mail("hello"), BRANCH], "the step at position 1 (id fork) is a branch"),
        ([mail("hello"), WAIT], "the step at position 1 (id wait) waits for what events say"),
    ],
)
def test_the_proof_refuses_what_depends_on_events(text_of, steps, what):
    sequence = sequenzy.from_api({"name": "S", "trigger": "contact_added", "steps": steps})
    asked = sequence, lambda sends: True, "2026-01-01T00:00Z", "2026-02-01T00:00Z"
    assert text_of(SimcoreError, testing.assert_for_all_entries, *asked) == (
        f"sequence: {what}, so what is sent depends on more than the entry, and nothing can be proved for all entries"
    )


def test_every_verb():
    log = pd.DataFrame({
        "subscriber_id": ["a", "b", "b", "a"],
        "at": ["2026-03-06T09:00Z", "2026-03-06T10:00Z", "2026-03-05T10:00Z", "2026-03-09T10:00Z"],
        "event": ["contact_added", "contact_added", "tag_added", "order"],
        "ref": [None, None, "vip", None],
    })
    sends = simcore.project(FORKED, events=log, explain=True)
    assert sends[["subscriber_id", "position", "email_id"]].to_numpy().tolist() == [
        ["a", 0, "hello"],
        ["a", 4, "other"],
        ["a", 6, "end"],
        ["b", 0, "hello"],
        ["b", 2, "vip"],
        ["b", 6, "end"],
    ]
    assert sends["send_at"].dt.strftime("%d %H:%M").tolist() == [
        *("06 09:00", "08 09:00", "09 10:00"),
        *("06 10:00", "07 10:00", "10 10:00"),
    ]
    assert sends["reason"].tolist()[1] == "2 days after the step before it: Sun 8 Mar 09:00 UTC"
    counted = simcore.forecast(FORKED, events=log)
    assert counted.sum().to_dict() == {0: 2, 2: 1, 4: 1, 6: 2}
    sooner = FORKED.with_fields({"steps[1].elseSteps[0].delay.days": 1})
    moved = simcore.shift(sends, simcore.project(sooner, events=log))
    assert moved["what"].tolist() == ["unchanged", "earlier", "unchanged"] + ["unchanged"] * 3
    swept = simcore.sweep(FORKED, {"steps[1].elseSteps[0].delay.days": [1, 2]}, events=log)
    assert len(swept) == 2
    both = simcore.compare({"now": FORKED, "sooner": sooner}, events=log)
    assert both["scenario"].value_counts().to_dict() == {"now": 6, "sooner": 6}


def test_a_wait_for_part_of_the_week_no_sooner_than_a_length():
    """Q30: the reason says both."""
    window = {"days": ["tuesday"], "startTime": "08:00", "endTime": "20:00", "timezone": "UTC"}
    made = sequenzy.from_api({
        "name": "Late",
        "trigger": "contact_added",
        "steps": [mail("late", waitUntilWeekday={**window, "minimumWait": {"hours": 30}})],
    })
    shown = simcore.preview(made, "2026-03-02T10:00Z")  # a Monday
    assert shown["send_at"].map(str).tolist() == ["2026-03-03 16:00:00+00:00"]
    assert shown["reason"].tolist() == [
        "1 day 6 hours after entry, then the first of Tue 08:00 to 20:00: Tue 3 Mar 16:00 UTC"
    ]


def test_steps_are_meant_by_ids_that_are_numbers():
    """Q36."""
    paths = [{"conditionType": "has_tag", "tagName": "vip", "targetNodeId": 7}]
    made = sequenzy.from_api({
        "name": "Numbers",
        "trigger": "contact_added",
        "steps": [{"type": "branch", "branches": paths}, mail("second"), mail("last") | {"id": 7}],
    })
    assert simcore.preview(made, "2026-03-02T10:00Z", tags=["vip"])["subject"].tolist() == ["Last"]
    assert simcore.preview(made, "2026-03-02T10:00Z")["subject"].tolist() == ["Second", "Last"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tags": "vip"}, """tags: found 'vip' (a str), expected a list of tags, such as ["vip"]"""),
        ({"tags": 5}, 'tags: found 5 (an int), expected a list of tags, such as ["vip"]'),
        ({"tags": ["vip", []]}, "tags[1]: found [], expected a tag's name or id"),
        ({"tags": [True]}, "tags[0]: found True, expected a tag's name or id"),
        (
            {"attributes": ["plan"]},
            "attributes: found ['plan'] (a list), expected a dict of the subscriber's properties by name",
        ),
    ],
)
def test_who_the_subscriber_of_a_preview_is_must_be_readable(text_of, given, told):
    made = sequenzy.load(simcore.example("onboarding"))
    assert text_of(SimcoreError, simcore.preview, made, "2026-03-02T10:00Z", **given) == told
