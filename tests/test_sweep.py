"""Sweeps: each row is what simulating that schedule by itself comes to.

The five metrics are computed anew from the frames of `simcore.simulate`: quantiles by numpy, the clock by zoneinfo.
"""

import copy
import importlib
import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from conftest import NO_ENTRIES
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracle import zone_info
from sequenzy_strategies import cases as sequenzy_cases
from strategies import DAY_NAMES, ODD_ZONES, lifecycle_cases, static_cases
from test_forecast import sequenzy_arguments

import simcore
from simcore import kit, sequenzy
from simcore.answers import metrics, projection
from simcore.engine import times
from simcore.errors import EntryError, SimcoreError, TooLateError, ValidationError

METRICS = ["median_days", "p95_days", "weekend_share", "night_share", "most_in_an_hour"]
DAY_US = 86_400 * 10**6
sweep = importlib.import_module("simcore.answers.sweep")  # `simcore.sweep` is the function
ENTRY = ["2026-03-06T21:07:30-05:00"]
SOME = settings(  # each example is six lives or so
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=settings().max_examples // 2,
)
FEWER = settings(SOME, max_examples=settings().max_examples // 5)


def measured(life, name):
    """The five metrics of a simulation, shown by the clock of the zone of that name."""
    ended = life.subscribers.dropna(subset="last_send_at")
    if not len(ended):
        assert not len(life.timeline)
        return [np.nan] * 4 + [0]
    days = (ended["last_send_at"] - ended["entered_at"]).dt.as_unit("us").to_numpy().astype("int64") / DAY_US
    weekend = night = 0
    hours = Counter()
    for t, sends in life.timeline["send_at"].dt.tz_convert("UTC").value_counts().items():
        wall = t.to_pydatetime().astimezone(zone_info(name))
        weekend += sends * (wall.weekday() >= 5)
        night += sends * (wall.hour >= 22 or wall.hour < 7)
        hours[wall.date(), wall.hour, wall.utcoffset()] += sends
    total = len(life.timeline)
    return [
        np.median(days),
        np.percentile(days, 95),
        weekend / total,
        night / total,
        max(hours.values()),
    ]


def zone_of(sequence):
    return sequence.time_zone


def combinations(fields):
    return [
        dict(zip(fields, chosen, strict=True)) for chosen in itertools.product(*map(list, fields.values()))
    ]


def kit_made(sequence, chosen):
    """A Kit sequence with some values, by replace and replace_email alone."""
    emails = {}
    for path, value in chosen.items():
        if path.startswith("emails["):
            place, name = path.removeprefix("emails[").split("].")
            emails.setdefault(int(place), {})[name] = value
        else:
            sequence = sequence.replace(**{path: value})
    for place, changed in emails.items():
        sequence = sequence.replace_email(place, **changed)
    return sequence


def sequenzy_made(sequence, chosen):
    """A Sequenzy sequence with some values, written into its body."""
    body = sequence.to_api()
    for path, value in chosen.items():
        here = body.get("sequence", body)
        *way, last = [
            int(part) if part.isdigit() else part
            for part in path.replace("]", "").replace("[", ".").split(".")
        ]
        for part in way:
            if isinstance(part, str) and here.get(part) is None:
                here[part] = {}
            here = here[part]
        if value is None:
            here.pop(last, None)
        else:
            here[last] = copy.deepcopy(value)
    return sequenzy.from_api(body)


def brute(sequence, fields, made, **arguments):
    """The metrics of each combination, one simulation after the other; what is raised, if anything is."""
    rows = []
    for chosen in combinations(fields):
        try:
            schedule = made(sequence, chosen)
            rows.append(measured(simcore.simulate(schedule, **arguments), zone_of(schedule)))
        except SimcoreError as error:
            return type(error)
        assert (
            rows[-1][-1] == simcore.forecast(schedule, freq="h", by=None, **arguments)["sends"].max()
            or not rows[-1][-1]
        )
    return rows


def assert_swept(sequence, fields, made, **arguments):
    """A sweep is the simulations of its schedules."""
    expected = brute(sequence, fields, made, **arguments)
    if isinstance(expected, type):
        with pytest.raises(expected):
            simcore.sweep(sequence, fields, **arguments)
        return None
    found = simcore.sweep(sequence, fields, **arguments)
    assert_metrics(found, fields, expected)
    return found


def assert_metrics(found, fields, expected):
    assert found.columns.tolist() == [*fields, *METRICS]
    assert found.index.equals(pd.RangeIndex(len(expected)))
    assert [str(found[name].dtype) for name in METRICS] == ["float64"] * 4 + ["int64"]
    np.testing.assert_allclose(
        found[METRICS].to_numpy(float), np.array(expected, float), rtol=1e-9, atol=1e-9
    )


@st.composite
def rooms(draw):
    """Ways to keep little, look at few runs, and count as for many."""
    return {
        "room": draw(st.sampled_from([0, 1, 7, 1 << 20])),
        "few": draw(st.sampled_from([1, 2, times.FEW])),
        "many": draw(st.sampled_from([1, times.MANY])),
        "sample": draw(st.sampled_from([30, 1, 2, metrics._SAMPLE])),
        "margin": draw(st.sampled_from([1, metrics._MARGIN])),
        "further": draw(st.sampled_from([0, metrics._FURTHER_US])),
    }


def patched(patch, rooms):
    patch.setattr(projection, "_ROOM", 0)
    patch.setattr(projection, "_ROOM_MORE", rooms["room"])
    patch.setattr(times, "FEW", rooms["few"])
    patch.setattr(times, "MANY", rooms["many"])
    patch.setattr(metrics, "_SAMPLE", rooms["sample"])
    patch.setattr(metrics, "_MARGIN", rooms["margin"])
    patch.setattr(metrics, "_FURTHER_US", rooms["further"])
    patch.setattr(metrics, "_FEW", rooms["few"])


# ---------------------------------------------------------------- any case


def some_values(draw, values, most):
    return draw(st.lists(st.sampled_from(values), min_size=1, max_size=most, unique_by=repr))


@st.composite
def kit_fields(draw, emails):
    """Fields of a Kit sequence of so many emails, with values that may be refused together."""
    place = draw(st.integers(0, emails - 1))
    values = {
        "send_hour": [*range(24)],
        "time_zone": [*ODD_ZONES],
        "send_days": [*DAY_NAMES[:40:3], []],
        "repeat": [False, True],
        "active": [True, False],
        "exclude_subscriber_sources": [
            [],
            [{"type": "tag", "ids": [1, 2]}],
            [{"type": "form", "ids": [1, 3]}],
        ],
        f"emails[{place}].delay_value": [1, 2, 3, 9],
        f"emails[{emails - 1}].delay_unit": ["days", "hours"],
        f"emails[{place}].published": [True, False],
        f"emails[{place}].send_days": [None, ["monday"], ("saturday", "sunday")],
    }
    paths = draw(st.lists(st.sampled_from([*values]), min_size=1, max_size=2, unique=True))
    return {path: some_values(draw, values[path], 4 - len(paths)) for path in paths}


@SOME
@given(case=static_cases() | lifecycle_cases(), data=st.data(), rooms=rooms())
def test_kit(arguments_of, case, data, rooms):
    arguments = arguments_of(case)
    sequence = arguments.pop("sequence")
    fields = data.draw(kit_fields(len(sequence.emails)))
    with pytest.MonkeyPatch.context() as patch:
        patched(patch, rooms)
        found = assert_swept(sequence, fields, kit_made, **arguments)
        if found is not None:  # and whatever was looked at before
            turned = {path: fields[path][::-1] for path in reversed(fields)}
            again = simcore.sweep(sequence, turned, **arguments)
            names = [f"at {path}" for path in fields]
            both = [
                each.assign(**{
                    name: each[path].map(repr) for name, path in zip(names, fields, strict=True)
                }).sort_values(names, ignore_index=True)[[*names, *METRICS]]
                for each in (found, again)
            ]
            pd.testing.assert_frame_equal(*both)


@st.composite
def sequenzy_fields(draw, body):
    """Fields of a Sequenzy sequence, with values that may be refused."""
    body = body.get("sequence", body)
    values = {
        "enrollmentMode": [None, "unlimited", "one_time"],
        "stopCondition": [
            None,
            {"type": "has_tag", "value": "T1"},
            {"type": "event_received", "value": "order"},
        ],
        "sendingWindow": [
            None,
            *(
                {"timezone": zone, "startTime": start, "endTime": end, "days": days}
                for zone, days in (("UTC", ["Sun", "mon"]), ("America/Havana", ["sunday", "Fri", "Tue"]))
                for start, end in (("00:00", "24:00"), ("22:30", "23:00"))
            ),
        ],
    }
    if body.get("sendingWindow") and body["sendingWindow"].get("startTime") is not None:
        values["sendingWindow.startTime"] = ["00:00", "00:10"]
        values["sendingWindow.timezone"] = [*ODD_ZONES]
    if body.get("eventName") and body["trigger"] == "event_received":
        values["eventName"] = ["order", "paid"]
    for at, step in enumerate(body["steps"]):
        if not {"delayMs", "waitUntil", "waitUntilWeekday"} & {*step} and "mode" not in step.get("delay", {}):
            values[f"steps[{at}].delay.days"] = [1, 2, 0.5, 8]
            values[f"steps[{at}].delay"] = [None, {"hours": 30}, {"minutes": 15}]
    paths = draw(st.lists(st.sampled_from([*values]), min_size=1, max_size=2, unique=True))
    paths = [path for path in paths if not any(path.startswith(f"{other}.") for other in paths)]
    return {path: some_values(draw, values[path], 4 - len(paths)) for path in paths}


@SOME
@given(case=sequenzy_cases(), data=st.data(), rooms=rooms())
def test_sequenzy(case, data, rooms):
    arguments = sequenzy_arguments(case)
    sequence = arguments.pop("sequence")
    fields = data.draw(sequenzy_fields(case.sequence))
    with pytest.MonkeyPatch.context() as patch:
        patched(patch, rooms)
        assert_swept(sequence, fields, sequenzy_made, **arguments)


@st.composite
def crowds(draw):
    """Numbers of entries about those from which things are done otherwise; equal, tied, sorted or not."""
    size = draw(st.sampled_from([0, 1, 2, 3, 1023, 1024, 1025, 2049, 5000]))
    seed, kind = draw(st.integers(0, 99)), draw(st.sampled_from(["equal", "tied", "sorted", "mixed"]))
    spread = np.random.default_rng(seed).integers(0, 30 * DAY_US, size)
    if kind == "equal":
        spread[:] = 5 * 3600 * 10**6
    elif kind == "tied":
        spread -= spread % (6 * 3600 * 10**6)
    elif kind == "sorted":
        spread.sort()
    return pd.DatetimeIndex(np.datetime64("2026-02-20T00:00", "us") + spread).tz_localize("UTC")


@FEWER
@given(
    entries=crowds(),
    data=st.data(),
    rooms=rooms(),
    until=st.sampled_from([None, "2026-03-09T04:00Z", "2026-02-20T00:00Z"]),
)
def test_crowds(chain, entries, data, rooms, until):
    delays = data.draw(
        st.sampled_from([
            [(0, "days"), (2, "hours"), (1, "days"), (2, "days")],
            [(1, "days"), (1, "days")],
            [(1, "hours"), (1, "hours"), (30, "days")],
            [(0, "days")],
        ])
    )
    fields = {
        "send_hour": data.draw(st.lists(st.integers(0, 23), min_size=1, max_size=2, unique=True)),
        f"emails[{len(delays) - 1}].delay_value": [1, 3],
    }
    if data.draw(st.booleans()):
        fields["send_days"] = [["monday", "saturday"], kit.model.WEEKDAYS]
    if data.draw(st.booleans()):
        fields["emails[0].published"] = [False, True]
    with pytest.MonkeyPatch.context() as patch:
        patched(patch, rooms)
        assert_swept(chain(*delays), fields, kit_made, entries=entries, until=until)


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 9000, 1 << 20])
@pytest.mark.parametrize(
    "fields",
    [
        {"time_zone": ["America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"], "send_hour": [1, 22]},
        {"send_hour": [1, 9, 22], "emails[2].delay_value": [1, 3]},
        {
            "emails[1].delay_value": [1, 2],
            "send_days": [["monday"], ["friday", "sunday"], kit.model.WEEKDAYS],
        },
        {
            "emails[2].delay_unit": ["hours", "days"],
            "emails[2].published": [True, False],
            "send_hour": [5, 6],
        },
    ],
    ids=["zones", "hours", "days", "units"],
)
def test_what_schedules_share(chain, monkeypatch, fields, room):
    """Many instants, that several schedules have in common: what was found for one is not told of another."""
    monkeypatch.setattr(projection, "_ROOM", 0)
    monkeypatch.setattr(projection, "_ROOM_MORE", room)
    spread = np.random.default_rng(3).integers(0, 40 * 24 * 60, 3000) * 60 * 10**6
    entries = pd.DatetimeIndex(np.datetime64("2026-02-20", "us") + spread).tz_localize("UTC")
    sequence = chain((0, "days"), (2, "hours"), (1, "days"))
    assert_swept(sequence, fields, kit_made, entries=entries)


