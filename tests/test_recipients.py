"""Recipients' own time zones: how they are given, and what they do to every verb (T22)."""

import pickle
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import first_instant_of, local_date, next_slot
from strategies import ODD_ZONES, zone_names
from test_laws import us

import simcore
from simcore import kit, sequenzy
from simcore.clock.gates import SendWindow
from simcore.platform import CalendarDays, Elapsed, Poll

WELCOME = kit.load(simcore.example("welcome"))
NEW_YORK, KYIV, TOKYO = "America/New_York", "Europe/Kyiv", "Asia/Tokyo"
FRIDAY = "2026-03-06T21:07-05:00"  # Saturday 04:07 in Kyiv
IANA = "is not a time zone: expected an IANA name such as 'America/New_York'"


def entries(*zones, entered=FRIDAY, **columns):
    """Subscribers 0, 1, 2, … with zones."""
    ids = np.arange(len(zones))
    return pd.DataFrame({"subscriber_id": ids, "entered_at": entered, "time_zone": [*zones], **columns})


def sent(timeline, subscriber, time_zone):
    """When a subscriber gets the emails, by a wall clock."""
    mine = timeline[timeline["subscriber_id"] == subscriber]["send_at"]
    return mine.dt.tz_convert(time_zone).dt.strftime("%a %d %H:%M").tolist()


# ---------------------------------------------------------------- what they do


def test_each_in_a_zone_of_their_own():
    """Kit's polls are of no zone; days and slots are the recipient's."""
    found = simcore.project(WELCOME, entries(KYIV, TOKYO, None, NEW_YORK), time_zones="time_zone")
    assert sent(found, 0, KYIV) == ["Sat 07 04:07", "Sat 07 06:15", "Mon 09 09:00", "Thu 12 09:00"]
    assert sent(found, 1, TOKYO) == ["Sat 07 11:07", "Sat 07 13:15", "Mon 09 09:00", "Thu 12 09:00"]
    assert sent(found, 2, NEW_YORK) == ["Fri 06 21:07", "Fri 06 23:15", "Mon 09 09:00", "Thu 12 09:00"]
    assert sent(found, 3, NEW_YORK) == sent(found, 2, NEW_YORK)
    assert str(found["send_at"].dt.tz) == NEW_YORK


def test_reasons_are_told_in_the_sequences_zone_with_the_recipients_dates():
    found = simcore.project(WELCOME, entries(TOKYO, None), time_zones="time_zone", explain=True)["reason"]
    assert found.tolist() == [
        "at once, on entry: Fri 6 Mar 21:07 EST",
        "2 hours after the previous email is Fri 6 Mar 23:07 EST; polls come every 15 minutes, so Fri 6 Mar 23:15 EST",
        "1 day after the previous email is Sun 8 Mar in Asia/Tokyo; in Asia/Tokyo Sun is not a send day; the next "
        "slot is Mon 9 Mar 09:00 JST, so Sun 8 Mar 20:00 EDT; the clocks go forward 1 hour on Sun 8 Mar",
        "2 days after the previous email is Wed 11 Mar in Asia/Tokyo; in Asia/Tokyo Wed is not a send day; the next "
        "slot is Thu 12 Mar 09:00 JST, so Wed 11 Mar 20:00 EDT",
        *simcore.preview(WELCOME, FRIDAY)["reason"],
    ]


def test_a_preview_in_a_zone():
    found = simcore.preview(WELCOME, FRIDAY, time_zones=TOKYO)
    all_of_it = simcore.project(WELCOME, entries(TOKYO), time_zones="time_zone", explain=True)
    assert found["send_at"].tolist() == all_of_it["send_at"].tolist()
    assert found["reason"].tolist() == all_of_it["reason"].tolist()
    same = simcore.preview(WELCOME, FRIDAY, time_zones=NEW_YORK)
    pd.testing.assert_frame_equal(same, simcore.preview(WELCOME, FRIDAY))


def test_a_preview_in_no_zone(text_of):
    error = text_of(simcore.SimcoreError, simcore.preview, WELCOME, FRIDAY, time_zones="Kyiv")
    assert error == f"'Kyiv' {IANA}"
    error = text_of(simcore.SimcoreError, simcore.preview, WELCOME, FRIDAY, time_zones=5)
    assert error == f"'5' {IANA}"


