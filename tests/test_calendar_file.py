"""Calendar files: read back by icalendar, by vobject, and line by line."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import simcore
from simcore import kit, sequenzy
from simcore.errors import SimcoreError

icalendar = pytest.importorskip("icalendar", reason="calendar files are made by the extra calendar")

ENTRIES = pd.Series(["2026-03-06T21:07:30.999999-05:00", "2026-03-07T08:00:00-05:00"], index=["ann", "ben"])
HOSTILE = {  # as it is, and as it is shown
    "script": ("<script>alert('&')</script>", "<script>alert('&')</script>"),
    "separators": ("a;b,c:d\"e\"", "a;b,c:d\"e\""),
    "backslash": ("a\\b \\n \\; \\", "a\\b \\n \\; \\"),
    "lines": ("a\nEND:VEVENT\r\nBEGIN:VALARM", "a\\nEND:VEVENT\\r\\nBEGIN:VALARM"),
    "controls": ("a\x00b\x1b[31m\x85\u2028", "a\\x00b\\x1b[31m\\x85\\u2028"),
    "bidi": ("\u202egpj.exe", "\\u202egpj.exe"),
    "signs": ("\N{MAN}\u200d\N{WOMAN} 日本語", "\N{MAN}\u200d\N{WOMAN} 日本語"),
}  # fmt: skip
EVERYTHING = [pytest.param(*texts, id=name) for name, texts in HOSTILE.items()]


@pytest.fixture
def sends(chain):
    """Four sends: two emails to Ann, whose first is at a part of a second, and to Ben."""
    return simcore.project(chain((0, "days"), (1, "days"), send_hour=9), ENTRIES)


@pytest.fixture
def written(tmp_path):
    """Writes a timeline, and gives the bytes."""

    def bytes_of(sends, name="sends.ics"):
        simcore.to_ics(sends, tmp_path / name)
        return (tmp_path / name).read_bytes()

    return bytes_of


def events_of(data):
    """The events of a file, by icalendar."""
    calendar = icalendar.Calendar.from_ical(data)
    assert not calendar.errors
    assert (str(calendar["prodid"]), str(calendar["version"])) == ("-//simcore//simcore//EN", "2.0")
    assert all(not event.errors for event in calendar.walk("VEVENT"))
    assert [each.name for each in calendar.walk()] == [
        "VCALENDAR",
        *["VEVENT"] * len(calendar.walk("VEVENT")),
    ]
    return calendar.walk("VEVENT")


def uids(data):
    return [str(event["uid"]) for event in events_of(data)]


def unfolded(data):
    """The lines of a file by RFC 5545, 3.1: at most 75 octets each, whole characters, CRLF behind each."""
    assert data.endswith(b"\r\n")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert b"\n" not in data.replace(b"\r\n", b"")
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    return data.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]


def unescaped(value):
    """A text by RFC 5545, 3.3.11."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value)
    return re.sub(r"\\([\\;,nN])", lambda found: {"n": "\n", "N": "\n"}.get(found[1], found[1]), value)


def test_line_by_line(sends, written):
    """All that RFC 5545, 3.6.1 wants of an event, and nothing that would make tomorrow's file another."""
    lines = unfolded(written(sends))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert sorted(lines[1:3]) == ["PRODID:-//simcore//simcore//EN", "VERSION:2.0"]
    assert lines[-1] == "END:VCALENDAR"
    starts = ["20260307T020730Z", "20260307T140000Z", "20260307T130000Z", "20260308T130000Z"]
    told = [
        "to ann\\, run 1\\, email 100\\, 2026-03-06 21:07:30 EST",
        "to ann\\, run 1\\, email 101\\, 2026-03-07 09:00:00 EST",
        "to ben\\, run 1\\, email 100\\, 2026-03-07 08:00:00 EST",
        "to ben\\, run 1\\, email 101\\, 2026-03-08 09:00:00 EDT",
    ]
    body = lines[3:-1]
    assert len(body) == 4 * 8
    for at, (start, text) in enumerate(zip(starts, told, strict=True)):
        begin, *fields, end = body[8 * at : 8 * at + 8]
        assert (begin, end) == ("BEGIN:VEVENT", "END:VEVENT")
        values = dict(field.split(":", 1) for field in fields)
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", values.pop("UID"))
        assert values == {
            "SUMMARY": "AB"[at % 2],
            "DESCRIPTION": text,
            "DTSTART": start,
            "DTSTAMP": start,
            "TRANSP": "TRANSPARENT",
        }