@pytest.mark.slow
def test_twenty_thousand(chain):
    """Those who come twice, and wait for days of the week; more than a kept instant a run is room for."""
    spread = np.random.default_rng(7).integers(0, 60 * DAY_US, 20_000)
    entries = pd.DataFrame({
        "subscriber_id": np.arange(20_000) % 19_000,
        "entered_at": pd.DatetimeIndex(np.datetime64("2026-10-01", "us") + spread).tz_localize("UTC"),
    })
    sequence = chain((2, "hours"), (1, "hours"), (1, "days"))
    fields = {"repeat": [False, True], "send_hour": [1, 22], "emails[2].delay_value": [1, 5]}
    assert_swept(sequence, fields, kit_made, entries=entries)


# ---------------------------------------------------------------- by hand


def test_by_hand(chain):
    """A Friday, 10:00 UTC. Days later at 9:00 or 23:00, and two hours after that; a draft between goes nowhere."""
    sequence = chain((0, "days"), (1, "days"), (1, "days"), (2, "hours"), time_zone="UTC")
    sequence = sequence.replace_email(2, published=False)
    entries = ["2026-03-06T10:00Z"] * 3 + ["2026-03-07T10:00Z"]
    found = simcore.sweep(sequence, {"send_hour": [9, 23], "emails[1].delay_value": [1, 3]}, entries)
    hour = 1 / 24
    # From 10:00 to 11:00 of the next day, or of the third day; or to 01:00 of the day after.
    # Sends of the three: Fri, Sat, Sat; Fri, Mon, Mon; Fri, Sat, Sun; Fri, Mon, Tue. Of the one, a day later.
    expected = [
        [9, 1, 1 + hour, 1 + hour, 9 / 12, 0, 3],
        [9, 3, 3 + hour, 3 + hour, 1 / 12, 0, 3],
        [23, 1, 1 + 15 * hour, 1 + 15 * hour, 8 / 12, 8 / 12, 3],
        [23, 3, 3 + 15 * hour, 3 + 15 * hour, 1 / 12, 8 / 12, 3],
    ]
    np.testing.assert_allclose(found.to_numpy(float), expected, rtol=1e-12)
    drafts = simcore.sweep(sequence, {"send_hour": [9]}, entries, include_drafts=True)
    np.testing.assert_allclose(drafts["median_days"], [2 + hour])


