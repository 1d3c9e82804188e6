"""What if: what changes do to those already inside, sequences side by side, and how far sends move.

Of `impact`, cases worked out by hand. Emails 1 (immediate), 2 and 3 (a day later each, at 9:00 UTC). In March 2026 x
enters on the 1st, y on the 2nd, z on the 3rd and w on the 4th, each at 10:00. At 12:00 of the 3rd x is through, y
waits for 3, and z for 2.
"""

import copy

import numpy as np
import pandas as pd
import pytest
from conftest import NO_ENTRIES, TEXT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import lifecycle_cases, static_cases

import simcore
from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError

HOUR, DAY = pd.Timedelta(1, "h"), pd.Timedelta(1, "D")
COLUMNS = [
    "email_id",
    "subject",
    "sent_at_once",
    "earlier",
    "later",
    "unchanged",
    "gained",
    "lost",
    "median_shift",
]
DTYPES = ["int64", TEXT, *["int64"] * 6, "timedelta64[us]"]
NONE = pd.Timedelta(0)
THEN = "2026-03-03T12:00Z"


def email(number, delay=1, **named):
    return kit.Email(
        id=number,
        subject=f"E{number}",
        delay_value=delay,
        delay_unit="days",
        **{"published": True, **named},
    )


BASE = kit.Sequence(name="S", time_zone="UTC", send_hour=9, emails=(email(1, 0), email(2), email(3)))
ENTRIES = pd.DataFrame({
    "subscriber_id": ["x", "y", "z", "w"],
    "entered_at": [f"2026-03-0{day}T10:00Z" for day in (1, 2, 3, 4)],
})
NEW = kit.create_email(THEN, id=9, subject="E9", delay_value=1, delay_unit="days", published=True, position=1)


def impact(*changes, sequence=BASE, entries=ENTRIES, assume=None, **named):
    """Rows of (email, at once, earlier, later, unchanged, gained, lost, median shift)."""
    found = simcore.impact(
        sequence, entries, list(changes), assumptions=kit.Assumptions(**(assume or {})), **named
    )
    assert list(found) == COLUMNS
    assert list(map(str, found.dtypes)) == DTYPES
    assert found.index.equals(pd.RangeIndex(len(found)))
    return [tuple(row) for row in found.drop(columns="subject").itertuples(index=False)]


def test_inserted_before_and_behind():
    """y gets it at once, z the next day, and all the rest of z's a day later."""
    assert impact(NEW) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (9, 1, 0, 0, 0, 2, 0, pd.NaT),
        (2, 0, 0, 1, 2, 0, 0, NONE),
        (3, 0, 0, 1, 2, 0, 0, NONE),
    ]


def test_inserted_and_sent_at_once_to_both():
    assert impact(NEW, assume={"insert_before_next": "at_once"}) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (9, 2, 0, 0, 0, 2, 0, pd.NaT),
        (2, 0, 0, 0, 3, 0, 0, NONE),
        (3, 0, 0, 0, 3, 0, 0, NONE),
    ]
    skipped = impact(NEW, assume={"insert_before_next": "at_once", "earlier_insert": "skip"})
    assert skipped[1] == (9, 1, 0, 0, 0, 1, 0, pd.NaT)


def test_inserted_behind_everybody():
    """At the end: x is through already; y gets it on the 5th, z on the 6th."""
    end = kit.create_email(THEN, id=9, subject="E9", delay_value=1, delay_unit="days", published=True)
    assert impact(end)[-1] == (9, 0, 0, 0, 0, 2, 0, pd.NaT)


def test_publishing_a_draft():
    draft = BASE.replace(emails=(email(1, 0), email(9, published=False), email(2), email(3)))
    assert impact(kit.update_email(THEN, 9, published=True), sequence=draft) == impact(NEW)
    assert impact(kit.update_email(THEN, 9, published=True), sequence=draft, include_drafts=True)[1] == (
        *(9, 0, 0, 0, 3, 0, 0, NONE),
    )


GONE = [(1, 0, 0, 0, 3, 0, 0, NONE), (2, 0, 0, 0, 2, 0, 1, NONE), (3, 0, 1, 0, 2, 0, 0, NONE)]


