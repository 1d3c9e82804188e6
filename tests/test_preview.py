"""The preview of one subscriber: its table, its instants, its errors; it agrees with the projection."""

import warnings
from datetime import UTC, datetime

import pandas as pd
import pytest
from conftest import TEXT
from hypothesis import given
from hypothesis import strategies as st
from strategies import static_cases

import simcore
from simcore import kit
from simcore.errors import EntryError, SimcoreError
from simcore.kit.model import WEEKDAYS

ENTERED = "2026-03-06T21:07:30-05:00"


@pytest.fixture
def mix(chain):
    return chain((0, "days"), (2, "hours"), (1, "days"), send_days=WEEKDAYS[:5], send_hour=9)


def check_form(found, zone="America/New_York"):
    assert list(found) == ["email_id", "subject", "send_at", "wait", "reason"]
    assert [str(dtype) for dtype in found.dtypes] == [
        "int64",
        TEXT,
        f"datetime64[us, {zone}]",
        "timedelta64[us]",
        TEXT,
    ]
    assert (found.index.name, str(found.index.dtype)) == ("position", "int16")


def test_the_table(mix):
    found = simcore.preview(mix, ENTERED)
    check_form(found)
    assert found.index.tolist() == [0, 1, 2]
    assert found["email_id"].tolist() == [100, 101, 102]
    assert found["subject"].tolist() == ["A", "B", "C"]
    assert [at.isoformat() for at in found["send_at"]] == [
        "2026-03-06T21:07:30-05:00",
        "2026-03-06T23:15:00-05:00",
        "2026-03-09T09:00:00-04:00",
    ]
    assert found["wait"].tolist() == [
        pd.Timedelta(0),
        pd.Timedelta("02:07:30"),
        pd.Timedelta("2 days 08:45:00"),
    ]
    assert found["reason"].str.len().min() > 10


@pytest.mark.parametrize(
    "entered_at",
    [
        ENTERED,
        "2026-03-06 21:07:30",
        "6 March 2026 9:07:30 pm",
        pd.Timestamp(ENTERED),
        pd.Timestamp("2026-03-06 21:07:30"),
        datetime(2026, 3, 7, 2, 7, 30, tzinfo=UTC),
        datetime(2026, 3, 6, 21, 7, 30),  # noqa: DTZ001  wall-clock time in the sequence's zone
        pd.Timestamp("2026-03-06 21:07:30").to_datetime64(),
    ],
)
def test_forms_of_the_entry(mix, entered_at):
    pd.testing.assert_frame_equal(simcore.preview(mix, entered_at), simcore.preview(mix, ENTERED))


def test_another_zone_for_the_naive(mix):
    found = simcore.preview(mix, "2026-03-07 02:07:30", naive_time_zone="UTC")
    pd.testing.assert_frame_equal(found, simcore.preview(mix, ENTERED))
    pd.testing.assert_frame_equal(simcore.preview(mix, ENTERED, naive_time_zone="Asia/Tokyo"), found)


def test_what_cannot_go_out_is_nat(mix):
    found = simcore.preview(mix.replace(send_days=()), ENTERED)
    check_form(found)
    assert found["send_at"].isna().tolist() == [False, False, True]
    assert found["wait"].isna().tolist() == [False, False, True]
    inactive = simcore.preview(mix.replace(active=False), ENTERED)
    check_form(inactive)
    assert inactive["send_at"].isna().all()
    assert inactive["wait"].isna().all()


def test_drafts_have_no_row(mix):
    sequence = mix.replace_email(1, published=False)
    found = simcore.preview(sequence, ENTERED)
    assert found.index.tolist() == [0, 2]
    assert found["send_at"].iloc[-1].isoformat() == "2026-03-09T09:00:00-04:00"
    assert found["wait"].iloc[-1] == pd.Timedelta("2 days 10:52:30")
    with_drafts = simcore.preview(sequence, ENTERED, include_drafts=True)
    pd.testing.assert_frame_equal(with_drafts, simcore.preview(mix, ENTERED))
    counted = simcore.preview(sequence, ENTERED, assumptions=kit.Assumptions(draft_delay="count"))
    assert counted.index.tolist() == [0, 2]
    assert counted["wait"].iloc[-1] == pd.Timedelta("2 days 08:45:00")
    # It is no draft that the last one waits for.
    shut = simcore.preview(
        sequence.replace(send_days=()), ENTERED, assumptions=kit.Assumptions(draft_delay="count")
    )
    assert shut["reason"].iloc[-1] == "there is no send day on which it may go out, so it waits"