def test_night_and_weekend_have_their_edges(chain):
    """22:00 is night and 7:00 is not; Saturday begins at midnight and Sunday ends at one: each in the zone."""
    entries = pd.DataFrame({
        "subscriber_id": range(8),
        "entered_at": [
            *("2026-03-03T21:59:59.999999-05:00", "2026-03-03T22:00-05:00"),
            *("2026-03-04T06:59:59.999999-05:00", "2026-03-04T07:00-05:00"),
            *("2026-03-06T23:59:59.999999-05:00", "2026-03-07T00:00-05:00"),
            *("2026-03-08T23:59:59.999999-04:00", "2026-03-09T00:00-04:00"),
        ],
    })
    sequence = chain((0, "days"))
    expected = [(0, 0), (1, 0), (1, 0), (0, 0), (1, 0), (1, 1), (1, 1), (1, 0)]
    for first, (night, weekend) in enumerate(expected):
        found = simcore.sweep(sequence, {"send_hour": [9]}, entries[first : first + 1])
        assert found.loc[0, ["night_share", "weekend_share", "most_in_an_hour"]].tolist() == [
            night,
            weekend,
            1,
        ]
        assert found.loc[0, ["median_days", "p95_days"]].tolist() == [0, 0]
    tokyo = simcore.sweep(sequence, {"time_zone": ["America/New_York", "Asia/Tokyo"]}, entries)
    # There it is 14 hours later, from Sunday on 13: between 11:59 and 21:00, and of Saturday are the 5th and 6th.
    assert tokyo["night_share"].tolist() == [6 / 8, 0]
    assert tokyo["weekend_share"].tolist() == [2 / 8, 2 / 8]