def test_an_event_a_send(sends, written):
    events = events_of(written(sends))
    starts = [event["dtstart"].dt for event in events]
    assert starts == [
        datetime(2026, 3, 7, 2, 7, 30, tzinfo=UTC),
        datetime(2026, 3, 7, 14, tzinfo=UTC),
        datetime(2026, 3, 7, 13, tzinfo=UTC),
        datetime(2026, 3, 8, 13, tzinfo=UTC),
    ]
    assert all(start.utcoffset() == timedelta(0) for start in starts)
    assert [event["dtstamp"].dt for event in events] == starts
    assert len({*uids(written(sends))}) == 4


def test_another_parser_reads_the_same(sends, written):
    vobject = pytest.importorskip(
        "vobject", reason="the second reader of calendar files is a tool of development"
    )
    events = vobject.readOne(written(sends).decode()).vevent_list
    assert [event.summary.value for event in events] == ["A", "B", "A", "B"]
    assert [event.dtstart.value for event in events] == [
        t.to_pydatetime() for t in sends["send_at"].dt.tz_convert("UTC").dt.floor("s")
    ]
    assert events[0].description.value == "to ann, run 1, email 100, 2026-03-06 21:07:30 EST"


# ---------------------------------------------------------------- uids


def test_the_same_twice_and_by_rows(sends, written):
    """The same bytes again, under any name; the same UID whatever else is in the file, and whenever it is sent."""
    data = written(sends)
    assert written(sends.copy(), "other.ics") == data
    assert uids(written(sends[2:])) == uids(data)[2:]
    assert uids(written(sends[::-1])) == uids(data)[::-1]
    later = sends.assign(send_at=sends["send_at"] + pd.Timedelta(1, "D"))
    assert uids(written(later)) == uids(data)
    assert written(later) != data
    utc = sends.assign(send_at=sends["send_at"].dt.tz_convert("UTC"))
    assert uids(written(utc)) == uids(data)


@pytest.mark.parametrize(
    "other",
    [
        {"subscriber_id": ["ann ", "ann ", "ben ", "ben "]},
        {"subscriber_id": ["ann', '1", "x", "y", "z"]},
        {"run": np.int32(2)},
        {"email_id": [200, 201, 200, 201]},
        {"scenario": "x"},
    ],
)
def test_another_send_has_another_uid(sends, written, other):
    assert not {*uids(written(sends))} & {*uids(written(sends.assign(**other)))}


def test_ids_that_look_alike_together(sends, written):
    """No two events have one UID because their parts, one behind the other, read the same."""
    rows = [
        ("a", 1, 23),
        ("a", 12, 3),
        ("a1", 2, 3),
        ("a, 1", 2, 3),
        ("a', '1", 2, 3),
        ('a", "1', 2, 3),
        ("a\\", 1, 2),
    ]
    ids, runs, emails = zip(*rows, strict=True)
    made = sends.iloc[[0] * len(rows)].assign(subscriber_id=ids, run=runs, email_id=emails)
    assert len({*uids(written(made))}) == len(rows)


