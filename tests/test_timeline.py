"""The timeline as it is handed out: columns, dtypes, order, limits; and the engine's two ways to it."""

import pickle

import numpy as np
import pandas as pd
import pytest
from conftest import TEXT, read_back
from hypothesis import given, settings
from hypothesis import strategies as st

import simcore
from simcore import kit
from simcore.answers import timeline
from simcore.engine import times
from simcore.errors import EntryError, SimcoreError, TooLateError
from simcore.kit.model import WEEKDAYS

COLUMNS = ["subscriber_id", "run", "position", "email_id", "subject", "send_at"]
ENTRIES = pd.Series(
    ["2026-03-06T21:07:30-05:00", "2026-03-04T09:00:00-05:00", "2026-11-01T00:30:00-04:00"],
    index=["a", "b", "c"],
)
MIX = ((0, "days"), (2, "hours"), (1, "days"), (7, "days"))


@pytest.fixture
def mix(chain):
    return chain(*MIX, send_days=WEEKDAYS[:5], send_hour=9, repeat=True)


@pytest.mark.parametrize("order", ["entry", "email"])
@pytest.mark.parametrize("until", [None, "2026-03-09T12:00Z"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_dtypes(mix, order, until, count):
    found = simcore.project(mix, ENTRIES[:count], order=order, until=until)
    assert list(found) == COLUMNS
    assert [str(dtype) for dtype in found.dtypes[:4]] == [TEXT, "int32", "int16", "int64"]
    assert isinstance(found["subject"].dtype, pd.CategoricalDtype)
    assert found["subject"].cat.categories.tolist() == ["A", "B", "C", "D"]
    assert found["subject"].cat.categories.dtype == TEXT
    assert not found["subject"].cat.ordered
    assert str(found["send_at"].dtype) == "datetime64[us, America/New_York]"
    assert isinstance(found.index, pd.RangeIndex)
    assert found.index.equals(pd.RangeIndex(len(found)))


def test_rows(mix):
    found = simcore.project(mix, ENTRIES)
    assert found["subscriber_id"].tolist() == ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    assert found["position"].tolist() == [0, 1, 2, 3] * 3
    assert found["email_id"].tolist() == [100, 101, 102, 103] * 3
    assert found["subject"].tolist() == ["A", "B", "C", "D"] * 3
    assert [t.isoformat() for t in found["send_at"][:4]] == [
        "2026-03-06T21:07:30-05:00",
        "2026-03-06T23:15:00-05:00",
        "2026-03-09T09:00:00-04:00",
        "2026-03-16T09:00:00-04:00",
    ]
    by_email = simcore.project(mix, ENTRIES, order="email")
    assert by_email["subscriber_id"].tolist() == ["a", "b", "c"] * 4
    assert by_email["subject"].tolist() == [*"AAABBBCCCDDD"]
    same = found.sort_values("position", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(by_email, same)


@pytest.mark.parametrize("order", ["entry", "email"])
def test_until_is_not_itself_reached(mix, order):
    whole = simcore.project(mix, ENTRIES, order=order)
    for until in whole["send_at"]:
        found = simcore.project(mix, ENTRIES, order=order, until=until)
        expected = whole[whole["send_at"] < until].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected)
        after = simcore.project(mix, ENTRIES, order=order, until=until + pd.Timedelta(1, "us"))
        assert len(after) == len(expected) + (whole["send_at"] == until).sum()


@pytest.mark.parametrize("order", ["entry", "email"])
def test_another_run_ends_the_one_before(mix, order):
    entries = pd.Series(["2026-03-06T21:07:30-05:00", "2026-03-09T09:00:00-04:00"], index=["a", "a"])
    found = simcore.project(mix, entries, order=order).sort_values("send_at")
    assert found["run"].tolist() == [1, 1, 2, 2, 2, 2]
    assert found["position"].tolist() == [0, 1, 0, 1, 2, 3]


def test_emails_with_one_subject_share_its_category():
    emails = [kit.Email(subject=s, delay_value=1, delay_unit="days", published=True) for s in ("B", "A", "B")]
    found = simcore.project(kit.Sequence(name="S", emails=emails), ENTRIES[:1])
    assert found["subject"].tolist() == ["B", "A", "B"]
    assert found["subject"].cat.categories.tolist() == ["B", "A"]


@pytest.mark.parametrize(("count", "codes"), [(127, "int8"), (128, "int8"), (129, "int16"), (300, "int16")])
def test_many_emails(chain, count, codes):
    emails = [
        kit.Email(subject=str(at), delay_value=1, delay_unit="hours", published=True) for at in range(count)
    ]
    found = simcore.project(kit.Sequence(name="Many", emails=emails), ENTRIES)
    assert found["subject"].tolist() == [str(at) for at in range(count)] * 3
    assert found["position"].tolist() == [*range(count)] * 3
    expected = pd.Categorical(found["subject"].astype(object), [str(at) for at in range(count)])
    assert (found["subject"].cat.codes == expected.codes).all()


def test_code_dtypes():
    expected = {0: np.int8, 127: np.int8, 128: np.int16, 32_767: np.int16, 32_768: np.int32}
    assert {count: timeline._code_dtype(count) for count in expected} == expected


@pytest.mark.parametrize(
    "changed",
    [{"active": False}, {"send_days": ()}, {"emails": ()}],
    ids=["inactive", "no send days", "no emails"],
)
@pytest.mark.filterwarnings("ignore:nothing to send")  # of a sequence without emails: see test_idle
@pytest.mark.parametrize("order", ["entry", "email"])
@pytest.mark.parametrize("until", [None, "2026-03-09T12:00Z"])
def test_nothing_to_send(chain, changed, order, until):
    sequence = chain((1, "days"), (1, "hours")).replace(**changed)
    found = simcore.project(sequence, ENTRIES, order=order, until=until)
    assert len(found) == 0
    assert list(found) == COLUMNS
    assert [str(dtype) for dtype in found.dtypes[:4]] == [TEXT, "int32", "int16", "int64"]
    assert str(found["send_at"].dtype) == "datetime64[us, America/New_York]"
    assert isinstance(found["subject"].dtype, pd.CategoricalDtype)
    assert found["subject"].cat.categories.dtype == TEXT


def test_a_closed_gate_holds_up_what_comes_after(chain):
    sequence = chain((0, "days"), (1, "days"), (1, "hours"), send_days=())
    assert simcore.project(sequence, ENTRIES)["position"].tolist() == [0, 0, 0]


def test_drafts(chain):
    sequence = chain(*MIX).replace_email(1, published=False).replace_email(3, published=False)
    assert simcore.project(sequence, ENTRIES[:1])["position"].tolist() == [0, 2]
    assert simcore.project(sequence, ENTRIES[:1], include_drafts=True)["position"].tolist() == [0, 1, 2, 3]
    counted = kit.Assumptions(draft_delay="count")
    found = simcore.project(
        chain((1, "hours"), (50, "hours")).replace_email(0, published=False), ENTRIES[:1], assumptions=counted
    )
    assert [t.isoformat() for t in found["send_at"]] == ["2026-03-09T01:15:00-04:00"]


def test_it_pickles_and_goes_through_parquet(mix, tmp_path):
    found = simcore.project(mix, ENTRIES)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(found)), found)
    found.to_parquet(tmp_path / "timeline.parquet")
    back = read_back(tmp_path / "timeline.parquet")
    assert back["send_at"].dtype == found["send_at"].dtype
    assert back.astype({"subject": "str"}).equals(found.astype({"subject": "str"}))