def test_the_percentile_lies_between(chain):
    """Two runs, of one hour and of three: half is two, and 95 of a hundred 2.9."""
    sequence = chain((1, "hours"), (2, "hours"))
    entries = pd.Series(["2026-03-02T12:00Z", "2026-03-02T12:00Z"], index=["x", "y"])
    events = pd.DataFrame({"subscriber_id": ["x"], "at": ["2026-03-02T14:00Z"], "event": ["removed"]})
    found = simcore.sweep(sequence, {"send_hour": [9]}, entries, events=events)
    assert (found["median_days"] * 24).round(9).tolist() == [2]
    assert (found["p95_days"] * 24).round(9).tolist() == [2.9]


def test_an_hour_that_comes_twice_is_two(chain):
    entries = ["2026-11-01T01:30-04:00", "2026-11-01T01:30-05:00", "2026-11-01T01:59-05:00"]
    found = simcore.sweep(chain((0, "days")), {"time_zone": ["America/New_York", "UTC"]}, entries)
    assert found["most_in_an_hour"].tolist() == [2, 2]
    found = simcore.sweep(chain((0, "days")), {"time_zone": ["America/New_York", "UTC"]}, entries[:2])
    assert found["most_in_an_hour"].tolist() == [1, 1]


def test_earlier_entries_in_a_later_schedule():
    """Who enters differs by schedule: the first orders are days before the first payment."""
    hello = {"subject": "Hello", "html": "<p>Hello</p>", "delay": {"hours": 1}}
    sequence = sequenzy.Sequence(name="S", trigger="event_received", eventName="paid", steps=[hello])
    events = pd.DataFrame({
        "subscriber_id": ["a", "b", "c"],
        "at": ["2026-03-02T11:00Z", "2026-03-03T11:00Z", "2026-03-05T11:00Z"],
        "event": ["order", "order", "paid"],
    })
    for names in (["paid", "order"], ["order", "paid"]):
        found = simcore.sweep(sequence, {"eventName": names}, events=events)
        assert found["most_in_an_hour"].tolist() == [1, 1]
        assert_swept(sequence, {"eventName": names}, sequenzy_made, events=events)


