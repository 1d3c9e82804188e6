"""Enrolments as the platform lists them, read as entries (Q41)."""

import json

import pandas as pd
import pytest
from conftest import TEXT

import simcore
from simcore import sequenzy
from simcore.errors import SimcoreError, ValidationError

ONE = {
    "enrollmentId": "en_1",
    "subscriberId": "s1",
    "status": "waiting",
    "currentNodeId": "d2",
    "enrollmentStartedAt": "2026-03-06T21:07:30Z",
    "waitUntil": "2026-03-09T09:00:00.250+02:00",
    "lastUpdatedAt": "2026-03-06T21:07:31Z",
    "enteredVia": {"kind": "tag", "value": "vip", "name": None, "description": "Tag vip"},
}
TWO = {
    "enrollmentId": "en_2",
    "subscriberId": "s2",
    "enrollmentStartedAt": "2026-03-07",
    "status": "completed",
}
SHAPE = (
    'expected what the platform lists, {"enrollments": [...], "pagination": {...}}, or a list of such pages'
)


def page(*items, **pagination):
    return {"success": True, "enrollments": list(items), **({"pagination": pagination} if pagination else {})}


def utc(text):
    return pd.Timestamp(text, tz="UTC")


def test_one_page():
    found = sequenzy.enrollments(page(ONE, TWO, offset=0, hasMore=False))
    assert found.dtypes.astype(str).to_dict() == {
        "subscriber_id": TEXT,
        "entered_at": "datetime64[us, UTC]",
        "via": TEXT,
        "enrollment_id": TEXT,
        "status": TEXT,
        "current_node_id": TEXT,
        "wait_until": "datetime64[us, UTC]",
        "last_updated_at": "datetime64[us, UTC]",
    }
    assert found.iloc[0].tolist() == [
        *["s1", utc("2026-03-06 21:07:30"), "trigger", "en_1", "waiting", "d2"],
        *[utc("2026-03-09 07:00:00.250"), utc("2026-03-06 21:07:31")],
    ]
    assert found.iloc[1].tolist()[:5] == ["s2", utc("2026-03-07"), "trigger", "en_2", "completed"]
    assert found.iloc[1].isna().tolist() == [False] * 5 + [True] * 3


@pytest.mark.parametrize(
    ("given", "via"),
    [
        ("manual", "manual"),
        ("audience", "audience"),
        ({"kind": "manual"}, "manual"),
        ({"kind": "audience", "value": None}, "audience"),
        ({"kind": "test_run"}, "trigger"),
        ({"kind": "segment", "value": "x"}, "trigger"),
        ({}, "trigger"),
        ("inactivity", "trigger"),
        (None, "trigger"),
        (5, "trigger"),
    ],
)
def test_what_put_them_in(given, via):
    assert sequenzy.enrollments(page({**ONE, "enteredVia": given}))["via"].tolist() == [via]


def test_pages_in_a_file(tmp_path):
    path = tmp_path / "enrolments.json"
    pages = [page(ONE, offset=0, hasMore=True), page(TWO, offset=1, hasMore=False)]
    path.write_text(json.dumps(pages), "utf-8")
    found = sequenzy.enrollments(path)
    pd.testing.assert_frame_equal(found, sequenzy.enrollments(str(path)))
    pd.testing.assert_frame_equal(found, sequenzy.enrollments(tuple(pages)))
    assert found["subscriber_id"].tolist() == ["s1", "s2"]
    path.write_text(json.dumps(page()), "utf-8")
    assert len(sequenzy.enrollments(path)) == 0