def test_what_is_handed_out_is_the_users(mix):
    """Neither the entries nor a later projection see what is written into a timeline."""
    entries = pd.DataFrame({
        "subscriber_id": np.array([1, 2]),
        "entered_at": pd.to_datetime(["2026-03-06"] * 2, utc=True),
    })
    before = entries.copy()
    sequence = mix.replace(emails=mix.emails[:1])
    first = simcore.project(sequence, entries)
    untouched = first.copy()
    for column in ("subscriber_id", "run", "position", "email_id"):
        first[column] = 0
        first.loc[:, column] = 0
    first.loc[0, "send_at"] = pd.NaT
    pd.testing.assert_frame_equal(entries, before)
    pd.testing.assert_frame_equal(simcore.project(sequence, entries), untouched)


@pytest.mark.parametrize("column", ["subscriber_id", "run", "position", "email_id", "send_at"])
def test_columns_can_be_written(mix, column):
    found = simcore.project(
        mix, pd.DataFrame({"subscriber_id": [1, 2], "entered_at": ["2026-03-06T00:00Z"] * 2})
    )
    found.loc[0, column] = found.loc[1, column]
    assert found.loc[0, column] == found.loc[1, column]


# ---------------------------------------------------------------- past 2200

LATE = "2199-12-31T12:00:00Z"


def test_the_last_instant_is_inside(chain):
    found = simcore.project(chain((0, "days"), (12, "hours"), time_zone="UTC"), ["2199-12-31T12:00:00Z"])
    assert found["send_at"].iloc[-1] == pd.Timestamp("2200-01-01", tz="UTC")
    assert len(simcore.project(chain((0, "days")), ["2200-01-01T00:00:00Z"])) == 1