def test_all_are_excluded_when_it_is_due(chain):
    """Emails that go to nobody: no error, and nothing to measure."""
    sequence = chain((1, "days"), exclude_subscriber_sources=[{"type": "tag", "ids": [5]}])
    entries = pd.Series(["2026-03-02T12:00Z"], index=["x"])
    events = pd.DataFrame({
        "subscriber_id": ["x"], "at": ["2026-03-02T13:00Z"], "event": ["tag_added"], "ref": [5],
    })  # fmt: skip
    fields = {"exclude_subscriber_sources": [[{"type": "tag", "ids": [5]}], []]}
    found = simcore.sweep(sequence, fields, entries, events=events)
    assert found["most_in_an_hour"].tolist() == [0, 1]
    assert found[METRICS[:4]].isna().to_numpy().tolist() == [[True] * 4, [False] * 4]


def test_nothing_is_sent(chain):
    fields = {"send_hour": [9, 10], "active": [True, False]}
    for sequence, entries in (
        (chain((1, "days")), []),
        (chain((1, "days"), send_days=()), ENTRY),
        (kit.Sequence(name="S"), ENTRY),
    ):
        found = simcore.sweep(sequence, fields, entries)
        assert found[METRICS].isna().to_numpy().tolist() == [[True] * 4 + [False]] * 4
        assert found["most_in_an_hour"].tolist() == [0] * 4
        assert [str(kind) for kind in found[METRICS].dtypes] == ["float64"] * 4 + ["int64"]


@pytest.mark.slow
def test_runs_that_do_not_come_so_far(chain):
    """Many would have an email after 2200, some after all tables, but the world ends before."""
    entries = pd.DatetimeIndex([
        *["2026-03-07T12:00Z"] * 1500,
        *pd.date_range("2190-01-01", periods=1500, freq="D", tz="UTC", unit="us"),
    ])
    sequence = chain((2, "hours"), (3650, "days"), (3650, "days"), (3650, "days"))
    fields = {"emails[1].delay_value": [3650, 30]}
    assert_swept(sequence, fields, kit_made, entries=entries, until="2199-01-01T00:00Z")


def test_what_differs_by_order_and_render_is_nothing(chain):
    sequence, fields = chain((0, "days"), (1, "days")), {"send_hour": [3, 4]}
    plain = simcore.sweep(sequence, fields, ENTRY)
    pd.testing.assert_frame_equal(simcore.sweep(sequence, fields, ENTRY, order="email"), plain)
    onboarding = sequenzy.load(simcore.example("onboarding"))
    days = {"steps[1].delay.days": [1, 2]}
    events = pd.read_csv(simcore.example("sequenzy_events"))
    plain = simcore.sweep(onboarding, days, events=events)
    pd.testing.assert_frame_equal(simcore.sweep(onboarding, days, events=events, render=True), plain)
    assert (plain["median_days"] > 0).all()
    later = simcore.sweep(onboarding, days, events=events, enabled_at="2090-01-01T00:00Z")
    assert later["most_in_an_hour"].tolist() == [0, 0]


def test_changes_in_a_generator_serve_every_schedule(chain):
    sequence, fields = chain((0, "days"), (1, "days")), {"send_hour": [3, 4], "hold": [False, True]}
    changes = [kit.update("2026-03-07T00:00Z", send_days=["monday"])]
    found = simcore.sweep(sequence, fields, ENTRY, changes=(each for each in changes))
    pd.testing.assert_frame_equal(found, simcore.sweep(sequence, fields, ENTRY, changes=changes))
    assert_swept(sequence, fields, kit_made, entries=ENTRY, changes=changes)


def test_naive_entries(chain):
    sequence, fields = chain((0, "days"), (1, "days")), {"send_hour": [3, 4]}
    found = simcore.sweep(sequence, fields, ["2026-03-06 21:07:30"], naive_time_zone="America/New_York")
    pd.testing.assert_frame_equal(found, simcore.sweep(sequence, fields, ENTRY))


# ---------------------------------------------------------------- columns


