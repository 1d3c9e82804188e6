"""Recipients' own time zones in an account: each subscriber as in an account of that zone (A2, T22)."""

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from account_cases import case_of
from conftest import read_back
from strategies import ODD_ZONES
from test_account import entries, series, shown
from test_accounts import JOURNAL, RUNS, TIMELINE, life_of, plain
from test_cli import _here, refused, run, write  # noqa: F401  the working folder is each test's own
from test_sequenzy_graphs import rows

import simcore
from simcore import Account, Cap, kit, sequenzy
from simcore.engine import recipients
from simcore.errors import EntryError
from simcore.scale import parquet

EXAMPLES = int(os.environ.get("SIMCORE_EXAMPLES", "200")) // 4  # each is simulated for several zones
KYIV, TOKYO, NEW_YORK = "Europe/Kyiv", "Asia/Tokyo", "America/New_York"
OF_DATES = {"keyDates", "waitUntil", "waitUntilKeyDate"}  # whose zones are no recipient's (T22)
FRAMES = {
    "timeline": (TIMELINE, ("send_at",)),
    "subscribers": (RUNS, ("entered_at", "last_send_at", "ended_at")),
    "journal": (JOURNAL, ("at",)),
}

# ---------------------------------------------------------------- at random


def moved(given: Any, name: str | None) -> Any:
    """A case whose sequences and changes are in a zone (None: in their own), which is nobody's."""
    if isinstance(given, list):
        return [moved(each, name) for each in given]
    if not isinstance(given, dict):
        return given
    found = {key: each if key in OF_DATES else moved(each, name) for key, each in given.items()}
    for key in ("timezoneSource", "untilTimezoneSource"):
        found.pop(key, None)
    for key in {
        "time_zone",
        "timezone",
        *(["untilTimezone"] if found.get("mode") == "until_weekday" else []),
    }:
        if name is not None and key in found:
            found[key] = name
    return found


def of_case(case: dict[str, Any], name: str | None) -> dict[str, Any]:
    """The same with its sequences in a zone; what happens to people is not in any."""
    return {**case, **{part: moved(case[part], name) for part in ("sequences", "changes")}}


def told(life: Any, people: list[str]) -> dict[str, Any]:
    """What happens to some people."""
    found = {}
    for name, (columns, times) in FRAMES.items():
        frame = getattr(life, name)
        found[name] = plain(rows(frame[frame["subscriber_id"].isin(people)], columns, times), columns)
    return found


def differs(seed: int) -> str:
    """How an account of many zones differs from accounts of one each, "" for not at all."""
    case, rng = case_of(seed), random.Random(seed)
    people = sorted({row["subscriber_id"] for row in (*case["entries"], *(case.get("events") or []))} | {"z"})
    zones = {who: rng.choice([None, *rng.sample(ODD_ZONES, 2)]) for who in people}
    given: Any = {who: name for who, name in zones.items() if name is not None}
    given = {} if {*given} == {"z"} else given  # who is in broadcasts alone enters nothing
    named = {each["sequence_id"] for each in case["entries"]}
    kits = [each["payload"]["sequence"]["id"] for each in case["sequences"] if each["platform"] == "kit"]
    if len(named | {*kits}) == len(case["sequences"]) and rng.random() < 0.7:  # nobody is enrolled by events
        case = {
            **case,
            "entries": [{**each, "time_zone": zones[each["subscriber_id"]]} for each in case["entries"]],
        }
        given = "time_zone"
    found = life_of(case, time_zones=given)
    for name in {*zones.values()}:
        mine = [who for who in people if zones[who] == name]
        if told(found, mine) != told(life_of(of_case(case, name)), mine):
            return f"{name}: {mine}"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("begin", range(0, EXAMPLES, 20))
def test_each_zone_is_as_an_account_of_it(begin):
    """20 cases at once; SIMCORE_EXAMPLES=5000 for 1,250 of them."""
    some = range(begin, min(begin + 20, EXAMPLES))
    assert {seed: found for seed in some if (found := differs(seed))} == {}


# ---------------------------------------------------------------- the same bytes

PEOPLE = pd.DataFrame({
    "sequence_id": np.arange(40) % 2 + 1,
    "subscriber_id": np.arange(40) // 2,
    "entered_at": pd.Timestamp("2026-03-05T13:00Z") + pd.to_timedelta(np.arange(40) * 5, "h"),
})
EXCLUDES = Account([series(1, 0, 1, 1, excludes=[2]), series(2, 0, 2, 1)])
UNION = Account([series(1, 0, 1, 1), series(2, 0, 2, 1)])
CAPS = [None, Cap(1, "2D"), Cap(1, "2D", on_excess="skip")]