def test_unpublishing():
    """z goes on to 3, a day earlier."""
    assert impact(kit.update_email(THEN, 2, published=False)) == GONE


def test_deleting():
    """The same; the deleted one stands behind the others, with its subject."""
    assert impact(kit.delete_email(THEN, 2)) == [GONE[0], GONE[2], GONE[1]]
    found = simcore.impact(BASE, ENTRIES, [kit.delete_email(THEN, 2)])
    assert found["subject"].tolist() == ["E1", "E3", "E2"]


def test_another_send_hour():
    """Kept, only z's last is later; rescheduled, y's last and both of z's are, by six hours."""
    change = kit.update(THEN, send_hour=15)
    assert impact(change) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (2, 0, 0, 0, 3, 0, 0, NONE),
        (3, 0, 0, 1, 2, 0, 0, NONE),
    ]
    assert impact(change, assume={"queued_emails": "reschedule"}) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (2, 0, 0, 1, 2, 0, 0, NONE),
        (3, 0, 0, 2, 1, 0, 0, 6 * HOUR),
    ]


def test_off_and_on_again():
    """w enters in the pause and gets email 1 at the reactivation, two hours late; y's and z's are a day late.

    Of email 3, two are a day late and two are not: the median is what two of them have, not half a day.
    """
    changes = [kit.update(THEN, active=False), kit.update("2026-03-04T12:00Z", active=True)]
    assert impact(*changes) == [
        (1, 1, 0, 1, 3, 0, 0, NONE),
        (2, 0, 0, 1, 3, 0, 0, NONE),
        (3, 0, 0, 2, 2, 0, 0, NONE),
    ]
    # Off for good: what y and z wait for is lost, and w is not inside before the change.
    assert impact(changes[0]) == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (2, 0, 0, 0, 2, 0, 1, NONE),
        (3, 0, 0, 0, 1, 0, 2, NONE),
    ]


def test_who_enters_at_the_instant_of_the_change_is_not_inside():
    at_it = pd.Series(["2026-03-03T12:00Z", "2026-03-03T11:59:59.999999Z"], index=["a", "b"])
    assert impact(NEW, entries=at_it)[1] == (9, 0, 0, 0, 0, 1, 0, pd.NaT)


def test_events_and_until():
    """y is gone before the change; z's emails of the 5th and later are after the end."""
    events = pd.DataFrame({"subscriber_id": ["y"], "at": ["2026-03-03T11:00Z"], "event": ["removed"]})
    assert impact(NEW, events=events, until="2026-03-05T00:00Z") == [
        (1, 0, 0, 0, 3, 0, 0, NONE),
        (9, 0, 0, 0, 0, 1, 0, pd.NaT),
        (2, 0, 0, 0, 2, 0, 1, NONE),
        (3, 0, 0, 0, 1, 0, 0, NONE),
    ]
    assert impact(NEW, until=THEN) == []


def test_runs_that_the_changes_start():
    """y comes again at 13:00 of the 3rd: with repeat, run 2 gains all three, and run 1 loses its last."""
    entries = pd.DataFrame({
        "subscriber_id": ["y", "y"],
        "entered_at": ["2026-03-02T10:00Z", "2026-03-03T13:00Z"],
    })
    changes = [kit.update(THEN, repeat=True), kit.update("2026-03-20T00:00Z", name="T")]
    assert impact(*changes, entries=entries) == [
        (1, 0, 0, 0, 1, 1, 0, NONE),
        (2, 0, 0, 0, 1, 1, 0, NONE),
        (3, 0, 0, 0, 0, 1, 1, pd.NaT),
    ]
    assert impact(changes[0], entries=entries)[0] == (1, 0, 0, 0, 1, 0, 0, NONE)


def test_the_subject_is_the_latest():
    found = simcore.impact(BASE, ENTRIES, [kit.update_email(THEN, 2, subject="Other")])
    assert found["subject"].tolist() == ["E1", "Other", "E3"]