def test_rows_are_the_product_in_order_and_values_as_given(chain):
    sequence = chain((0, "days"), (1, "days"))
    fields = {
        "send_days": [["monday", "tuesday"], ("friday",)],
        "send_hour": np.array([23, 0]),
        "emails[1].delay_value": iter([2, 1]),
        "time_zone": pd.Index(["UTC"]),
        "repeat": {True: "a dict's keys are no list"}.keys(),
    }
    found = simcore.sweep(sequence, fields, ENTRY)
    assert found.columns.tolist() == [*fields, *METRICS]
    assert found["send_days"].tolist() == [("monday", "tuesday")] * 4 + [("friday",)] * 4
    assert found["send_hour"].tolist() == [23, 23, 0, 0] * 2
    assert found["emails[1].delay_value"].tolist() == [2, 1] * 4
    assert found["send_hour"].dtype == found["emails[1].delay_value"].dtype == np.int64
    assert found["time_zone"].tolist() == ["UTC"] * 8
    assert found["repeat"].dtype == bool
    own = simcore.sweep(sequence, {"emails[1].send_days": [None, ["friday"]]}, ENTRY)["emails[1].send_days"]
    assert own.tolist() == [None, ("friday",)]
    assert simcore.sweep(sequence, {"updated_at": [None, "2026"]}, ENTRY)["updated_at"].tolist() == [
        None,
        "2026",
    ]
    assert found.groupby("send_days").size().to_dict() == {("monday", "tuesday"): 4, ("friday",): 4}


def test_lists_of_different_lengths_beside_none(chain):
    found = simcore.sweep(
        chain((1, "days")), {"emails[0].send_days": [None, ["monday"], ["monday", "friday"]]}, ENTRY
    )
    assert found["emails[0].send_days"].tolist() == [None, ("monday",), ("monday", "friday")]
    days = [(3 * 24 + 11 - (21 + 7.5 / 60) - 1) / 24] * 2  # Friday 21:07:30 to Monday 11:00, an hour less
    assert found["median_days"].tolist()[1:] == pytest.approx(days)


def test_dicts_stay_as_they_are():
    hello = {"subject": "Hello", "html": "<p>Hello</p>"}
    sequence = sequenzy.Sequence(name="S", trigger="contact_added", steps=[hello])
    waits = [{"days": 1}, {"hours": 36}]
    found = simcore.sweep(sequence, {"steps[0].delay": waits}, ["2026-03-02T12:00Z"])
    assert found["steps[0].delay"].tolist() == waits
    assert found["median_days"].tolist() == [1, 1.5]


def test_a_value_within_a_value_is_put_into_a_copy():
    """Paths one inside the other, of which the first brings a dict: neither it nor the next schedule is touched."""
    hello = {"subject": "Hello", "html": "<p>Hello</p>"}
    sequence = sequenzy.Sequence(name="S", trigger="contact_added", steps=[hello])
    waits = [{"days": 1}, {"days": 2}]
    fields = {"steps[0].delay": waits, "steps[0].delay.hours": [12, 6]}
    found = simcore.sweep(sequence, fields, ["2026-03-02T12:00Z"])
    assert found["median_days"].tolist() == [1.5, 1.25, 2.5, 2.25]
    assert waits == [{"days": 1}, {"days": 2}]
    assert "delay" not in sequence.steps[0]


def test_inputs_are_as_they_were(chain):
    sequence = chain((0, "days"), (1, "days"), repeat=True)
    given = {
        "entries": pd.DataFrame({"subscriber_id": ["a", "a"], "entered_at": ENTRY * 2}, index=[4, 4]),
        "events": pd.DataFrame({"subscriber_id": ["a"], "at": ENTRY, "event": ["unsubscribed"]}),
        "changes": [kit.update("2026-03-07T00:00Z", send_hour=4)],
    }
    fields = {"send_days": [["monday"], ["friday"]], "send_hour": [1, 2]}
    before, fields_before, sequence_before = copy.deepcopy((given, fields, sequence.to_api()))
    simcore.sweep(sequence, fields, **given)
    for name in ("entries", "events"):
        pd.testing.assert_frame_equal(given[name], before[name])
    assert (given["changes"], fields, sequence.to_api()) == (
        before["changes"],
        fields_before,
        sequence_before,
    )


# ---------------------------------------------------------------- metrics of one's own


def test_metrics_of_ones_own(chain):
    """They see what `simulate` gives, each schedule's, and stand under their names in order."""
    sequence = chain((0, "days"), (1, "days"))
    fields = {"send_hour": [9, 3], "emails[1].published": [True, False]}
    seen = []
    metrics = {
        "journal": lambda life: seen.append(life) or len(life.journal),
        "last": lambda life: life.timeline["send_at"].max(),
        "who": lambda life: life.subscribers["status"].tolist(),
    }
    found = simcore.sweep(sequence, fields, ENTRY, metrics=metrics)
    assert found.columns.tolist() == [*fields, *metrics]
    assert found["journal"].tolist() == [2] * 4
    assert found["who"].tolist() == [["completed"]] * 4
    lives = [simcore.simulate(kit_made(sequence, chosen), ENTRY) for chosen in combinations(fields)]
    assert found["last"].tolist() == [life.timeline["send_at"].max() for life in lives]
    assert len(seen) == 4
    for life in lives:
        assert any(all(mine.equals(other) for mine, other in zip(life, each, strict=True)) for each in seen)
    assert all(isinstance(each, simcore.Simulation) for each in seen)