@pytest.mark.parametrize("cap", CAPS, ids=["no cap", "defer", "skip"])
@pytest.mark.parametrize("account", [UNION, EXCLUDES], ids=["alone", "together"])
def test_where_all_have_the_sequences_zone_nothing_differs(account, cap):
    expected = account.simulate(PEOPLE, cap=cap, explain=True)
    for given in ("time_zone", dict.fromkeys(PEOPLE["subscriber_id"], "UTC"), {}):
        people = PEOPLE.assign(time_zone="UTC") if isinstance(given, str) else PEOPLE
        found = account.simulate(people, cap=cap, explain=True, time_zones=given)
        for name in FRAMES:
            pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))
        pd.testing.assert_frame_equal(found.timeline_of(3), expected.timeline_of(3))


ZONED = PEOPLE.assign(time_zone=np.array([KYIV, TOKYO, None, NEW_YORK], object)[PEOPLE["subscriber_id"] % 4])
BY_ID = dict(zip(ZONED["subscriber_id"], ZONED["time_zone"], strict=True))


def test_an_account_of_one_sequence_is_that_sequence():
    """Alone, and by waves, where a cap is never reached."""
    one = kit.load(simcore.example("welcome"))
    people = ZONED.iloc[::2]
    mine = people.drop(columns="sequence_id")
    account = Account([one])
    people = people.assign(sequence_id=account.ids[0])
    expected = simcore.project(one, mine, time_zones="time_zone", explain=True)
    for cap in (None, Cap(10**6, "1h")):
        for given in ("time_zone", BY_ID):
            found = account.project(people, cap=cap, time_zones=given, explain=True)
            assert (
                found
                .drop(columns="sequence_id")
                .astype({"subject": str})
                .equals(expected.astype({"subject": str}))
            )
    counted = account.forecast(people, freq="h", by=None, time_zones="time_zone")
    pd.testing.assert_frame_equal(
        counted, simcore.forecast(one, mine, freq="h", by=None, time_zones="time_zone"), check_freq=False
    )
    change = kit.update("2026-03-09T12:00Z", send_hour=18)
    found = account.impact(people, {account.ids[0]: [change]}, time_zones="time_zone")
    expected = simcore.impact(one, mine, [change], time_zones="time_zone")
    pd.testing.assert_frame_equal(found.drop(columns="sequence_id"), expected)
    assert found["later"].sum() > 0


# ---------------------------------------------------------------- by hand


def test_a_deferral_waits_for_the_recipients_slot():
    """Both are due at 09:00 in Kyiv on the 3rd; one waits a day, to that person's next slot."""
    both = Account([series(1, 1), series(2, 1)])
    people = entries((1, "a", "02T10:00"), (2, "a", "02T10:00")).assign(time_zone=KYIV)
    life = both.simulate(people, cap=Cap(1, "1D"), time_zones="time_zone")
    assert shown(life.timeline) == ["1.0 03 07:00", "2.0 04 07:00"]
    assert life.timeline_of("a")["reason"].tolist() == [
        "1 day after entry is Tue 3 Mar in Europe/Kyiv; in Europe/Kyiv the next slot is Tue 3 Mar 09:00 EET, so Tue 3 "
        "Mar 07:00 UTC",
        "due Tue 3 Mar 07:00 UTC; 1 mail in the 1 day before, so Wed 4 Mar 07:00 UTC",
    ]


