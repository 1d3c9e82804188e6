"""`simcore.testing`: the strategies, and timelines held against what is expected."""

import csv
import importlib
import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import simcore
from simcore import kit, sequenzy
from simcore.answers.projection import plan_of
from simcore.testing import (
    assert_timeline,
    check_golden,
    entry_instants,
    kit_sequences,
    sequenzy_sequences,
)

WELCOME = kit.load(simcore.example("welcome"))
ENTRY = "2026-03-06T21:07-05:00"
SENDS = simcore.project(WELCOME, [ENTRY, "2026-03-07T08:00:00.000001-05:00"])
ROWS = [  # those of the first subscriber, the example of kit/RULES.md, worked by hand
    {"position": 0, "send_at": "2026-03-06T21:07-05:00"},
    {"position": 1, "send_at": "2026-03-06T23:15-05:00"},
    {"position": 2, "send_at": "2026-03-09T09:00-04:00"},
    {"position": 3, "send_at": "2026-03-12T09:00-04:00"},
]
FIRST = SENDS[SENDS["subscriber_id"] == 0]
MICROSECOND = timedelta(microseconds=1)
QUICK = settings(database=None, derandomize=True, max_examples=3000, phases=[Phase.generate])


def some(strategy, holds):
    """Anything of which it holds."""
    return find(strategy, holds, settings=QUICK)


def simplest(strategy):
    """What hypothesis shrinks to."""
    return find(strategy, lambda drawn: True, settings=settings(QUICK, phases=[Phase.generate, Phase.shrink]))


def test_hypothesis_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "simcore.testing.strategies")
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("simcore.testing.strategies")
    assert str(caught.value) == 'strategies need hypothesis: pip install "simcore[testing]"'
    assert caught.value.name == "hypothesis"