def test_nothing_to_tell():
    assert impact() == []
    assert impact(NEW, entries=[]) == []
    assert impact(NEW, entries=["2026-04-01T10:00Z"]) == []


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_ids_of_any_dtype(dtype):
    assert impact(NEW, entries=ENTRIES.astype({"subscriber_id": dtype})) == impact(NEW)
    numbers = ENTRIES.assign(subscriber_id=pd.array([3, 1, 2, 9], dtype="Int64"))
    assert impact(NEW, entries=numbers) == impact(NEW)


def test_changes_as_an_iterator():
    """They are read once, and needed once."""
    assert simcore.impact(BASE, ENTRIES, iter([NEW])).equals(simcore.impact(BASE, ENTRIES, [NEW]))


def test_naive_instants():
    named = {"naive_time_zone": "UTC"}
    naive = kit.create_email("2026-03-03T12:00", **NEW.fields)
    entries = ENTRIES.assign(entered_at=ENTRIES["entered_at"].str.removesuffix("Z"))
    assert impact(naive, entries=entries, **named) == impact(NEW)


# ---------------------------------------------------------------- compare

TIMELINE = ["subscriber_id", "run", "position", "email_id", "subject", "send_at"]
LATE = BASE.replace(send_hour=15)
TOKYO = BASE.replace(time_zone="Asia/Tokyo")
PART = {"subject": "E1", "html": "<p>x</p>"}
OTHER = sequenzy.Sequence(
    name="Z", trigger="contact_added", steps=[PART, {**PART, "subject": "Z2", "delay": {"days": 1}}]
)
CLOCK = {"timezone": "Asia/Tokyo", "startTime": "00:00", "endTime": "24:00"}


def assert_compared(sequences, entries=ENTRIES, by_name=None, **named):
    """Each scenario, one below the other, is what projecting it by itself gives."""
    found = simcore.compare(sequences, entries, **named)
    alone = {
        name: simcore.project(
            each, entries, **{**named, **({"assumptions": by_name.get(name)} if by_name else {})}
        )
        for name, each in sequences.items()
    }
    assert found.columns.tolist() == ["scenario", *next(iter(alone.values())).columns]
    assert found.index.equals(pd.RangeIndex(sum(map(len, alone.values()))))
    assert found["scenario"].cat.categories.tolist() == [*sequences]
    assert not found["scenario"].cat.ordered
    assert found["scenario"].tolist() == [name for name, each in alone.items() for _ in range(len(each))]
    at, subjects = 0, {}
    for each in alone.values():
        mine = found.iloc[at : at + len(each)]
        at += len(each)
        subjects |= dict.fromkeys(each["subject"].cat.categories)
        assert mine["send_at"].tolist() == each["send_at"].tolist()
        assert mine["email_id"].tolist() in (each["email_id"].tolist(), [*map(str, each["email_id"])])
        for name in each.columns.difference(["send_at", "email_id"]):
            assert mine[name].tolist() == each[name].tolist()
    assert found["subject"].cat.categories.tolist() == [*subjects]
    assert found["run"].dtype == np.int32
    assert found["position"].dtype == np.int16
    return found


def kinds(found):
    return {name: str(dtype) for name, dtype in found.dtypes.items()}


def test_compared_by_hand():
    """Only the hours of the last two differ; rows stay in the order of entries, scenario by scenario."""
    found = assert_compared({"late": LATE, "as it is": BASE}, ENTRIES[:2])
    assert kinds(found) == {
        "scenario": "category",
        "subscriber_id": TEXT,
        "run": "int32",
        "position": "int16",
        "email_id": "int64",
        "subject": "category",
        "send_at": "datetime64[us, UTC]",
    }
    assert [(*row[:2], f"{row[-1]:%d %H:%M}") for row in found.itertuples(index=False)] == [
        *(("late", "x", "01 10:00"), ("late", "x", "02 15:00"), ("late", "x", "03 15:00")),
        *(("late", "y", "02 10:00"), ("late", "y", "03 15:00"), ("late", "y", "04 15:00")),
        *(("as it is", "x", "01 10:00"), ("as it is", "x", "02 09:00"), ("as it is", "x", "03 09:00")),
        *(("as it is", "y", "02 10:00"), ("as it is", "y", "03 09:00"), ("as it is", "y", "04 09:00")),
    ]
    assert found["scenario"].cat.codes.dtype == np.int8
    assert found["scenario"].cat.categories.dtype == pd.Index([""], dtype="str").dtype