def test_a_csv_file(tmp_path):
    path, other = tmp_path / "one.CSV", tmp_path / "two.json"
    path.write_text(
        "\ufeffsubscriberId,enrollmentStartedAt,enteredVia,waitUntil,mood\n"
        "s1,2026-03-06T21:07:30Z,manual,,fine\n"
        "007,2026-03-06T23:07:30+02:00,tag,2026-03-09T07:00:00Z,\n",
        "utf-8",
    )
    found = sequenzy.enrollments(path)
    assert found["subscriber_id"].tolist() == ["s1", "007"]
    assert found["via"].tolist() == ["manual", "trigger"]
    assert found["entered_at"].tolist() == [utc("2026-03-06 21:07:30")] * 2
    assert found["wait_until"].isna().tolist() == [True, False]
    other.write_text(json.dumps(page(TWO)), "utf-8")
    assert sequenzy.enrollments([path, other])["subscriber_id"].tolist() == ["s1", "007", "s2"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "not CSV that can be read: No columns to parse from file"),
        (b"subscriberId\n\xff", "not CSV that can be read: 'utf-8' codec can't decode byte 0xff in position"),
        (
            b"subscriberId,email\n1,2\n",
            "no column enrollmentStartedAt; the columns are: subscriberId, email",
        ),
        (b"id,email\n", "no column subscriberId or enrollmentStartedAt; the columns are: id, email"),
    ],
)
def test_csv_files_refused(text_of, tmp_path, data, text):
    path = tmp_path / "one.csv"
    path.write_bytes(data)
    assert text_of(SimcoreError, sequenzy.enrollments, path).startswith(f"{path}: {text}")


def test_the_shipped_example():
    found = sequenzy.enrollments(simcore.example("sequenzy_enrollments"))
    assert found["subscriber_id"].tolist() == ["sub_501", "sub_502", "sub_503"]


def test_they_are_entries():
    hello = {"subject": "Hello", "html": "-"}
    sequence = sequenzy.Sequence(name="S", trigger="tag_added", tagName="vip", steps=[hello])
    entries = sequenzy.enrollments([page(TWO, hasMore=True), page({**ONE, "enteredVia": "manual"})])
    found = simcore.simulate(sequence, entries).subscribers
    assert found["subscriber_id"].tolist() == ["s2", "s1"]
    assert found["via"].tolist() == ["trigger", "manual"]
    assert found["entered_at"].tolist() == [utc("2026-03-07"), utc("2026-03-06 21:07:30")]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, f"{SHAPE} (found {{}})"),
        ({"subscribers": [], "meta": {}}, f"{SHAPE} (found an object with subscribers, meta)"),
        ({"enrollments": {}}, f"{SHAPE} (found an object with enrollments)"),
        ([], f"{SHAPE} (found [])"),
        ([page(), [5]], f"pages[1]: {SHAPE} (found 5)"),
        (page(5), "enrollments[0]: an enrolment must be an object (found 5)"),
        (page({**ONE, "subscriberId": None}), "enrollments[0].subscriberId: subscriberId is required"),
        (
            page(ONE, {"subscriberId": "s"}),
            "enrollments[1].enrollmentStartedAt: enrollmentStartedAt is required",
        ),
        (
            page(ONE, {**TWO, "enrollmentId": "en_1"}),
            "enrollments[1].enrollmentId: enrollmentId has already been taken by enrollments[0] (found 'en_1')",
        ),
        (
            [page(ONE), page(ONE)],
            "pages[1].enrollments[0].enrollmentId: enrollmentId has already been taken by pages[0].enrollments[0] "
            "(found 'en_1')",
        ),
        (
            page(ONE, hasMore=True),
            "pagination.hasMore: the list goes on: get the next pages too, and give all of them in a list "
            "(found True)",
        ),
        (
            [page(ONE), page(TWO, hasMore=True)],
            "pages[1].pagination.hasMore: the list goes on: get the next pages too, and give all of them in a list "
            "(found True)",
        ),
        (
            [page(ONE, offset=0), page(TWO, offset=50)],
            "pages[1].pagination.offset: offset must be 1, where the page before ends: give all pages, in order "
            "(found 50)",
        ),
        (
            page(ONE, {**TWO, "waitUntil": "soon"}),
            "enrollments[1].waitUntil: waitUntil must be an instant, such as 2026-03-06T21:07:30Z (found 'soon')",
        ),
    ],
)
def test_refused(text_of, given, text):
    """Every message on its whole text."""
    assert text_of(ValidationError, sequenzy.enrollments, given) == f"1 problem\n  {text}"


def test_what_is_no_page_at_all(text_of):
    assert text_of(ValidationError, sequenzy.enrollments, 5) == f"1 problem\n  {SHAPE} (found 5)"


def test_a_file_of_something_else(text_of, tmp_path):
    path = tmp_path / "five.json"
    path.write_text("5", "utf-8")
    assert text_of(ValidationError, sequenzy.enrollments, path) == f"1 problem\n  {SHAPE} (found 5)"