def tagged():
    """An account whose first sequence tags, which enrols in the second."""
    window = {"days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "09:00"}
    window |= {"endTime": "17:00", "timezone": "UTC"}
    of = {"sendingWindow": window, "trigger": "tag_added"}
    first = [{"subject": "A", "html": "<p>A</p>"}, {"id": "t", "type": "add_tag", "tagName": "y"}]
    return Account([
        sequenzy.from_api({"name": "S", **of, "tagName": "x", "steps": first}),
        sequenzy.from_api({
            "name": "T",
            **of,
            "tagName": "y",
            "steps": [{"subject": "B", "html": "<p>B</p>"}],
        }),
    ])


TAGS = [
    {"subscriber_id": who, "at": "2026-03-06T20:00Z", "event": "tag_added", "ref": "x"} for who in ("a", "b")
]


def test_whom_a_step_enrols_is_in_the_own_zone():
    found = tagged().project(events=TAGS, time_zones={"a": KYIV})
    assert shown(found, "a") == ["A 09 07:00", "B 09 07:00"]
    assert shown(found, "b") == ["A 09 09:00", "B 09 09:00"]


def test_what_cannot_be_used(text_of):
    def told(account, people, zones, **others):
        return text_of(EntryError, account.project, people, time_zones=zones, **others)

    assert told(tagged(), None, "time_zone", events=TAGS) == (
        "time_zones: a column of entries, and sequence S has none, since events enrol in it: give a dict or a Series "
        "of subscriber to zone"
    )
    wrong = ZONED.assign(time_zone=ZONED["time_zone"].where(ZONED.index != 30, "Kyiv"))
    for account in (UNION, EXCLUDES):
        assert told(account, wrong, "time_zone") == (
            "time_zones: 1 of 40 rows cannot be used\n"
            "  row 30: 'Kyiv' is not a time zone: expected an IANA name such as 'America/New_York'\n"
            "mend those rows; for people whose zone is not known leave it empty, which means the sequence's"
        )
        assert told(account, PEOPLE, "time_zone").startswith("time_zones: no column 'time_zone' in entries")
        assert told(account, PEOPLE, {"0": KYIV, "1": TOKYO}) == (
            "time_zones: none of its subscribers enters: '0' there, 0 in entries; expected the same ids, and 1 and "
            '"1" never match'
        )
        assert told(account, PEOPLE, 5).startswith(
            "time_zones: found 5 (an int), expected the name of a column"
        )
    some = UNION.project(
        PEOPLE[PEOPLE["sequence_id"] == 1], time_zones=BY_ID
    )  # of two sequences one has nobody
    assert some["subscriber_id"].nunique() == 20


# ---------------------------------------------------------------- files


def test_on_the_command_line():
    for one in UNION.sequences.values():
        write(f"{one.id}.json", json.dumps(one.to_api()))
    ZONED.rename(columns={"time_zone": "tz"}).to_csv("entries.csv", index=False)
    asked = ["account", ".", "--cap", "1/2D", "--time-zones", "tz", "-o", "sends.parquet"]
    run(*asked)
    expected = UNION.project(ZONED, cap=Cap(1, "2D"), time_zones="time_zone")
    assert read_back("sends.parquet")["send_at"].tolist() == expected["send_at"].tolist()
    ZONED.to_csv("entries.csv", index=False)
    found = Account.load(".").project(time_zones="time_zone", cap=Cap(1, "2D"))
    assert found["send_at"].tolist() == expected["send_at"].tolist()
    text = Path("entries.csv").read_text().replace(TOKYO, "Tokyo", 1)
    Path("entries.csv").write_text(text)
    assert refused("account", ".", "--time-zones", "time_zone").startswith(
        "entries.csv: 1 of 40 rows cannot be used\n"
        "  line 4: time_zone 'Tokyo': not a time zone: expected an IANA name such as 'America/New_York'\n"
    )
    run("account", ".", "--time-zones", "time_zone", "-o", "sends.csv", "--on-error", "quarantine")
    assert pd.read_csv("sends.quarantine.csv")["subscriber_id"].tolist() == [1]


@pytest.mark.parametrize("zones", ["time_zone", BY_ID], ids=["column", "dict"])
def test_parquet(zones):
    ZONED.to_parquet("people.parquet", index=False)
    parquet.project("people.parquet", "sends", EXCLUDES, chunk_rows=10, progress=False, time_zones=zones)
    found = read_back("sends")
    expected = EXCLUDES.project(ZONED, time_zones=zones)
    keys = ["sequence_id", "subscriber_id", "position"]
    both = [
        each.astype({"sequence_id": "int64"}).sort_values(keys)["send_at"].tolist()
        for each in (found, expected)
    ]
    assert both[0] == both[1]
    wrong = ZONED.assign(time_zone=ZONED["time_zone"].where(ZONED.index != 30, "Kyiv"))
    wrong.to_parquet("wrong.parquet", index=False)
    with pytest.raises(EntryError, match=r"row 30: time_zone 'Kyiv': not a time zone"):
        parquet.project("wrong.parquet", "other", EXCLUDES, progress=False, time_zones="time_zone")


def test_a_part_of_whom_nobody_has_a_zone():
    """Zones by subscriber are those of all: in most parts there is none of them."""
    one = kit.load(simcore.example("welcome"))
    mine = ZONED.drop(columns="sequence_id").iloc[::2]
    mine.to_parquet("people.parquet", index=False)
    parquet.project("people.parquet", "sends", one, chunk_rows=2, progress=False, time_zones={3: KYIV})
    assert (
        read_back("sends")["send_at"].tolist()
        == simcore.project(one, mine, time_zones={3: KYIV})["send_at"].tolist()
    )


def test_zones_by_subscriber_are_read_once():
    read = recipients.by_person({"a": KYIV, "b": None, "c": ""})
    assert [*read.items()] == [("a", KYIV), ("b", ""), ("c", "")]
    place, names = read.of(np.array(["c", "z", "a"], object))
    assert (place.tolist(), names) == ([-1, -1, 0], (KYIV,))