def test_the_zone_of_all_or_utc():
    assert kinds(assert_compared({"a": TOKYO, "b": TOKYO.replace(send_hour=1)}))["send_at"] == (
        "datetime64[us, Asia/Tokyo]"
    )
    found = assert_compared({"a": TOKYO, "b": TOKYO.replace(time_zone="Europe/Paris")})
    assert kinds(found)["send_at"] == "datetime64[us, UTC]"
    # One that is in UTC, and another: the column has one dtype, the one that project gives for UTC.
    for pair in ((TOKYO, BASE), (BASE, TOKYO), (BASE, LATE)):
        found = assert_compared(dict(zip("ab", pair, strict=True)))
        assert found["send_at"].dtype == simcore.project(BASE, ENTRIES)["send_at"].dtype
    # What changes of zone is in force later is not the zone that is shown.
    found = assert_compared({"a": TOKYO, "b": TOKYO}, changes=[kit.update(THEN, time_zone="UTC")])
    assert kinds(found)["send_at"] == "datetime64[us, Asia/Tokyo]"


def test_subjects_of_all():
    """In the order in which they first appear; one subject of several scenarios is one category."""
    others = BASE.replace(emails=(email(1, 0), email(7), email(2)))
    found = assert_compared({"a": BASE, "b": others})
    assert found["subject"].cat.categories.tolist() == ["E1", "E2", "E3", "E7"]
    empty = assert_compared({"a": others, "b": BASE}, [])
    assert empty["subject"].cat.categories.tolist() == ["E1", "E7", "E2", "E3"]


def test_kit_beside_sequenzy():
    """Emails are named by text then, whichever comes first."""
    for sequences in ({"k": BASE, "z": OTHER}, {"z": OTHER, "k": BASE}):
        for entries in (ENTRIES, ENTRIES[:0], ENTRIES.assign(subscriber_id=[4, 3, 2, 1])):
            found = assert_compared(sequences, entries)
            assert kinds(found)["email_id"] == TEXT
            assert set(found["email_id"]) in (set(), {"1", "2", "3", "step-1", "step-2"})
            assert found["subject"].cat.categories.tolist() in (
                ["E1", "E2", "E3", "Z2"],
                ["E1", "Z2", "E2", "E3"],
            )
    tokyo = OTHER.replace(sendingWindow=CLOCK)
    assert kinds(assert_compared({"k": TOKYO, "z": tokyo}))["send_at"] == "datetime64[us, Asia/Tokyo]"


@pytest.mark.parametrize(
    ("ids", "kind"),
    [([4, 3, 2, 1], "int64"), ([4, 3, 2, 1], "Int64"), ([*"xyzw"], "category"), ([*"xyzw"], "object")],
)
def test_ids_are_as_given(ids, kind):
    entries = ENTRIES.assign(subscriber_id=pd.Series(ids, dtype=kind))
    for some in (entries, entries[:0]):
        found = assert_compared({"a": BASE, "b": TOKYO, "z": OTHER}, some)
        assert found["subscriber_id"].dtype == simcore.project(BASE, some)["subscriber_id"].dtype


@pytest.mark.filterwarnings("ignore:nothing to send")  # of a sequence without emails: see test_idle
def test_nobody_and_nothing():
    for entries in ([], ENTRIES[:0]):
        found = assert_compared({"a": BASE, "b": LATE}, entries)
        assert len(found) == 0
        assert found["scenario"].cat.categories.tolist() == ["a", "b"]
    found = assert_compared({
        "none": BASE.replace(active=False),
        "all": BASE,
        "no emails": BASE.replace(emails=()),
    })
    assert found["scenario"].unique().tolist() == ["all"]
    assert found["subscriber_id"].dtype == simcore.project(BASE, ENTRIES)["subscriber_id"].dtype