@pytest.mark.parametrize("dtype", ["int64", "Int64", "int32", "str", "category", "object"])
def test_ids_of_any_dtype(chain, written, dtype):
    """Numbers are told as numbers, and are the same subscribers in every dtype."""
    entries = pd.DataFrame({"subscriber_id": [7, 8], "entered_at": ENTRIES.array})
    sequence = chain((0, "days"), (1, "days"))
    expected = written(simcore.project(sequence, entries))
    assert "to 7, run 1, email 100, " in str(events_of(expected)[0]["description"])
    assert written(simcore.project(sequence, entries.astype({"subscriber_id": dtype}))) == expected


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(("text", "expected"), EVERYTHING)
def test_hostile_subjects(chain, written, text, expected):
    """In both parsers the summary is as it is shown, and it begins and ends no component."""
    sequence = chain((0, "days"), (1, "days")).replace_email(0, subject=text)
    entries = pd.Series(ENTRIES.array, index=[text, "plain"])
    data = written(simcore.project(sequence, entries))
    events = events_of(data)
    assert [str(event["summary"]) for event in events] == [expected, "B", expected, "B"]
    assert str(events[0]["description"]).startswith(f"to {expected}, run 1, ")
    lines = unfolded(data)
    assert sum(line.startswith("BEGIN:") for line in lines) == 5
    summaries = [line.removeprefix("SUMMARY:") for line in lines if line.startswith("SUMMARY")]
    assert list(map(unescaped, summaries)) == [expected, "B", expected, "B"]
    vobject = pytest.importorskip(
        "vobject", reason="the second reader of calendar files is a tool of development"
    )
    found = vobject.readOne(data.decode()).vevent_list
    assert [event.summary.value for event in found] == [expected, "B", expected, "B"]


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120).filter(str.strip))
def test_any_subject(tmp_path_factory, sends_of, text):
    """Lines are folded between characters; what is read back is what was shown.

    A backslash before a capital N is a line break to icalendar, on its way out already.
    """
    assume("\\N" not in text)
    path = tmp_path_factory.getbasetemp() / "any.ics"
    simcore.to_ics(sends_of(text), path)
    data = path.read_bytes()
    (line,) = [line for line in unfolded(data) if line.startswith("SUMMARY")]
    (event,) = events_of(data)
    shown = unescaped(line.removeprefix("SUMMARY:"))
    assert str(event["summary"]) == shown
    assert shown.replace("\u200d", "").isprintable()
    if text.isprintable():
        assert shown == text


@pytest.fixture(scope="session")
def sends_of(chain):
    """One send with a subject."""
    sequence = chain((0, "days"))
    return lambda text: simcore.project(sequence.replace_email(0, subject=text), ENTRIES[:1])


def test_long_texts_are_cut(sends_of, written):
    for char in ("x", "語", "\N{FIRE}", ";"):
        (event,) = events_of(written(sends_of(char * 10_000)))
        assert str(event["summary"]) == f"{char * 319}…"


def test_rendered_subjects(written):
    """Where there is one, it stands for the subject."""
    hello = {"subject": "Order {{event.order.id}}", "html": "<p>x</p>"}
    sequence = sequenzy.Sequence(name="S", trigger="event_received", eventName="order", steps=[hello])
    events = pd.DataFrame({
        "subscriber_id": ["a"],
        "at": ["2026-03-02T11:00Z"],
        "event": ["order"],
        "properties": [{"order": {"id": "7;8"}}],
    })
    plain, rendered = (simcore.project(sequence, events=events, render=render) for render in (False, True))
    data = written(rendered)
    (event,) = events_of(data)
    assert str(event["summary"]) == "Order 7;8"
    assert str(events_of(written(plain))[0]["summary"]) == "Order {{event.order.id}}"
    assert str(event["description"]) == "to a, run 1, email step-1, 2026-03-02 11:00:00 UTC"
    assert uids(written(plain)) == uids(data)


def test_scenarios(chain, written):
    """Each event says which; the same send in two of them is two events."""
    sequence = chain((0, "days"))
    both = simcore.compare({"as it is": sequence, "new; better": sequence}, ENTRIES)
    data = written(both)
    assert [str(event["summary"]) for event in events_of(data)] == ["as it is: A"] * 2 + [
        "new; better: A"
    ] * 2
    assert len({*uids(data)}) == 4
    assert uids(written(both[both["scenario"] == "new; better"])) == uids(data)[2:]


def test_no_sends(chain, written):
    data = written(simcore.project(chain((0, "days")), []))
    assert events_of(data) == []
    assert unfolded(data)[0] == "BEGIN:VCALENDAR"