def test_sends_past_2200(text_of, chain):
    sequence = chain((0, "days"), (13, "hours"))
    late = pd.Series([LATE, "2026-03-06T00:00Z", LATE], index=["a", "b", "c"])
    for order in ("entry", "email"):
        assert text_of(TooLateError, simcore.project, sequence, late, order=order) == (
            "the email at position 1 (id 101) would go out after 2200-01-01 UTC to row 0 (subscriber 'a') and 1 "
            "other rows: pass until= to end before that, or change the delay or the entry"
        )
    assert text_of(TooLateError, simcore.project, sequence, late[1:]) == (
        "the email at position 1 (id 101) would go out after 2200-01-01 UTC to row 1 (subscriber 'c'): pass until= "
        "to end before that, or change the delay or the entry"
    )
    with pytest.raises(EntryError) as caught:
        simcore.project(sequence, late)
    assert caught.value.rows == [0, 2]
    assert len(simcore.project(sequence, late, until="2200-01-01T00:00Z")) == 4


def test_a_subscriber_is_named_as_a_person_would(text_of, chain):
    """Not np.int64(0)."""
    assert text_of(TooLateError, simcore.project, chain((1, "days")), [LATE]) == (
        "the email at position 0 (id 100) would go out after 2200-01-01 UTC to row 0 (subscriber 0): pass until= to "
        "end before that, or change the delay or the entry"
    )


def test_a_run_that_ends_before_2200_may_have_more_to_come(chain):
    sequence = chain((0, "days"), (13, "hours"), repeat=True)
    with pytest.raises(EntryError):
        simcore.project(sequence, pd.Series([LATE], index=["a"]))
    again = pd.Series([LATE, "2199-12-31T12:30:00Z"], index=["a", "a"])
    until = "2199-12-31T23:00:00Z"
    assert simcore.project(sequence, again, until=until)["run"].tolist() == [1, 2]
    with pytest.raises(EntryError) as caught:
        simcore.project(sequence, again)
    assert caught.value.rows == [1]


@pytest.mark.parametrize(
    "delays",
    [
        pytest.param([(3650, "days")] * 2, id="days, days"),
        pytest.param([(3650, "days")] * 12, id="twelve times ten years"),
        pytest.param([(3650, "days"), (1, "hours"), (1, "days")], id="days, hours, days"),
        pytest.param([(87_600, "hours"), (1, "days"), (1, "days")], id="hours, days, days"),
    ],
)
@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Asia/Tokyo"])
def test_emails_after_one_past_2200(chain, delays, zone):
    sequence = chain(*delays, time_zone=zone)
    late = pd.Series(["2195-01-01T00:00Z"], index=["a"])
    with pytest.raises(
        EntryError, match=r"^the email at position 0 \(id 100\) would go out after 2200-01-01 UTC"
    ):
        simcore.project(sequence, late)
    assert len(simcore.project(sequence, late, until="2199-01-01T00:00Z")) == 0
    with pytest.raises(
        EntryError, match=r"^the email at position 0 \(id 100\) would go out after 2200-01-01 UTC"
    ):
        simcore.preview(sequence, late["a"])


# ---------------------------------------------------------------- errors of project


def test_order_is_one_of_two(text_of, mix):
    expected = "order: found 'send', expected 'entry' or 'email'"
    assert text_of(SimcoreError, simcore.project, mix, ENTRIES, order="send") == expected


def test_a_sequence_is_expected(text_of):
    expected = (
        "sequence: found {'name': 'S'}, expected one as loaded by simcore.kit.load or simcore.sequenzy.load"
    )
    assert text_of(SimcoreError, simcore.project, {"name": "S"}, ENTRIES) == expected


def test_assumptions_are_expected(text_of, mix):
    expected = "assumptions: found {'day_count': 'elapsed'}, expected simcore.kit.Assumptions"
    assert (
        text_of(SimcoreError, simcore.project, mix, ENTRIES, assumptions={"day_count": "elapsed"}) == expected
    )


def test_until_is_an_instant(text_of, mix):
    expected = "until: '2026-13-01' is not a date and time: expected something like 2026-03-06T21:07:30-05:00"
    assert (
        text_of(EntryError, simcore.project, mix, ENTRIES, until="2026-13-01", naive_time_zone="UTC")
        == expected
    )
    expected = (
        "until: '2026-03-07' has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, or say how to "
        'read it with naive_time_zone="UTC" (or another zone)'
    )
    assert text_of(EntryError, simcore.project, mix, ENTRIES, until="2026-03-07") == expected
    assert len(simcore.project(mix, ENTRIES, until="2026-03-07", naive_time_zone="UTC")) == 3