def test_events_that_enrol_in_one_only():
    sequences = {"added": OTHER, "tagged": OTHER.replace(trigger="tag_added", tagName="t")}
    for who, event, ref, sizes in (("a", "contact_added", None, [2, 0]), (7, "tag_added", "t", [0, 2])):
        events = pd.DataFrame({"subscriber_id": [who], "at": [THEN], "event": [event], "ref": [ref]})
        found = assert_compared(sequences, None, events=events)
        assert found["scenario"].value_counts(sort=False).tolist() == sizes
        assert found["subscriber_id"].tolist() == [who] * 2
        alone = simcore.project(sequences["added" if sizes[0] else "tagged"], events=events)
        assert found["subscriber_id"].dtype == alone["subscriber_id"].dtype
        assert found["email_id"].dtype == alone["email_id"].dtype


def test_two_readings_of_one_sequence():
    """A dict of assumptions by scenario; who is not named in it has the defaults."""
    reads = kit.Assumptions(insert_before_next="at_once")
    both = {"wait": BASE, "at once": BASE}
    found = assert_compared(both, by_name={"at once": reads}, changes=[NEW], assumptions={"at once": reads})
    first = found[found["email_id"] == 9].groupby("scenario", observed=True)["send_at"].min()
    assert first.to_dict() == {"wait": pd.Timestamp(THEN), "at once": pd.Timestamp(THEN)}
    z_at = found[(found["email_id"] == 9) & (found["subscriber_id"] == "z")].set_index("scenario")["send_at"]
    assert z_at.to_dict() == {"wait": pd.Timestamp("2026-03-04T09:00Z"), "at once": pd.Timestamp(THEN)}
    assert_compared(both, changes=[NEW], assumptions=reads)
    for none in ({}, {"wait": None}):
        assert_compared(both, changes=[NEW], by_name={"wait": None}, assumptions=none)
    readings = {"k": reads, "z": sequenzy.Assumptions(stop_checks="steps")}
    assert_compared({"k": BASE, "z": OTHER}, by_name=readings, assumptions=readings)


def test_all_other_arguments_go_on():
    draft = BASE.replace_email(1, published=False)
    events = pd.DataFrame({"subscriber_id": ["y"], "at": ["2026-03-03T11:00Z"], "event": ["removed"]})
    changes = [NEW, kit.delete_email("2026-03-04T00:00Z", 3)]
    named = {
        "events": events,
        "until": "2026-03-05T00:00Z",
        "include_drafts": True,
        "order": "email",
        "explain": True,
    }
    found = assert_compared({"a": draft, "b": LATE}, **named, changes=changes)
    assert "reason" in found
    again = simcore.compare({"a": draft, "b": LATE}, ENTRIES, **named, changes=(each for each in changes))
    pd.testing.assert_frame_equal(again, found)
    naive = ENTRIES.assign(entered_at=ENTRIES["entered_at"].str.removesuffix("Z"))
    assert_compared({"a": BASE, "b": LATE}, naive, naive_time_zone="UTC")
    shown = {**PART, "subject": "Hi {{event.who|you}}"}
    asks = OTHER.replace(steps=[shown])
    found = assert_compared({"a": OTHER, "b": asks}, render=True)
    assert found["rendered_subject"].tolist() == ["E1", "Z2"] * 4 + ["Hi you"] * 4
    added = pd.DataFrame({
        "subscriber_id": [1, 2],
        "at": ["2026-03-03", "2026-03-05"],
        "event": "contact_added",
    })
    found = assert_compared(
        {"a": OTHER, "b": asks}, None, events=added, enabled_at="2026-03-04", naive_time_zone="UTC"
    )
    assert found["subscriber_id"].tolist() == [2, 2, 2]


@pytest.mark.slow
@pytest.mark.parametrize(("count", "kind"), [(126, np.int8), (129, np.int16)])
def test_many_scenarios(count, kind):
    """More than the codes of int8 can tell apart."""
    sequences = {f"s{at}": BASE.replace(send_hour=at % 24) for at in range(count)}
    found = simcore.compare(sequences, ENTRIES[:1])
    assert found["scenario"].cat.codes.dtype == kind
    assert found["scenario"].tolist() == [name for name in sequences for _ in range(3)]
    hours = found[found["email_id"] == 2]["send_at"].dt.hour
    assert hours.tolist() == [at % 24 for at in range(count)]


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.too_slow])
@given(case=static_cases() | lifecycle_cases(), hour=st.integers(0, 23), zone=st.sampled_from(["UTC", None]))
def test_any_compared(arguments_of, case, hour, zone):
    arguments = arguments_of(case)
    sequence = arguments.pop("sequence")
    named = {"send_hour": hour} | ({"time_zone": zone} if zone else {})
    assert_compared({"x": sequence, "": sequence.replace(**named), "y": sequence}, **arguments)