def test_only_strategies_need_hypothesis(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("simcore.testing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    fresh = importlib.import_module("simcore.testing")
    assert {*fresh.__all__} <= {*dir(fresh)}
    assert callable(fresh.check_golden)
    with pytest.raises(ModuleNotFoundError, match=r"^strategies need hypothesis: "):
        fresh.kit_sequences  # noqa: B018  looked for when it is asked for
    with pytest.raises(AttributeError, match=r"^module 'simcore\.testing' has no attribute 'sequences'$"):
        fresh.sequences  # noqa: B018  as above


# ---------------------------------------------------------------- sequences


@given(kit_sequences(time_zones=["Asia/Kathmandu", "UTC"], min_emails=2, max_emails=4))
def test_kit_sequences_are_narrowed(sequence):
    assert 2 <= len(sequence.emails) <= 4
    assert sequence.time_zone in {"Asia/Kathmandu", "UTC"}
    assert kit.from_api(sequence.to_api()) == sequence  # and so is valid


@given(sequenzy_sequences(time_zones=["Asia/Kathmandu", "UTC"], min_emails=2, max_emails=4))
def test_sequenzy_sequences_are_narrowed(sequence):
    assert 2 <= sum("subject" in step for step in sequence.steps) <= 4
    assert sequence.time_zone in {"Asia/Kathmandu", "UTC"}
    assert sequenzy.from_api(sequence.to_api()) == sequence


@given(st.data())
def test_of_live_sequences_every_email_goes_out(data):
    sequence = data.draw(kit_sequences(live=True) | sequenzy_sequences(live=True))
    entered = data.draw(entry_instants(sequence.time_zone, "2026-01-01T00:00Z", "2027-01-01T00:00Z"))
    shown = simcore.preview(sequence, entered)
    assert shown["send_at"].notna().all()
    assert len(shown) == sum(step.sends for step in plan_of(sequence).steps)
    assert len(shown) >= 1
    assert simcore.project(sequence, [entered])["send_at"].tolist() == shown["send_at"].tolist()


def test_what_sequences_shrink_to():
    assert simplest(kit_sequences()) == kit.Sequence(
        name="Sequence",
        time_zone="UTC",
        send_hour=9,
        emails=(kit.Email(id=101, subject="Email 0", delay_value=0, delay_unit="days", published=True),),
    )
    hello = {"subject": "Email 0", "html": "<p>Hello</p>"}
    assert simplest(sequenzy_sequences()) == sequenzy.Sequence(
        name="Sequence", trigger="contact_added", steps=[hello]
    )


@pytest.mark.parametrize(
    "holds",
    [
        lambda sequence: not sequence.active,
        lambda sequence: not sequence.send_days,
        lambda sequence: sequence.repeat and sequence.hold,
        lambda sequence: any(not email.published for email in sequence.emails),
        lambda sequence: any(email.send_days for email in sequence.emails),
        lambda sequence: any(email.delay_unit == "hours" for email in sequence.emails),
        lambda sequence: sequence.emails[0].delay_value > 0,
        lambda sequence: sequence.time_zone == "Pacific/Apia" and len(sequence.emails) == 6,
        lambda sequence: not sequence.emails[0].subject.isascii(),
    ],
)
def test_kit_sequences_are_of_every_kind(holds):
    assert holds(some(kit_sequences(), holds))


@pytest.mark.parametrize(
    "holds",
    [
        lambda sequence: sequence.trigger == "frequency",
        lambda sequence: sequence.mode == "one_time",
        lambda sequence: (sequence.stopCondition or {}).get("type") == "does_not_have_tag",
        lambda sequence: (sequence.sendingWindow or {}).get("days") == [],
        lambda sequence: any("type" in step for step in sequence.steps),
        *(
            lambda sequence, kind=kind: any(kind in step for step in sequence.steps)
            for kind in ("delay", "delayMs", "waitUntil", "waitUntilWeekday")
        ),
    ],
)
def test_sequenzy_sequences_are_of_every_kind(holds):
    assert holds(some(sequenzy_sequences(), holds))


@pytest.mark.parametrize("strategy", [kit_sequences, sequenzy_sequences])
def test_there_are_sequences_of_no_email(strategy):
    assert plan_of(simplest(strategy(min_emails=0, max_emails=0))).steps == ()


@pytest.mark.parametrize("strategy", [kit_sequences, sequenzy_sequences])
def test_sequences_that_cannot_be(strategy, text_of):
    for least, most in ((3, 2), (-1, 2)):
        text = text_of(simcore.SimcoreError, strategy, min_emails=least, max_emails=most)
        assert text == f"min_emails: found {least}, expected a number from 0 to max_emails (2)"
    assert text_of(simcore.SimcoreError, strategy, time_zones=["Mars"]) == (
        "'Mars' is not a time zone: expected an IANA name such as 'America/New_York'"
    )


# ---------------------------------------------------------------- entries


@given(st.data())
def test_entries_are_in_their_range(data):
    place = data.draw(st.sampled_from(["America/St_Johns", "Pacific/Apia", "UTC"]))
    first, last = datetime(2010, 1, 1), datetime(2012, 1, 1)  # noqa: DTZ001  hypothesis wants naive bounds
    start = data.draw(st.datetimes(first, last, timezones=st.just(UTC)))
    end = start + data.draw(st.sampled_from([MICROSECOND, timedelta(minutes=1), timedelta(days=400)]))
    entered = data.draw(entry_instants(place, start, end))
    assert start <= entered < end
    assert entered.tzinfo is UTC


@pytest.mark.slow
@pytest.mark.parametrize(
    "wanted",
    [
        "2026-03-08T07:00:00Z",  # the clocks go from 02:00 to 03:00
        "2026-03-08T06:59:59.999999Z",
        "2026-11-01T06:00:00.000001Z",
        "2026-06-01T04:00:00Z",  # midnight
        "2026-06-01T03:59:59.999999Z",
        "2026-06-01T13:00:00.000001Z",  # 09:00
    ],
)
def test_entries_are_on_and_beside_what_matters(wanted):
    """Of 86,400,000,000 microseconds each of these is found among a few thousand entries."""
    at = datetime.fromisoformat(wanted)
    start, end = at - timedelta(hours=12), at + timedelta(hours=12)
    assert some(entry_instants("America/New_York", start, end), lambda entered: entered == at) == at


def test_every_other_entry_is_beside_something():
    seen = []

    @settings(max_examples=100, database=None, derandomize=True, phases=[Phase.generate])
    @given(entry_instants("America/New_York", "2026-01-01T00:00Z", "2027-01-01T00:00Z"))
    def draw(entered):
        seen.append(entered)

    draw()
    beside = [
        entered
        for entered in seen
        if min(entered.minute * 60 % 900, -entered.minute * 60 % 900) == 0 and entered.second in {0, 1}
    ]
    assert len(beside) > len(seen) / 4


def test_naive_ends_of_entries_are_read_in_the_zone():
    """9 March begins at 04:00 UTC, after the clocks were changed."""
    assert simplest(entry_instants("America/New_York", "2026-03-09", "2026-03-10")) == datetime(
        2026, 3, 9, 4, tzinfo=UTC
    )


def test_entries_that_cannot_be(text_of):
    error = simcore.SimcoreError
    assert text_of(error, entry_instants, "Mars", "2026-03-09", "2026-03-10") == (
        "'Mars' is not a time zone: expected an IANA name such as 'America/New_York'"
    )
    assert text_of(error, entry_instants, "UTC", "2026-03-10", "2026-03-09") == (
        "end: found '2026-03-09', expected an instant after start ('2026-03-10')"
    )
    assert text_of(simcore.EntryError, entry_instants, "UTC", "soon", "2026-03-09") == (
        "start: 'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00"
    )


# ---------------------------------------------------------------- timelines


def test_a_timeline_is_as_expected():
    assert_timeline(FIRST, ROWS)
    assert_timeline(FIRST, pd.DataFrame(ROWS[::-1], index=[3, 3, 3, 3]))
    assert_timeline(FIRST, {"position": range(4), "send_at": [row["send_at"] for row in ROWS]})
    naive = [{**row, "send_at": row["send_at"][:-6]} for row in ROWS]
    assert_timeline(FIRST, naive, naive_time_zone="America/New_York")
    assert_timeline(SENDS, SENDS.sample(frac=1, random_state=1))
    assert_timeline(
        SENDS, SENDS.assign(send_at=SENDS["send_at"].dt.tz_convert("Asia/Kathmandu").dt.as_unit("ns"))
    )
    assert_timeline(
        SENDS, SENDS.astype({"subscriber_id": "object", "email_id": "int32", "subject": "object"})
    )
    assert_timeline(SENDS[:0], SENDS[:0])
    explained = simcore.project(WELCOME, [ENTRY], explain=True)
    assert_timeline(explained, FIRST)


def test_ids_may_be_of_any_kind():
    for ids in (["a", "b"], [1.5, None], [("a", 1), 7], [pd.Timestamp("2026-01-01"), pd.NaT]):
        of = pd.Series([ids[0]] * 4 + [ids[1]] * 4, dtype=object)
        sends = SENDS.assign(subscriber_id=of)
        assert_timeline(sends, sends[::-1])


def told(actual, expected, **named):
    with pytest.raises(AssertionError) as caught:
        assert_timeline(actual, expected, **named)
    return str(caught.value)


def test_every_difference_is_told():
    expected = SENDS.astype({"subject": object})[:7]
    expected.loc[1, "send_at"] += pd.Timedelta(90, "min")
    expected.loc[2, "send_at"] -= pd.Timedelta(1, "us")
    expected.loc[2, "position"] = 7
    expected.loc[3, "subject"] = "A\x1b[31m coupon"
    expected = pd.concat([expected, expected[:1].assign(subscriber_id=2)])
    assert told(SENDS, expected) == (
        "of 8 sends expected and 8 in the timeline: 2 at another time, 1 missing, 1 not expected, 1 with another "
        "position, 1 with another subject\n"
        "  subscriber 0, run 1, email 302 (What to buy on Saturday): 1 hour 30 minutes earlier: Fri 6 Mar 2026 23:15 "
        "EST, expected Sat 7 Mar 2026 00:45 EST\n"
        "  subscriber 0, run 1, email 303 (Three knives are enough): 0.000001 seconds later: Mon 9 Mar 2026 09:00 "
        "EDT, expected Mon 9 Mar 2026 08:59:59.999999 EDT; position is 2, expected 7\n"
        "  subscriber 0, run 1, email 304 (A\\x1b[31m coupon): subject is 'A coupon for the cooking class', expected "
        "'A\\x1b[31m coupon'\n"
        "  subscriber 2, run 1, email 301 (Welcome, and your first recipe): missing, expected Fri 6 Mar 2026 21:07 "
        "EST\n"
        "  subscriber 1, run 1, email 304 (A coupon for the cooking class): not expected, Thu 12 Mar 2026 09:00 EDT"
    )


def test_only_the_first_ten_are_told():
    sends = simcore.project(WELCOME, [ENTRY] * 4)
    later = sends.assign(send_at=sends["send_at"] + pd.Timedelta(1, "D"))
    text = told(later, sends)
    assert text.startswith("of 16 sends expected and 16 in the timeline: 16 at another time\n")
    assert text.count("1 day later") == 10
    assert text.endswith("\n  and 6 more")
    text = told(sends, sends[:0])
    assert text.startswith("of 0 sends expected and 16 in the timeline: 16 not expected\n")
    assert text.count("not expected, ") == 10
    assert text.endswith("\n  and 6 more")


def test_nothing_was_sent():
    assert told(FIRST[:0], ROWS[:1]) == (
        "of 1 sends expected and 0 in the timeline: 1 missing\n"
        "  position 0: missing, expected Fri 6 Mar 2026 21:07 EST"
    )


@pytest.mark.parametrize(
    ("actual", "expected", "text"),
    [
        (
            ROWS,
            ROWS,
            f"actual: found {repr(ROWS)[:59]}…, expected a timeline from simcore.project, with subscriber_id, "
            "run, email_id and send_at",
        ),
        (FIRST, "welcome", "expected: found 'welcome', expected a DataFrame, or a list of dicts"),
        (FIRST, [], "expected: no column email_id or position; the columns are: none"),
        (FIRST, FIRST[["send_at"]], "expected: no column email_id or position; the columns are: send_at"),
        (
            FIRST,
            FIRST[["run", "email_id"]],
            "expected: no column send_at; the columns are: run, email_id",
        ),
        (
            FIRST,
            [row | {"mail": 1} for row in ROWS],
            "expected: the timeline has no column mail; its columns are: subscriber_id, run, position, email_id, "
            "subject, send_at",
        ),
        (
            SENDS,
            ROWS,
            "the timeline: row 4 repeats position 0 (Welcome, and your first recipe): add subscriber_id and run to "
            "what "
            "you expect",
        ),
        (
            FIRST,
            pd.concat([FIRST, FIRST[2:3]]),
            "expected: row 4 repeats subscriber 0, run 1, email 303 (Three knives are enough): expected once",
        ),
        (
            FIRST,
            FIRST.astype({"subscriber_id": str}).astype({"subscriber_id": object}),
            f"expected: subscriber_id is {pd.Series(['']).dtype}, and int64 in the timeline: ids of different kinds "
            "never "
            "match",
        ),
        (
            FIRST,
            [{"position": 0, "send_at": "2026-03-06T21:07"}],
            "expected: send_at: 1 of 1 rows cannot be used\n"
            "  row 0: '2026-03-06T21:07' has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, or "
            'say how to read it with naive_time_zone="UTC" (or another zone)\n'
            "fix those rows",
        ),
    ],
)
def test_what_cannot_be_compared(actual, expected, text):
    with pytest.raises(simcore.SimcoreError) as caught:
        assert_timeline(actual, expected)
    assert str(caught.value) == text


def test_a_zone_that_is_none(text_of):
    assert text_of(simcore.SimcoreError, assert_timeline, FIRST, ROWS, naive_time_zone="Mars") == (
        "'Mars' is not a time zone: expected an IANA name such as 'America/New_York'"
    )


# ---------------------------------------------------------------- files


def test_the_file_is_there_only_when_it_is_asked_for(tmp_path):
    path = tmp_path / "welcome.csv"
    with pytest.raises(AssertionError) as caught:
        check_golden(FIRST, path)
    assert str(caught.value) == (
        f"{path}: there is no such file yet: write it with check_golden(..., update=True)"
    )
    assert not path.exists()
    check_golden(FIRST, str(path), update=True)
    assert path.read_bytes().decode() == (
        "subscriber_id,run,position,email_id,subject,send_at\n"
        '0,1,0,301,"Welcome, and your first recipe",2026-03-06T21:07:00-05:00\n'
        "0,1,1,302,What to buy on Saturday,2026-03-06T23:15:00-05:00\n"
        "0,1,2,303,Three knives are enough,2026-03-09T09:00:00-04:00\n"
        "0,1,3,304,A coupon for the cooking class,2026-03-12T09:00:00-04:00\n"
    )
    check_golden(FIRST, path)
    assert [each.name for each in tmp_path.iterdir()] == ["welcome.csv"]


def test_the_difference_to_the_file(tmp_path):
    path = tmp_path / "welcome.csv"
    check_golden(FIRST, path, update=True)
    kept = path.read_bytes()
    later = simcore.project(WELCOME.replace(send_hour=10), [ENTRY])
    with pytest.raises(AssertionError) as caught:
        check_golden(later, path)
    assert str(caught.value) == (
        "of 4 sends expected and 4 in the timeline: 2 at another time\n"
        "  subscriber 0, run 1, email 303 (Three knives are enough): 1 hour later: Mon 9 Mar 2026 10:00 EDT, expected "
        "Mon 9 Mar 2026 09:00 EDT\n"
        "  subscriber 0, run 1, email 304 (A coupon for the cooking class): 1 hour later: Thu 12 Mar 2026 10:00 EDT, "
        "expected Thu 12 Mar 2026 09:00 EDT\n"
        "If this is right, write the file again with check_golden(..., update=True)."
    )
    assert path.read_bytes() == kept
    check_golden(later, path, update=True)
    check_golden(later, path)


def test_what_is_no_difference_to_the_file(tmp_path):
    path = tmp_path / "welcome.csv"
    check_golden(SENDS, path, update=True)
    check_golden(SENDS[::-1], path)
    check_golden(simcore.project(WELCOME, SENDS["send_at"].iloc[[0, 4]].tolist(), explain=True), path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))  # as an editor may leave it
    check_golden(SENDS, path)


HOSTILE = [
    'a "quoted", one',
    "two\nlines\r\nand\rthree",
    " spaces ",
    "=cmd()",
    "'",
    "NA",
    "nan",
    "\x00\x1b[31m",
    "Zoë 👩‍👩‍👧 ٣ \u2028",
    "{{event.name}}",
    ",",
    "\\",
]


def test_hostile_subjects_are_kept(tmp_path):
    emails = [
        kit.Email(subject=subject, delay_value=1, delay_unit="days", published=True) for subject in HOSTILE
    ]
    sends = simcore.project(WELCOME.replace(emails=tuple(emails)), pd.Series([ENTRY], index=['i,d"\r\n']))
    path = tmp_path / "hostile.csv"
    check_golden(sends, path, update=True)
    with open(path, encoding="utf-8", newline="") as file:
        assert [row["subject"] for row in csv.DictReader(file)] == HOSTILE
    check_golden(sends, path)
    check_golden(sends[::-1], path)  # not by its bytes
    changed = sends.assign(subject=sends["subject"].astype(object).replace("NA", "nan"))
    with pytest.raises(AssertionError, match="subject is 'nan', expected 'NA'"):
        check_golden(changed, path)


@given(kit_sequences(live=True) | sequenzy_sequences(live=True), st.data())
def test_every_timeline_is_kept(tmp_path_factory, sequence, data):
    entered = data.draw(entry_instants(sequence.time_zone, "2011-01-01T00:00Z", "2027-01-01T00:00Z"))
    path = tmp_path_factory.mktemp("kept") / "sends.csv"
    sends = simcore.project(sequence, pd.Series([entered], index=["x"]))
    check_golden(sends, path, update=True)
    check_golden(sends[::-1], path)
    assert_timeline(
        sends,
        pd.read_csv(path, keep_default_na=False, na_filter=False, dtype={"subject": object})[
            ["subscriber_id", "email_id", "send_at"]
        ],
    )


def test_odd_seconds_of_old_offsets_are_kept(tmp_path):
    """Monrovia was 44 minutes and 30 seconds behind until 1972."""
    sequence = kit.Sequence(
        name="S",
        time_zone="Africa/Monrovia",
        emails=(kit.Email(id=1, subject="A", delay_value=0, delay_unit="days", published=True),) * 1,
    )
    sends = simcore.project(sequence, ["1971-05-05T12:00:00.5Z", "1971-05-05T13:00Z"])
    path = tmp_path / "old.csv"
    check_golden(sends, path, update=True)
    assert "1971-05-05T11:15:30.500000-00:44:30" in path.read_text()
    check_golden(sends[::-1], path)


def test_an_empty_timeline_is_kept(tmp_path):
    path = tmp_path / "empty.csv"
    check_golden(SENDS[:0], path, update=True)
    check_golden(SENDS[:0], path)
    with pytest.raises(AssertionError, match=r"^of 0 sends expected and 4 in the timeline: 4 not expected\n"):
        check_golden(FIRST, path)


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        (b"\xff", "not a CSV file: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (b'email_id,send_at\n"1,2', "not a CSV file: unexpected end of data"),
        (b"", "no column email_id or position; the columns are: none"),
        (b"email_id\n1\n", "no column send_at; the columns are: email_id"),
        (b"email_id,send_at\n1\n", "row 0 has 1 fields, expected 2: email_id, send_at"),
        (
            b"email_id,mail,send_at\n1,2,3\n",
            "the timeline has no column mail; its columns are: subscriber_id, run, position, email_id, subject, "
            "send_at",
        ),
        (
            b"email_id,send_at\n1,soon\n",
            "send_at: 1 of 1 rows cannot be used\n"
            "  row 0: 'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00\n"
            "fix those rows",
        ),
    ],
)
def test_a_file_that_is_none(kept, text, tmp_path):
    path = tmp_path / "welcome.csv"
    path.write_bytes(kept)
    with pytest.raises(simcore.SimcoreError) as caught:
        check_golden(FIRST, path)
    assert str(caught.value) == f"{path}: {text}"


def test_a_timeline_that_is_none(tmp_path, text_of):
    text = text_of(simcore.SimcoreError, check_golden, "sends", tmp_path / "sends.csv", update=True)
    assert text == (
        "timeline: found 'sends', expected a timeline from simcore.project, with subscriber_id, run, email_id and "
        "send_at"
    )
    assert not [*tmp_path.iterdir()]
    away = tmp_path / "away" / "sends.csv"
    text = text_of(simcore.SimcoreError, check_golden, FIRST, away, update=True)
    assert text == f"{away}: cannot be written: No such file or directory"