@pytest.mark.parametrize("assumed", ["skip", "count"])
@pytest.mark.parametrize("emails", ["none", "drafts"])
def test_nothing_left(mix, emails, assumed):
    drafts = mix.replace(emails=[mix.emails[2]]).replace_email(0, published=False)
    sequence = drafts if emails == "drafts" else mix.replace(emails=())
    drafted = r"no email is published \(include_drafts=True shows drafts\)"
    text = f"^nothing to preview: {drafted if emails == 'drafts' else 'the sequence has no emails'}$"
    with pytest.warns(UserWarning, match=text) as caught:
        found = simcore.preview(sequence, ENTERED, assumptions=kit.Assumptions(draft_delay=assumed))
    assert caught[0].filename == __file__
    assert len(found) == 0
    check_form(found)


def test_errors(text_of, mix):
    preview = simcore.preview
    assert text_of(EntryError, preview, mix, "03/06/2026") == (
        "entered_at: '03/06/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026"
    )
    assert text_of(EntryError, preview, mix, None) == "entered_at: None is missing"
    assert text_of(EntryError, preview, mix, [ENTERED]) == (
        f"entered_at: ['{ENTERED}'] is a list: expected an instant, such as 2026-03-06T21:07:30-05:00"
    )
    assert text_of(EntryError, preview, mix, "1969-12-31T23:59Z") == (
        "entered_at: '1969-12-31T23:59Z' is out of range: expected 1970-01-01 to 2200-01-01 UTC"
    )
    expected = "'New York' is not a time zone: expected an IANA name such as 'America/New_York'"
    assert text_of(SimcoreError, preview, mix, ENTERED, naive_time_zone="New York") == expected
    expected = (
        f"sequence: found '{ENTERED}', expected one as loaded by simcore.kit.load or simcore.sequenzy.load"
    )
    assert text_of(SimcoreError, preview, ENTERED, mix) == expected
    assert text_of(SimcoreError, preview, mix, ENTERED, assumptions=5) == (
        "assumptions: found 5, expected simcore.kit.Assumptions"
    )


@pytest.mark.parametrize("count", [0, 1, 2])
def test_several_entries_are_no_entry(mix, count):
    """A preview is of one subscriber; the others must not be dropped without a word."""
    for several in (
        pd.Series([ENTERED] * count, dtype="str"),
        pd.DatetimeIndex([pd.Timestamp(ENTERED)] * count),
    ):
        with pytest.raises(EntryError, match=r"^entered_at: "):
            simcore.preview(mix, several)


def test_past_2200(text_of, chain):
    sequence = chain((0, "days"), (13, "hours"), time_zone="UTC")
    assert text_of(EntryError, simcore.preview, sequence, "2199-12-31 12:00") == (
        "the email at position 1 (id 101) would go out after 2200-01-01 UTC: shorten its delay, or give an earlier "
        "entry"
    )
    assert len(simcore.preview(sequence, "2199-12-31 11:00")) == 2


@given(case=static_cases(), data=st.data())
def test_the_preview_is_the_projection(project_case, case, data):
    """Send for send, for each entry alone; the waits add up."""
    entry = data.draw(st.sampled_from(case["entries"]))
    case = {**case, "entries": [entry], "until": None, "assumptions": {}}
    projected = project_case(case)
    sequence = kit.from_api({"sequence": case["sequence"], "emails": case["emails"]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = simcore.preview(sequence, entry["entered_at"], include_drafts=case["include_drafts"])
    sent = found.dropna(subset="send_at")
    assert sent.index.tolist() == projected["position"].tolist()
    assert sent["send_at"].tolist() == projected["send_at"].tolist()
    assert found["send_at"].notna().tolist() == sorted(found["send_at"].notna(), reverse=True)
    waited = pd.Timestamp(entry["entered_at"]) + sent["wait"].cumsum()
    assert waited.tolist() == sent["send_at"].tolist()