@pytest.mark.parametrize("order", ["entry", "email"])
def test_where_all_have_the_sequences_zone_nothing_differs(order):
    """To the byte, with a history too."""
    people = simcore.arrivals(12, "2026-02-20", "2026-03-20", time_zone=NEW_YORK, seed=2)
    changes = [kit.update("2026-03-05T12:00Z", send_hour=15), kit.update("2026-03-09T12:00Z", active=False)]
    events = [{"subscriber_id": 7, "at": "2026-03-02T00:00Z", "event": "unsubscribed"}]
    named = people.assign(time_zone=NEW_YORK)
    for others in (
        {},
        {"changes": changes, "events": events, "assumptions": kit.Assumptions(queued_emails="reschedule")},
    ):
        plain = simcore.simulate(WELCOME, people, order=order, explain=True, **others)
        for zones in ("time_zone", dict.fromkeys(people["subscriber_id"], NEW_YORK), {}):
            found = simcore.simulate(WELCOME, named, order=order, explain=True, time_zones=zones, **others)
            for one, other in zip(found, plain, strict=True):
                pd.testing.assert_frame_equal(one, other)
                assert pickle.dumps(one.to_dict("list")) == pickle.dumps(other.to_dict("list"))


@pytest.mark.slow
def test_each_of_400_zones_alone():
    """As in a sequence of that zone, for all 400 at once and for each by itself."""
    names = zone_names()[:: len(zone_names()) // 400][:400]
    people = simcore.arrivals(6, "2026-03-01", "2026-03-31", time_zone="UTC", seed=5)
    size = len(people)
    everybody = pd.concat([people.assign(time_zone=name) for name in names], ignore_index=True)
    everybody["subscriber_id"] = np.arange(len(everybody))
    together = simcore.project(WELCOME, everybody, time_zones="time_zone", order="entry")
    assert len(names) == 400
    for at, name in enumerate(names):
        plain = simcore.project(WELCOME.replace(time_zone=name), people)
        mine = together[together["subscriber_id"] // size == at].reset_index(drop=True)
        assert mine["send_at"].tolist() == plain["send_at"].dt.tz_convert(NEW_YORK).tolist()
        alone = simcore.project(WELCOME, people.assign(time_zone=name), time_zones="time_zone")
        assert alone["send_at"].tolist() == mine["send_at"].tolist()
        assert alone[["run", "position", "email_id"]].equals(mine[["run", "position", "email_id"]])


@given(st.data())
@settings(max_examples=settings().max_examples // 2)
def test_each_zone_is_as_a_sequence_of_it(data):
    """With everything that may happen: for each zone its people are as those of a sequence there."""
    zones = data.draw(st.lists(st.sampled_from(ODD_ZONES), min_size=1, max_size=3))
    start = datetime(2026, 3, 1, tzinfo=UTC)
    size = data.draw(st.integers(1, 6))
    hours = [data.draw(st.integers(0, 24 * 200)) for _ in range(size)]
    mine = [data.draw(st.sampled_from(zones)) for _ in range(size)]
    people = pd.DataFrame({
        "subscriber_id": range(size),
        "entered_at": [start + timedelta(hours=each) for each in hours],
        "time_zone": mine,
    })
    change = kit.update(
        start + timedelta(hours=data.draw(st.integers(0, 24 * 200))), send_hour=data.draw(st.integers(0, 23))
    )
    assume = kit.Assumptions(
        immediate_days=data.draw(st.sampled_from(["any", "send_days"])),
        day_count=data.draw(st.sampled_from(["calendar", "elapsed"])),
        queued_emails=data.draw(st.sampled_from(["keep", "reschedule"])),
    )
    others = {"changes": [change], "assumptions": assume}
    found = simcore.simulate(WELCOME, people, time_zones="time_zone", **others)
    for name in set(mine):
        some = people[people["time_zone"] == name]
        plain = simcore.simulate(WELCOME.replace(time_zone=name), some, **others)
        for one, other in zip(found, plain, strict=True):
            here = one[one["subscriber_id"].isin(some["subscriber_id"])].reset_index(drop=True)
            for column in here:
                times = isinstance(other[column].dtype, pd.DatetimeTZDtype)
                there = other[column].dt.tz_convert(NEW_YORK) if times else other[column]
                assert here[column].astype(object).equals(there.astype(object))


# ---------------------------------------------------------------- how they are given

GIVEN = ["Europe/Kyiv", None, "Asia/Tokyo"]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(GIVEN, dtype=object),
        pd.Series(["Europe/Kyiv", np.nan, "Asia/Tokyo"], dtype=object),
        pd.Series(["Europe/Kyiv", "", "Asia/Tokyo"], dtype="str"),
        pd.Series(GIVEN, dtype="string"),
        pd.Series(GIVEN, dtype="category"),
    ],
    ids=lambda values: str(values.dtype),
)
def test_columns_of_zones(values):
    expected = simcore.project(WELCOME, entries(*GIVEN), time_zones="time_zone")
    people = entries(*GIVEN)
    people["tz"] = people.pop("time_zone").pipe(lambda _: values)
    for named in ({"time_zones": "tz"}, {"time_zones": "time_zone", "columns": {"time_zone": "tz"}}):
        pd.testing.assert_frame_equal(simcore.project(WELCOME, people, **named), expected)
    by_id = dict(zip(people["subscriber_id"], values, strict=True))
    for zones in (by_id, pd.Series(by_id), {0: KYIV, 2: TOKYO, 99: KYIV}):
        pd.testing.assert_frame_equal(simcore.project(WELCOME, people, time_zones=zones), expected)
    counted = simcore.forecast(WELCOME, people.drop(columns="subscriber_id").assign(count=2), time_zones="tz")
    pd.testing.assert_frame_equal(counted, 2 * simcore.forecast(WELCOME, people, time_zones=by_id))


@pytest.mark.parametrize(
    ("people", "zones", "told"),
    [
        (
            entries("Kyiv", KYIV, 5, None),
            "time_zone",
            "time_zones: 2 of 4 rows cannot be used\n"
            f"  row 0: 'Kyiv' {IANA}\n"
            f"  row 2: 5 {IANA}\n"
            "mend those rows; for people whose zone is not known leave it empty, which means the sequence's",
        ),
        (
            entries(*["Kyiv"] * 12),
            dict.fromkeys(range(12), "Kyiv"),
            "\n".join([
                "time_zones: 12 of 12 subscribers have what is not a time zone: expected an IANA name such as "
                "'America/New_York'",
                *(f"  subscriber {each}: 'Kyiv'" for each in range(10)),
                "  and 2 more",
            ]),
        ),
        (
            entries(KYIV),
            {"a": KYIV, 0: "x"},
            "time_zones: 1 of 2 subscribers have what is not a time zone: expected an IANA name such as "
            "'America/New_York'\n  subscriber 0: 'x'",
        ),
        (
            entries(KYIV),
            {"0": KYIV},
            "time_zones: none of its subscribers enters: '0' there, 0 in entries; expected the same ids, and 1 and "
            '"1" never match',
        ),
        (
            entries(KYIV),
            pd.Series([KYIV, TOKYO], index=[0, 0]),
            "time_zones: subscriber 0 is there more than once",
        ),
        (
            entries(KYIV),
            [KYIV],
            "time_zones: found ['Europe/Kyiv'] (a list), expected the name of a column of entries, or a dict or a "
            "Series of subscriber to zone",
        ),
        (
            [FRIDAY],
            "time_zone",
            "time_zones: no column 'time_zone' in entries; the columns are: subscriber_id, entered_at",
        ),
    ],
)
def test_what_cannot_be_used(text_of, people, zones, told):
    assert text_of(simcore.EntryError, simcore.project, WELCOME, people, time_zones=zones) == told


def test_rows_of_the_error():
    with pytest.raises(simcore.EntryError) as caught:
        simcore.project(WELCOME, entries(KYIV, "x", "y"), time_zones="time_zone")
    assert caught.value.rows == [1, 2]


def test_a_column_that_is_not_there(text_of):
    def told(people, kind=simcore.EntryError, **named):
        return text_of(kind, simcore.project, WELCOME, people, **named)

    assert told(entries(KYIV), time_zones="tz") == (
        "time_zones: no column 'tz' in entries; did you mean 'time_zone'? the columns are: subscriber_id, entered_at, "
        'time_zone; time_zones="time_zone" takes it'
    )
    zoned = entries(KYIV).rename(columns={"time_zone": "Zone of them"})
    assert told(zoned, time_zones="zone of then") == (
        "time_zones: no column 'zone of then' in entries; did you mean 'Zone of them'? the columns are: "
        'subscriber_id, entered_at, Zone of them; time_zones="Zone of them" takes it'
    )
    named = zoned.rename(columns={"Zone of them": "TZ"})
    assert told(named, time_zones="time_zone") == (
        "time_zones: no column 'time_zone' in entries; did you mean 'TZ'? the columns are: subscriber_id, entered_at, "
        'TZ; time_zones="TZ" takes it'
    )
    assert told(zoned, time_zones="via") == (
        "time_zones: no column 'via' in entries; the columns are: subscriber_id, entered_at, Zone of them"
    )
    # Where columns= maps it, that is said.
    assert told(named, simcore.SimcoreError, time_zones="time_zone", columns={"time_zone": "tz"}) == (
        "columns: time_zone is 'tz', and entries have no such column; the columns are: subscriber_id, entered_at, TZ; "
        "did you mean 'TZ'?"
    )
    assert told(entries(KYIV), simcore.SimcoreError, time_zones="tz", columns="x").startswith(
        "columns: found 'x', expected a dict"
    )


def test_nobody_enters():
    assert simcore.project(WELCOME, [], time_zones="time_zone").empty
    assert simcore.project(WELCOME, entries(), time_zones="time_zone").empty
    assert simcore.project(WELCOME, entries(), time_zones={5: KYIV}).empty


# ---------------------------------------------------------------- every verb

PEOPLE = simcore.arrivals(60, "2026-03-02", "2026-03-16", time_zone="UTC", seed=4)
PEOPLE["time_zone"] = np.array([KYIV, TOKYO, "America/Los_Angeles", "", NEW_YORK], object)[PEOPLE.index % 5]
SENDS = simcore.project(WELCOME, PEOPLE, time_zones="time_zone")


def test_forecast():
    for freq, day in (("D", "D"), ("h", "h")):
        counted = simcore.forecast(WELCOME, PEOPLE, freq=freq, by=None, time_zones="time_zone")["sends"]
        assert counted.sum() == len(SENDS)
        local = SENDS["send_at"].dt.tz_localize(None).dt.floor(day)
        found = counted[counted > 0]
        assert found.tolist() == local.value_counts(sort=False).sort_index().tolist()


def test_compare_and_impact():
    both = simcore.compare(
        {"9": WELCOME, "18": WELCOME.replace(send_hour=18)}, PEOPLE, time_zones="time_zone"
    )
    assert both[both["scenario"] == "9"]["send_at"].tolist() == SENDS["send_at"].tolist()
    change = kit.update("2026-03-09T12:00Z", send_hour=18)
    found = simcore.impact(WELCOME, PEOPLE, [change], time_zones="time_zone")
    after = simcore.project(WELCOME, PEOPLE, changes=[change], time_zones="time_zone")
    begun = PEOPLE["entered_at"] < pd.Timestamp("2026-03-09T12:00Z")
    moved = simcore.shift(
        *(each[each["subscriber_id"].isin(PEOPLE["subscriber_id"][begun])] for each in (SENDS, after))
    )
    assert found["later"].tolist() == [
        int((moved[moved["email_id"] == email]["what"] == "later").sum()) for email in found["email_id"]
    ]
    assert found["later"].sum() > 0


def test_sweep():
    """What schedules share is kept; each is as by itself."""
    fields = {"send_hour": [8, 9], "emails[2].delay_value": [1, 3], "emails[1].delay_value": [2, 30]}
    found = simcore.sweep(WELCOME, fields, PEOPLE, time_zones="time_zone")
    own = {"sends": lambda life: len(life.timeline), "last": lambda life: str(life.timeline["send_at"].max())}
    slow = simcore.sweep(WELCOME, fields, PEOPLE, metrics=own, time_zones="time_zone")
    for row, other in zip(found.itertuples(), slow.itertuples(), strict=True):
        schedule = WELCOME.with_fields(dict(zip(fields, row[1:4], strict=True)))
        sends = simcore.project(schedule, PEOPLE, time_zones="time_zone")
        assert (other.sends, other.last) == (len(sends), str(sends["send_at"].max()))
        assert row.weekend_share == pytest.approx((sends["send_at"].dt.day_of_week >= 5).mean())
        ended = sends.groupby("subscriber_id")["send_at"].max()
        took = ended - PEOPLE.set_index("subscriber_id")["entered_at"]
        assert row.median_days == pytest.approx(took.median() / pd.Timedelta(days=1))


def test_optimize():
    """As a sweep, for zones by row and for dates left out."""
    over = {"send_hour": [7, 9, 18], "emails[2].delay_value": [1, 2]}
    limits = ["weekend_share <= 0.5"]
    for sequence, others in ((WELCOME, {"time_zones": "time_zone"}), (WELCOME.without(["2026-03-10"]), {})):
        found = simcore.optimize(
            sequence,
            PEOPLE,
            over=over,
            minimize="p95_days",
            subject_to=limits,
            top=6,
            progress=False,
            **others,
        )
        all_of_them = simcore.sweep(sequence, over, PEOPLE, **others)
        kept = all_of_them[all_of_them["weekend_share"] <= 0.5].sort_values("p95_days", kind="stable")
        assert found.best["p95_days"].tolist() == kept["p95_days"].tolist()
        assert found.check(PEOPLE)


def test_dates_left_out_are_the_recipients():
    """25 May begins sixteen hours earlier in Tokyo, and is over as much earlier."""
    without = WELCOME.without({datetime(2026, 5, 25): "Memorial Day"})  # noqa: DTZ001  a date has no zone
    people = entries(TOKYO, None, entered="2026-05-22T21:07-04:00")
    found = simcore.project(without, people, time_zones="time_zone", explain=True)
    assert sent(found, 0, TOKYO)[2] == sent(found, 1, NEW_YORK)[2] == "Tue 26 09:00"
    assert found["reason"][2] == (
        "1 day after the previous email is Sun 24 May in Asia/Tokyo; in Asia/Tokyo Sun is not a send day; Mon 25 May "
        "is left out (Memorial Day); the next slot is Tue 26 May 09:00 JST, so Mon 25 May 20:00 EDT"
    )


def test_as_the_oracles_slots():
    """The second email from each recipient's own date, by a plain reading."""
    chain = kit.Sequence(
        name="A",
        send_hour=7,
        emails=[kit.Email(subject="A", delay_value=3, delay_unit="days", published=True)],
    )
    found = simcore.project(chain, PEOPLE, time_zones="time_zone")
    for entered, name, send_at in zip(
        PEOPLE["entered_at"], PEOPLE["time_zone"], found["send_at"], strict=True
    ):
        t, there = entered.to_pydatetime(), name or NEW_YORK
        wanted = first_instant_of(local_date(t, there) + timedelta(days=3), there)
        assert us(send_at.to_pydatetime()) == us(next_slot(wanted, range(7), 7, there))


# ---------------------------------------------------------------- Sequenzy

HOURS = {"startTime": "08:00", "endTime": "20:00", "timezone": NEW_YORK}
SERIES = sequenzy.Sequence(
    name="Series",
    trigger="contact_added",
    sendingWindow=HOURS | {"days": ["monday", "tuesday", "wednesday", "thursday", "friday"]},
    steps=[
        {"subject": "A", "html": "<p>A</p>"},
        {"subject": "B", "html": "<p>B</p>", "waitUntilWeekday": HOURS | {"days": ["wednesday"]}},
        {"subject": "C", "html": "<p>C</p>", "delay": {"days": 1}},
    ],
)


def test_windows_of_sequenzy_are_the_recipients():
    found = simcore.project(SERIES, entries(KYIV, None), time_zones="time_zone", explain=True)
    assert sent(found, 0, KYIV) == ["Mon 09 08:00", "Wed 11 08:00", "Thu 12 08:00"]
    assert sent(found, 1, NEW_YORK) == ["Mon 09 08:00", "Wed 11 08:00", "Thu 12 08:00"]
    assert found["reason"][1] == (
        "the first of Wed 08:00 to 20:00 (Europe/Kyiv) after the previous email: Wed 11 Mar 02:00 EDT, inside the "
        "window Mon to Fri 08:00 to 20:00 (Europe/Kyiv)"
    )


def moved(sequence, name):
    """A sequence in another zone, throughout."""
    body = re.sub(NEW_YORK, name, str(sequence.to_api()))
    return sequenzy.from_api(eval(body))  # what Python shows of its own plain data


@pytest.mark.parametrize("name", ODD_ZONES)
def test_sequenzy_in_one_zone_is_as_a_sequence_of_it(name):
    plain = simcore.project(moved(SERIES, name), PEOPLE.drop(columns="time_zone"))
    found = simcore.project(SERIES, PEOPLE.assign(time_zone=name), time_zones="time_zone")
    assert found["send_at"].tolist() == plain["send_at"].dt.tz_convert(NEW_YORK).tolist()
    assert found["subscriber_id"].tolist() == plain["subscriber_id"].tolist()


def test_what_is_given_goes_before_what_events_say():
    """Q31: with time_zones=, nothing else says zones; a fixed window moves, too."""
    own = SERIES.replace(sendingWindow=SERIES.sendingWindow | {"timezoneSource": "subscriber"})
    events = [
        {
            "subscriber_id": 0,
            "at": "2026-03-01T00:00Z",
            "event": "field_changed",
            "ref": "timezone",
            "properties": {"value": TOKYO},
        }
    ]
    people = entries(KYIV)
    told = simcore.project(own, people.drop(columns="time_zone"), events=events)
    assert sent(told, 0, TOKYO)[0] == "Mon 09 08:00"
    for sequence in (own, SERIES):
        found = simcore.project(sequence, people, events=events, time_zones="time_zone")
        assert sent(found, 0, KYIV) == ["Mon 09 08:00", "Wed 11 08:00", "Thu 12 08:00"]


def test_changes_of_sequenzy():
    """Q40: who waits keeps the end of the wait, in the recipient's zone."""
    people = entries(KYIV, None, TOKYO)
    change = sequenzy.update("2026-03-10T12:00Z", sendingWindow=SERIES.sendingWindow | {"startTime": "10:00"})
    found = simcore.simulate(SERIES, people, changes=[change], time_zones="time_zone")
    for at, name in enumerate([KYIV, NEW_YORK, TOKYO]):
        plain = simcore.simulate(
            moved(SERIES, name),
            people.loc[[at], ["subscriber_id", "entered_at"]],
            changes=[
                sequenzy.update(
                    change.at,
                    sendingWindow=HOURS | SERIES.sendingWindow | {"startTime": "10:00", "timezone": name},
                )
            ],
        )
        assert sent(found.timeline, at, name) == sent(plain.timeline, at, name)
        assert sent(found.timeline, at, name)[-1].endswith("10:00")


def test_enrolled_by_events_alone(text_of):
    events = [
        {"subscriber_id": name, "at": "2026-03-07T02:07Z", "event": "contact_added"} for name in ("a", "b")
    ]
    found = simcore.project(SERIES, events=events, time_zones={"a": KYIV})
    assert sent(found, "a", KYIV)[0] == sent(found, "b", NEW_YORK)[0] == "Mon 09 08:00"
    told = text_of(simcore.EntryError, simcore.project, SERIES, events=events, time_zones="time_zone")
    assert told == (
        "time_zones: a column of entries, and there are no entries: give a dict or a Series of subscriber to zone"
    )


# ---------------------------------------------------------------- parts of plans


def test_what_has_no_zone_stays_as_it_is():
    for one in (Elapsed(5), Poll(900)):
        assert one.as_own() is one
        assert one.in_zone(KYIV) is one
    own = CalendarDays(1, NEW_YORK).as_own()
    assert own.as_own() is own
    window = SendWindow(frozenset({0}), 0, 60, NEW_YORK).as_own()
    assert window.in_zone(KYIV).time_zone == KYIV