def test_comparing_changes_no_input():
    given = {"entries": ENTRIES.copy(), "assumptions": {"a": kit.Assumptions()}, "changes": [NEW]}
    before = copy.deepcopy(given)
    sequences = {"a": BASE, "b": TOKYO}
    simcore.compare(sequences, **given)
    pd.testing.assert_frame_equal(given["entries"], before["entries"])
    assert (given["assumptions"], given["changes"]) == (before["assumptions"], before["changes"])
    assert sequences == {"a": BASE, "b": TOKYO}


@pytest.mark.parametrize(
    "wrong", [None, {}, [], [BASE], "welcome", 3], ids=["None", "{}", "[]", "[.]", "str", "3"]
)
def test_sequences_are_a_dict(text_of, wrong):
    found = repr(wrong) if wrong != [BASE] else f"{repr(wrong).splitlines()[0][:59]}…"
    expected = f'sequences: found {found}, expected a dict of them by name, such as {{"as it is": sequence}}'
    assert text_of(SimcoreError, simcore.compare, wrong, ENTRIES) == expected


def test_what_compare_refuses(text_of):
    both = {"a": BASE, "b": LATE}
    for name, shown in ((1, "1"), (None, "None"), (("a",), "('a',)"), ("\ud800", "'\\ud800'")):
        assert text_of(SimcoreError, simcore.compare, {"a": BASE, name: LATE}, ENTRIES) == (
            f"sequences: found the name {shown}, expected text"
        )
    assert text_of(SimcoreError, simcore.compare, both, ENTRIES, assumptions={"c": kit.Assumptions()}) == (
        "assumptions: no scenario 'c'; there are: a, b"
    )
    assert text_of(SimcoreError, simcore.compare, {"a": BASE, "b": "x"}, ENTRIES) == (
        "sequence: found 'x', expected one as loaded by simcore.kit.load or simcore.sequenzy.load"
    )
    for wrong in ("x", 3, None, {"at": 1}):
        assert text_of(SimcoreError, simcore.compare, both, ENTRIES, changes=wrong) == (
            f"changes: found {wrong!r}, expected a list of changes, such as kit.update(...)"
        )
    assert text_of(EntryError, simcore.compare, both) == (f"entries: found None, {NO_ENTRIES}")
    assert text_of(SimcoreError, simcore.compare, {"z": OTHER, "k": BASE}, ENTRIES, render=True) == (
        "render: this platform's merge tags are not modelled: leave it out"
    )


# ---------------------------------------------------------------- shift

SHIFT = ["subscriber_id", "run", "email_id", "before", "after", "shift", "what"]


def moved(before, after):
    """What shift is to give, by plain dicts."""
    keys = ["subscriber_id", "run", "email_id"]
    sent = [
        dict(
            zip(
                zip(*(each[key].tolist() for key in keys), strict=True), each["send_at"].tolist(), strict=True
            )
        )
        for each in (before, after)
    ]
    rows = []
    for key in dict.fromkeys([*sent[0], *sent[1]]):
        one, two = (each.get(key) for each in sent)
        if one is None or two is None:
            rows.append((*key, one, two, None, "gained" if one is None else "lost"))
        else:
            by = two - one
            what = "unchanged" if by == NONE else "later" if by > NONE else "earlier"
            rows.append((*key, one, two, by, what))
    return rows