@pytest.mark.parametrize(
    ("entered", "start"),
    [
        ("1970-01-01T00:00:00.999999Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2199-12-31T23:59:59.5Z", datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-11-01T01:30:00-05:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
    ],
)
def test_instants(chain, written, entered, start):
    (event,) = events_of(written(simcore.project(chain((0, "days")), [entered])))
    assert event["dtstart"].dt == start


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units(sends, written, unit):
    expected = written(sends.assign(send_at=sends["send_at"].dt.floor("s")))
    assert written(sends.assign(send_at=sends["send_at"].dt.as_unit(unit))) == expected


def test_the_timeline_is_as_it_was(sends, written):
    before = sends.copy(deep=True)
    written(sends)
    pd.testing.assert_frame_equal(sends, before)


# ---------------------------------------------------------------- what is refused

EXPECTED = "expected a timeline from simcore.project, with subscriber_id, run, email_id and send_at"


def test_what_is_no_timeline(text_of, sends, tmp_path):
    path = tmp_path / "x.ics"
    preview = simcore.preview(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
    texts = sends.assign(send_at="2026")
    for wrong, message in (
        (None, f"timeline: found None, {EXPECTED}"),
        ([1], f"timeline: found [1], {EXPECTED}"),
        (preview, f"timeline: no column subscriber_id; {EXPECTED}"),
        (sends.drop(columns="send_at"), f"timeline: no column send_at; {EXPECTED}"),
        (
            texts,
            f"timeline: send_at is {texts['send_at'].dtype}; {EXPECTED}, an instant with a zone",
        ),
        (
            sends.assign(send_at=sends["send_at"].dt.tz_localize(None)),
            f"timeline: send_at is datetime64[us]; {EXPECTED}, an instant with a zone",
        ),
    ):
        assert text_of(SimcoreError, simcore.to_ics, wrong, path) == message
    assert text_of(SimcoreError, simcore.to_ics, sends.drop(columns="subject"), path) == (
        "timeline: no column subject; expected a timeline from simcore.project"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_missing_send(text_of, sends, tmp_path):
    sends.loc[2, "send_at"] = pd.NaT
    assert text_of(SimcoreError, simcore.to_ics, sends, tmp_path / "x.ics") == (
        "timeline: row 2 has no send_at: leave out rows that are not sent"
    )
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written(text_of, sends, tmp_path):
    gone = tmp_path / "gone" / "x.ics"
    assert (
        text_of(SimcoreError, simcore.to_ics, sends, gone)
        == f"{gone}: cannot be written: No such file or directory"
    )
    assert (
        text_of(SimcoreError, simcore.to_ics, sends, tmp_path)
        == f"{tmp_path}: cannot be written: not an ordinary file"
    )
    assert list(tmp_path.iterdir()) == []


def test_paths_are_texts_too(sends, written, tmp_path, monkeypatch):
    expected = written(sends)
    simcore.to_ics(sends, str(tmp_path / "text.ics"))
    monkeypatch.chdir(tmp_path)
    simcore.to_ics(sends, "here.ics")
    for name in ("text.ics", "here.ics"):
        assert (tmp_path / name).read_bytes() == expected


def test_an_old_file_stays_whole_until_a_new_one_is(sends, written, tmp_path, monkeypatch):
    old = written(sends[:1])
    path = tmp_path / "sends.ics"

    def fails(self):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(icalendar.Calendar, "to_ical", fails)
        with pytest.raises((OSError, SimcoreError), match="No space left on device"):
            simcore.to_ics(sends, path)
    with pytest.raises(SimcoreError):
        simcore.to_ics(sends.drop(columns="run"), path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
    assert written(sends) != old
    assert list(tmp_path.iterdir()) == [path]


def test_without_icalendar(text_of, sends, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "icalendar", None)
    assert text_of(SimcoreError, simcore.to_ics, sends, tmp_path / "x.ics") == (
        'calendar files need icalendar: pip install "simcore[calendar]"'
    )
    assert not Path(tmp_path, "x.ics").exists()