def test_a_metric_that_fails_fails(chain):
    with pytest.raises(ZeroDivisionError):
        simcore.sweep(chain((0, "days")), {"send_hour": [9]}, ENTRY, metrics={"x": lambda life: 1 / 0})


@FEWER
@given(case=lifecycle_cases(), data=st.data(), rooms=rooms())
def test_whole_simulations(arguments_of, case, data, rooms):
    """Frame by frame what simulating each by itself gives."""
    arguments = arguments_of(case)
    sequence = arguments.pop("sequence")
    fields = data.draw(kit_fields(len(sequence.emails)))
    try:
        lives = [simcore.simulate(kit_made(sequence, each), **arguments) for each in combinations(fields)]
    except SimcoreError:
        assume(False)
    with pytest.MonkeyPatch.context() as patch:
        patched(patch, rooms)
        found = simcore.sweep(sequence, fields, **arguments, metrics={"life": lambda life: life})
    for mine, other in zip(found["life"], lives, strict=True):
        for one, two in zip(mine, other, strict=True):
            pd.testing.assert_frame_equal(one, two)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("wrong", [None, {}, [], [("send_hour", [1])], "send_hour", 3], ids=repr)
def test_fields_are_a_dict(text_of, chain, wrong):
    expected = f'fields: found {wrong!r}, expected a dict such as {{"send_hour": range(24)}}'
    assert text_of(SimcoreError, simcore.sweep, chain((0, "days")), wrong, ENTRY) == expected


@pytest.mark.parametrize(
    "wrong",
    [{}, [], ["median_days"], "median_days", 5, len, {"a": 1}, {1: len}, {"a": len, "b": None}],
    ids=repr,
)
def test_metrics_are_a_dict_of_functions(text_of, chain, wrong):
    expected = f"metrics: found {wrong!r}, expected a dict of functions of a simcore.Simulation, by name"
    named = {"metrics": wrong}
    assert (
        text_of(SimcoreError, simcore.sweep, chain((0, "days")), {"send_hour": [1]}, ENTRY, **named)
        == expected
    )


@pytest.mark.parametrize(
    "path",
    [
        *("", "send hour", " send_hour", "send_hour\n", "emails[-1].subject", "emails[x]", "emails[].a"),
        *(".a", "a.", "ä", "a[٣]", 5, None, ("a",)),
    ],
    ids=ascii,
)
def test_paths_that_are_none(text_of, chain, path):
    expected = (
        "1 problem\n  fields: a path to a field must be of the form send_hour or emails[2].delay_value "
        f"(found {path!r})"
    )
    assert text_of(ValidationError, simcore.sweep, chain((0, "days")), {path: [1]}, ENTRY) == expected


@pytest.mark.parametrize("wrong", ["monday", b"x", {"a": 1}, 3, None, True], ids=repr)
def test_values_are_a_list(text_of, chain, wrong):
    expected = f"fields: send_hour: found {wrong!r}, expected a list of values"
    assert text_of(SimcoreError, simcore.sweep, chain((0, "days")), {"send_hour": wrong}, ENTRY) == expected


def test_no_values(text_of, chain):
    for none in ([], range(0), iter([]), np.array([])):
        assert text_of(SimcoreError, simcore.sweep, chain((0, "days")), {"send_hour": none}, ENTRY) == (
            "fields: send_hour: found an empty list, expected one value or more"
        )


def test_a_metric_named_as_a_field(text_of, chain):
    named = {"metrics": {"send_hour": len}}
    assert text_of(SimcoreError, simcore.sweep, chain((0, "days")), {"send_hour": [1]}, ENTRY, **named) == (
        "metrics: send_hour is also the name of a field; give the metric another name"
    )
    assert text_of(SimcoreError, simcore.sweep, chain((0, "days")), {"p95_days": [1]}, ENTRY) == (
        "metrics: p95_days is also the name of a field; give the metric another name"
    )