def assert_moved(before, after):
    found = simcore.shift(before, after)
    assert found.columns.tolist() == SHIFT
    assert found.index.equals(pd.RangeIndex(len(found)))
    assert found["what"].cat.categories.tolist() == ["earlier", "later", "unchanged", "gained", "lost"]
    assert kinds(found)["shift"] == "timedelta64[us]"
    assert kinds(found)["before"] == f"datetime64[us, {before['send_at'].dt.tz}]"
    assert kinds(found)["after"] == f"datetime64[us, {after['send_at'].dt.tz}]"
    rows = [
        tuple(None if value is pd.NaT else value for value in row)
        for row in found.itertuples(index=False, name=None)
    ]
    assert rows == moved(before, after)
    for name in SHIFT[:3]:
        assert found[name].dtype == (before if len(before) else after)[name].dtype
    return found


def test_moved_by_hand():
    """Email 2 is gone and 9 is there instead; 3 comes earlier, but for w; x has nothing before, y nothing after."""
    before = simcore.project(BASE, ENTRIES[1:])
    other = BASE.replace(emails=(email(1, 0), email(9, 2), email(3, 1)))
    after = simcore.project(other.replace(send_hour=8), ENTRIES[[True, False, True, True]])
    found = assert_moved(before, after)
    assert found["what"].tolist() == [
        *["lost"] * 3,
        *("unchanged", "lost", "later") * 2,
        *["gained"] * 5,
    ]
    assert found["shift"].dropna().tolist() == [NONE, 23 * HOUR] * 2
    assert found[["subscriber_id", "email_id"]].to_numpy().tolist()[-5:] == [
        ["x", 1],
        ["x", 9],
        ["x", 3],
        ["z", 9],
        ["w", 9],
    ]


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.too_slow])
@given(case=static_cases() | lifecycle_cases(), hour=st.integers(0, 23), data=st.data())
def test_any_moved(arguments_of, case, hour, data):
    """By any order of rows, and any part of them; the same keys in the same order are told as others are."""
    arguments = arguments_of(case)
    before = simcore.project(**arguments)
    same = before.assign(send_at=before["send_at"] + pd.Timedelta(data.draw(st.integers(-9, 9)), "h"))
    quick = assert_moved(before, same)
    order = data.draw(st.permutations(range(len(before))))
    merged = assert_moved(before, same.iloc[order])
    pd.testing.assert_frame_equal(merged, quick)
    part = data.draw(st.lists(st.sampled_from(range(len(before))), unique=True)) if len(before) else []
    assert_moved(before.iloc[part], same)
    assert_moved(same, before.iloc[part])
    after = simcore.project(**{**arguments, "sequence": arguments["sequence"].replace(send_hour=hour)})
    assert_moved(before, after.iloc[::-1])


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        ([4, 3, 2, 1], "int64"),
        ([4, 3, 2, 1], "int32"),
        ([4, 3, 2, 1], "Int64"),
        ([0.5, 1, 2, 3], "float64"),
        ([*"xyzw"], "category"),
        ([*"xyzw"], "object"),
        ([*"xyzw"], "string"),
        ([1, "1", "x", 0], "object"),
    ],
)
def test_moved_ids_of_any_dtype(ids, kind):
    entries = ENTRIES.assign(subscriber_id=pd.Series(ids, dtype=kind))
    before, after = simcore.project(BASE, entries), simcore.project(LATE, entries)
    assert_moved(before, after)
    assert_moved(before, after[::-1])
    assert_moved(before[:4], after[3:])


def test_moved_among_zones_and_units():
    before, after = simcore.project(BASE, ENTRIES), simcore.project(TOKYO, ENTRIES)
    assert kinds(assert_moved(before, after))["after"] == "datetime64[us, Asia/Tokyo]"
    assert_moved(after, before[::-1])
    for unit in ("s", "ms", "ns"):
        other = after.assign(send_at=after["send_at"].dt.as_unit(unit))
        pd.testing.assert_frame_equal(simcore.shift(before, other), simcore.shift(before, after))
        assert_moved(other, before[1:])


def test_scenarios_of_compare():
    both = simcore.compare({"a": BASE, "b": LATE, "z": OTHER}, ENTRIES)
    parts = dict([*both.groupby("scenario", observed=True)])
    found = assert_moved(parts["a"], parts["b"])
    assert found["what"].tolist() == ["unchanged", "later", "later"] * 4
    assert found["shift"].max() == 6 * HOUR
    assert assert_moved(parts["a"], parts["z"])["what"].tolist() == ["lost"] * 12 + ["gained"] * 8