def test_naive_time_zone_is_a_zone(text_of, mix):
    expected = "'utc+1' is not a time zone: expected an IANA name such as 'America/New_York'"
    assert text_of(SimcoreError, simcore.project, mix, ENTRIES, naive_time_zone="utc+1") == expected


# ---------------------------------------------------------------- many runs

MANY = times.MANY


def in_chunks(sequence, entries, size=20_000, **others):
    return pd.concat(
        [
            simcore.project(sequence, entries.iloc[at : at + size], **others)
            for at in range(0, len(entries), size)
        ],
        ignore_index=True,
    )


def assert_same(found, expected):
    """As pandas' own comparison, for long frames."""
    assert found.dtypes.tolist() == expected.dtypes.tolist()
    for name in ("subscriber_id", "run", "position", "email_id"):
        assert np.array_equal(found[name].to_numpy(), expected[name].to_numpy()), name
    assert np.array_equal(found["subject"].cat.codes, expected["subject"].cat.codes)
    assert np.array_equal(found["send_at"].dt.tz_convert(None), expected["send_at"].dt.tz_convert(None))


def many(seed, count, days):
    """Entries of so many subscribers within some days."""
    spread = np.random.default_rng(seed).integers(0, days * 86_400 * 10**6, count)
    at = pd.Timestamp("2026-03-01", tz="UTC").as_unit("us") + pd.to_timedelta(spread, unit="us")
    return pd.DataFrame({"subscriber_id": np.arange(count), "entered_at": at})


@pytest.mark.parametrize(
    ("delays", "days"),
    [
        pytest.param(MIX, 40, id="a table of ticks"),
        pytest.param([(1, "hours"), (3, "hours"), (1, "days")], 20_000, id="spread thinly: np.unique"),
        pytest.param([(1, "days"), (1, "days"), (26, "hours")], 3, id="few instants"),
        pytest.param([(0, "days")], 40, id="each its own"),
    ],
)
def test_many_are_as_few(chain, delays, days):
    sequence = chain(*delays, send_days=WEEKDAYS[:5], time_zone="America/Santiago")
    entries = many(1, MANY + 5, days)
    found, expected = simcore.project(sequence, entries), in_chunks(sequence, entries)
    assert_same(found, expected)
    by_email = simcore.project(sequence, entries, order="email")
    assert_same(by_email, expected.iloc[np.argsort(expected["position"], kind="stable")])


@pytest.mark.parametrize("until", [None, "2026-03-20T00:00Z"])
def test_many_with_ends(chain, until):
    sequence = chain(*MIX, repeat=True)
    entries = many(2, MANY + 5, 40)
    entries["subscriber_id"] //= 2  # neighbours, so that chunks of even size keep them together
    found = simcore.project(sequence, entries, until=until)
    assert_same(found, in_chunks(sequence, entries, until=until))


def test_many_past_2200(chain):
    entries = many(3, MANY, 10)
    entries.loc[500, "entered_at"] = pd.Timestamp(LATE)
    with pytest.raises(EntryError) as caught:
        simcore.project(chain((1, "hours"), (13, "hours")), entries)
    assert caught.value.rows == [500]


@settings(max_examples=20)
@given(data=st.data())
def test_the_two_ways_of_the_engine_are_one(data):
    """Few runs through the way for many: `_MANY` turned down to 1."""
    hours = st.integers(0, 24 * 400)
    entered = data.draw(st.lists(hours, min_size=1, max_size=20))
    delays = data.draw(
        st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["days", "hours"])), min_size=1, max_size=5)
    )
    emails = [kit.Email(subject="S", delay_value=v, delay_unit=u, published=True) for v, u in delays]
    sequence = kit.Sequence(
        name="S", emails=emails, send_days=data.draw(st.sampled_from([WEEKDAYS, WEEKDAYS[1:3]]))
    )
    entries = pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(entered, unit="h")
    few = simcore.project(sequence, entries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(times, "MANY", 1)
        pd.testing.assert_frame_equal(simcore.project(sequence, entries), few)


@pytest.mark.slow
@given(
    st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=30) | st.lists(st.integers(0, 60), min_size=1)
)
def test_distinct_is_unique(ticks):
    values = np.array(ticks, np.int64)
    distinct, inverse = times._distinct(values)
    expected, places = np.unique(values, return_inverse=True)
    assert distinct.tolist() == expected.tolist()
    assert inverse.tolist() == places.tolist()