def test_a_combination_that_cannot_be_names_itself(text_of, chain):
    """Whole, however many fields it has."""
    sequence = chain((0, "days"), (1, "days"), (1, "days"))
    fields = {
        "send_hour": [9],
        "emails[1].delay_value": [1, 0],
        "emails[2].delay_unit": ["hours"],
        "emails[2].send_days": [["monday"]],
        "time_zone": ["America/New_York"],
    }
    assert text_of(ValidationError, simcore.sweep, sequence, fields, ENTRY) == (
        "1 problem\n  emails[2].send_days: send_days can't be set when delay_unit is hours (found ['monday'], in the "
        "combination {'send_hour': 9, 'emails[1].delay_value': 1, 'emails[2].delay_unit': 'hours', "
        "'emails[2].send_days': ['monday'], 'time_zone': 'America/New_York'})"
    )
    assert text_of(ValidationError, simcore.sweep, sequence, {"send_hour": [9, 24]}, ENTRY) == (
        "1 problem\n  send_hour: send_hour must be an integer between 0 and 23 (found 24, in the combination "
        "{'send_hour': 24})"
    )
    with pytest.raises(ValidationError) as caught:
        simcore.sweep(sequence, {"emails[7].subject": ["x"], "send_hour": [99]}, ENTRY)
    message = "there is no email at position 7: the sequence has 3"
    assert caught.value.errors == [message]
    assert caught.value.problems == [("emails[7].subject", message)]
    assert caught.value.found == ["in the combination {'emails[7].subject': 'x', 'send_hour': 99}"]


def test_a_combination_of_a_kilometre_is_cut(text_of, chain):
    text = text_of(ValidationError, simcore.sweep, chain((0, "days")), {"send_days": [["x" * 10_000]]}, ENTRY)
    assert len(text) < 700
    assert text.endswith("x…)")


def test_a_change_that_a_combination_makes_impossible_names_it(text_of, chain):
    changes = [kit.update_email("2026-03-02T11:00Z", 101, send_days=["monday"])]
    fields = {"emails[1].delay_unit": ["days", "hours"]}
    named = {"changes": changes}
    assert text_of(
        ValidationError, simcore.sweep, chain((0, "days"), (1, "days")), fields, ENTRY, **named
    ) == (
        "1 problem\n  changes[0].send_days: send_days can't be set when delay_unit is hours (found ['monday'], "
        "update_email 101 at 2026-03-02T11:00Z, in the combination {'emails[1].delay_unit': 'hours'})"
    )


def test_what_project_refuses_is_refused(text_of, chain):
    sequence, fields = chain((0, "days"), (1, "days")), {"send_hour": [1]}
    for wrong in (None, "welcome.json", 3):
        assert text_of(SimcoreError, simcore.sweep, wrong, fields, ENTRY) == (
            f"sequence: found {wrong!r}, expected one as loaded by simcore.kit.load or simcore.sequenzy.load"
        )
    for named, expected in (
        ({"order": "send"}, "order: found 'send', expected 'entry' or 'email'"),
        ({"changes": "x"}, "changes: found 'x', expected a list of changes, such as kit.update(...)"),
        ({"changes": 3}, "changes: found 3, expected a list of changes, such as kit.update(...)"),
        (
            {"enabled_at": "2026-03-02"},
            "enabled_at: this platform's sequences have no trigger to switch on: leave it out",
        ),
        ({"render": True}, "render: this platform's merge tags are not modelled: leave it out"),
    ):
        assert text_of(SimcoreError, simcore.sweep, sequence, fields, ENTRY, **named) == expected
    assert text_of(EntryError, simcore.sweep, sequence, fields) == (f"entries: found None, {NO_ENTRIES}")
    assert text_of(TooLateError, simcore.sweep, sequence, fields, ["2199-12-31T12:00Z"]) == (
        "the email at position 1 (id 101) would go out after 2200-01-01 UTC to row 0 (subscriber 0): pass until= to "
        "end before that, or change the delay or the entry"
    )
    goal = sequenzy.Sequence(name="S", trigger="contact_added", goal="Welcome them")
    assert text_of(SimcoreError, simcore.sweep, goal, {"name": ["T"]}, ENTRY) == (
        "the sequence has a goal and no steps: fetch it again once its emails are written "
        "(GET /api/v1/sequences/{id}), and load that"
    )


def test_what_is_shared_is_made_once_and_kept_while_there_is_room():
    """What nobody asked for the longest goes first, and only as much as has to."""
    shared, things, made = times.Kept(10), "abcd", []

    def asked(thing, size):
        return shared.keep("what", things[things.index(thing)], lambda: made.append(thing) or len(made), size)

    assert [asked("a", 4), asked("b", 6), asked("a", 4), asked("b", 6), asked("a", 4)] == [1, 2, 1, 2, 1]
    assert asked("c", 1) == 3  # and b, unasked for the longest, is gone: 5 are used
    assert [asked("a", 4), asked("c", 1), asked("d", 5), asked("a", 4), asked("c", 1)] == [1, 3, 4, 1, 3]
    assert asked("b", 6) == 5  # d is gone, then a
    assert [asked("c", 1), asked("b", 6), asked("a", 4)] == [3, 5, 6]
    assert made == [*"abcdba"]
    assert shared.keep("else", things, lambda: 7) == 7
    assert shared.keep("what", things, lambda: 8) == 8