def test_runs_are_told_apart():
    twice = ENTRIES.assign(subscriber_id="x")[::3]
    before = simcore.project(BASE.replace(repeat=True), twice)
    after = simcore.project(LATE.replace(repeat=True), twice)
    assert before["run"].tolist() == [1, 1, 1, 2, 2, 2]
    assert_moved(before, after)
    assert_moved(before, after[3:])


def test_nothing_moved():
    some, none = simcore.project(BASE, ENTRIES), simcore.project(BASE, [])
    assert assert_moved(some, none)["what"].tolist() == ["lost"] * 12
    assert assert_moved(none, some)["what"].tolist() == ["gained"] * 12
    assert len(assert_moved(none, none)) == 0
    other = simcore.project(OTHER, ENTRIES)
    for one in (none, simcore.project(OTHER, [])):
        assert len(simcore.shift(one, none)) == len(simcore.shift(none, one)) == 0
        assert assert_moved(one, other)["what"].tolist() == ["gained"] * 8
        assert assert_moved(other, one)["what"].tolist() == ["lost"] * 8


def test_shifting_changes_no_input():
    for after in (LATE, TOKYO.replace(emails=BASE.emails[:2])):
        given = [simcore.project(BASE, ENTRIES), simcore.project(after, ENTRIES)]
        before = copy.deepcopy(given)
        found = simcore.shift(*given)
        found.loc[:, "run"] = 7
        found.loc[:, "before"] = pd.NaT
        for one, two in zip(given, before, strict=True):
            pd.testing.assert_frame_equal(one, two)


def test_what_shift_refuses(text_of):
    sends = simcore.project(BASE, ENTRIES)
    expected = "expected a timeline from simcore.project, with subscriber_id, run, email_id and send_at"
    for wrong, message in (
        (None, f"found None, {expected}"),
        ([], f"found [], {expected}"),
        (sends["run"], None),
        (sends.drop(columns="run"), f"no column run; {expected}"),
        (sends.drop(columns=["send_at"]), f"no column send_at; {expected}"),
        (pd.DataFrame(), f"no column subscriber_id; {expected}"),
        (
            sends.assign(send_at=sends["send_at"].dt.tz_localize(None)),
            f"send_at is datetime64[us]; {expected}, an instant with a zone",
        ),
        (sends.assign(send_at=1), f"send_at is int64; {expected}, an instant with a zone"),
    ):
        for name, pair in (("before", (wrong, sends)), ("after", (sends, wrong))):
            text = text_of(SimcoreError, simcore.shift, *pair)
            assert text.startswith(f"{name}: found 0 ") if message is None else text == f"{name}: {message}"


def test_an_email_of_a_run_twice(text_of):
    sends = simcore.project(BASE, ENTRIES)
    both = simcore.compare({"a": BASE, "b": LATE}, ENTRIES)
    again = "give one timeline at a time, such as one scenario of simcore.compare"
    assert text_of(SimcoreError, simcore.shift, both, sends) == (
        f"before: row 12 repeats email 1 of run 1 of subscriber 'x': {again}"
    )
    numbers = simcore.project(OTHER, ENTRIES.assign(subscriber_id=[4, 3, 2, 1]))
    assert text_of(SimcoreError, simcore.shift, numbers, pd.concat([numbers, numbers[3:4]])) == (
        f"after: row 8 repeats email 'step-2' of run 1 of subscriber 3: {again}"
    )


def test_ids_of_two_kinds(text_of):
    sends = simcore.project(BASE, ENTRIES)
    numbers = simcore.project(BASE, ENTRIES["entered_at"].tolist())
    assert text_of(SimcoreError, simcore.shift, sends, numbers) == (
        f"subscriber_id: before has {TEXT}, after has int64: ids of different kinds never match"
    )
    other = simcore.project(OTHER, ENTRIES)
    assert text_of(SimcoreError, simcore.shift, sends, other) == (
        f"email_id: before has int64, after has {TEXT}: ids of different kinds never match"
    )
