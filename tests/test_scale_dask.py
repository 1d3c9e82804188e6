"""The same rows through Dask as through pandas, on one thread and on a cluster that loses a worker."""

import importlib
import inspect
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

import simcore
from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError

if missing := [name for name in ("dask", "distributed") if find_spec(name) is None]:
    pytest.skip(f"the extra dask has {' and '.join(missing)}", allow_module_level=True)

pytestmark = pytest.mark.slow

ENTRIES = pd.read_csv(simcore.example("entries"))
AGAIN = ENTRIES.iloc[::3].assign(entered_at="2026-03-14T10:00:00-04:00", via="form")
REPEATED = pd.concat([ENTRIES, AGAIN], ignore_index=True)
EVENTS = pd.read_csv(simcore.example("events"))
CHANGES = kit.changes.from_json(json.loads(Path(simcore.example("changes")).read_text()))
WELCOME = kit.load(simcore.example("welcome")).replace(repeat=True)
TRACKED = pd.read_csv(simcore.example("sequenzy_events")).assign(
    properties=lambda events: [
        json.loads(text) if isinstance(text, str) else None for text in events["properties"]
    ]
)
ENROLLED = pd.DataFrame({
    "subscriber_id": [501, 502, 503, 501],
    "entered_at": ["2026-03-27T19:00:00+02:00"] * 4,
    "properties": [
        {"product": {"sku": "a", "runsOutAt": "2026-04-20T00:00Z"}},
        {"product": {"sku": "b"}},
        None,
        {"product": {"sku": "b", "runsOutAt": "2026-04-20T00:00Z", "name": "Öl"}},
    ],
})
REPLENISH = sequenzy.load(simcore.example("replenish"))
CASES = {
    "kit": (WELCOME, ENTRIES, {}),
    "kit, with repeats, events and changes": (WELCOME, REPEATED, {"events": EVENTS, "changes": CHANGES}),
    "sequenzy": (REPLENISH, ENROLLED, {"events": TRACKED, "render": True}),
    "sequenzy, by trigger": (REPLENISH, None, {"events": TRACKED, "render": True}),
    "sequenzy, by trigger, from an instant on": (
        REPLENISH,
        None,
        {"events": TRACKED, "enabled_at": "2026-04-05T00:00Z", "until": "2026-05-08T00:00Z"},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _imports():
    """Dask, which takes so long to be imported that only who tests it does it."""
    global dask, dd, distributed, scale
    import dask
    import dask.dataframe as dd
    import distributed

    scale = importlib.import_module("simcore.scale.dask")


@pytest.fixture(autouse=True)
def _plainly(_imports):
    """On this thread, with objects left as they are."""
    with dask.config.set({"scheduler": "sync", "dataframe.convert-string": False}):
        yield


def lazily(frame, parts):
    return None if frame is None else dd.from_pandas(frame, npartitions=parts, sort=False)


def rows(frame):
    """Rows as they are, in any order; instants in UTC, since of two that a clock change makes alike Python takes no
    zone's for another's."""
    zoned = {name: frame[name].dt.tz_convert("UTC") for name in frame.select_dtypes("datetimetz")}
    plain = frame.assign(**zoned).astype(object)
    return Counter(plain.where(frame.notna(), None).itertuples(index=False, name=None))


@pytest.mark.parametrize("parts", [(4, 2), (2, 5)])
@pytest.mark.parametrize("case", CASES)
def test_the_same_rows_as_pandas(case, parts):
    sequence, entries, given = CASES[case]
    expected = simcore.simulate(sequence, entries, explain=True, **given)
    if "events" in given:
        given = given | {"events": lazily(given["events"], parts[1])}
    life = scale.simulate(lazily(entries, parts[0]), sequence, explain=True, **given)
    assert isinstance(life, simcore.Simulation)
    assert not life.timeline.known_divisions
    assert len(expected.timeline) > 0
    for found, lazy, wanted in zip(dask.compute(*life), life, expected, strict=True):
        assert lazy.dtypes.equals(wanted.dtypes)
        assert found.dtypes.equals(wanted.dtypes)
        assert rows(found) == rows(wanted)


def test_the_order_within_a_partition_is_that_of_the_entries():
    expected = simcore.project(WELCOME, REPEATED, events=EVENTS)
    sends = scale.project(lazily(REPEATED, 1), WELCOME, events=lazily(EVENTS, 1)).compute()
    pd.testing.assert_frame_equal(sends, expected)
    by_email = scale.project(lazily(REPEATED, 1), WELCOME, order="email").compute()
    pd.testing.assert_frame_equal(by_email, simcore.project(WELCOME, REPEATED, order="email"))


def test_ties_count_in_the_order_of_the_rows():
    at = ["2026-03-06T21:07:30-05:00"] * 150
    entries = pd.DataFrame({"subscriber_id": [*range(50)] * 3, "entered_at": at})
    entries["via"] = ["import"] * 50 + ["form"] * 50 + ["api"] * 50
    events = pd.DataFrame({"subscriber_id": [*range(50)] * 2, "at": "2026-03-06T22:00-05:00", "ref": 5})
    events["event"] = ["tag_added"] * 50 + ["tag_removed"] * 50
    sequence = WELCOME.replace(exclude_subscriber_sources=[{"type": "tag", "ids": [5]}])
    for rearranged in (events, events.iloc[::-1]):
        expected = simcore.simulate(sequence, entries, events=rearranged)
        life = scale.simulate(lazily(entries, 6), sequence, events=lazily(rearranged, 4))
        found = dask.compute(life.timeline, life.subscribers)
        assert [*map(rows, found)] == [rows(expected.timeline), rows(expected.subscribers)]
    assert set(expected.subscribers["sends"]) == {0, 1}


def test_what_is_not_read_is_not_shuffled():
    wide = lazily(ENTRIES.assign(note="long", other=1.5), 3)
    assert rows(scale.project(wide, WELCOME).compute()) == rows(simcore.project(WELCOME, ENTRIES))


def test_subscribers_that_are_whole_already():
    by_id = REPEATED.sort_values("subscriber_id", kind="stable")
    halves = [by_id[by_id["subscriber_id"] < 1100], by_id[by_id["subscriber_id"] >= 1100]]
    entries = dd.concat([lazily(half, 1) for half in halves])
    expected = simcore.project(WELCOME, by_id)
    sends = scale.project(entries, WELCOME, partitioned=True)
    assert sends.npartitions == 2
    pd.testing.assert_frame_equal(sends.compute().reset_index(drop=True), expected)
    events = dd.concat([lazily(EVENTS[EVENTS["subscriber_id"] < 1100], 1), lazily(EVENTS[:0], 1)])
    sends = scale.project(entries, WELCOME, events=events, partitioned=True)
    few = EVENTS[EVENTS["subscriber_id"] < 1100]
    assert rows(sends.compute()) == rows(simcore.project(WELCOME, by_id, events=few))
    # Known divisions are about the index, and are nothing to go by.
    by_id.index = pd.RangeIndex(len(by_id))
    known = dd.from_pandas(by_id, npartitions=1)
    assert known.known_divisions
    sends = scale.project(known, WELCOME, events=lazily(EVENTS, 1), partitioned=True)
    assert rows(sends.compute()) == rows(simcore.project(WELCOME, by_id, events=EVENTS))


def test_partitions_without_rows():
    entries, events = lazily(REPEATED, 5), lazily(EVENTS, 3)
    few = entries[entries["subscriber_id"] < 1040]
    expected = simcore.project(WELCOME, REPEATED[REPEATED["subscriber_id"] < 1040], events=EVENTS)
    assert rows(scale.project(few, WELCOME, events=events).compute()) == rows(expected)
    none = scale.simulate(entries[entries["subscriber_id"] < 0], WELCOME, events=events[events["at"] == ""])
    for found, wanted in zip(
        dask.compute(*none), simcore.simulate(WELCOME, REPEATED, events=EVENTS), strict=True
    ):
        assert len(found) == 0
        assert found.dtypes.equals(wanted.dtypes)


def test_the_subjects_are_the_same_categories_in_every_partition():
    changes = [
        kit.update_email("2026-03-12T00:00Z", WELCOME.emails[0].id, subject="Hello again"),
        kit.delete_email("2026-03-25T00:00Z", WELCOME.emails[1].id),
    ]
    sends = scale.project(lazily(ENTRIES, 4), WELCOME, changes=iter(changes))
    subjects = {*(email.subject for email in WELCOME.emails if email.published), "Hello again"}
    categories = sends.dtypes["subject"].categories
    assert set(categories) == subjects
    for part in sends.partitions:
        assert part.compute()["subject"].cat.categories.equals(categories)
    assert rows(sends.compute()) == rows(simcore.project(WELCOME, ENTRIES, changes=changes))


def test_nothing_happens_before_it_is_computed(text_of):
    bad = pd.DataFrame({
        "subscriber_id": [1, 2, 3],
        "entered_at": ["2026-03-06T21:07Z", "03/06/2026", "2026-03-06T21:07"],
    })
    sends = scale.project(lazily(bad, 1), WELCOME)
    text = text_of(EntryError, sends.compute)
    assert text == text_of(EntryError, simcore.project, WELCOME, bad)
    assert "row 1: '03/06/2026' leaves day and month to guesswork" in text
    local = scale.project(lazily(bad.drop(index=1), 2), WELCOME, naive_time_zone="America/New_York")
    assert len(local.compute()) == 8
    good = lazily(bad, 2).map_partitions(lambda part: simcore.split_entries(part)[0])
    assert rows(scale.project(good, WELCOME).compute()) == rows(simcore.project(WELCOME, bad[:1]))


def test_a_life_is_simulated_once_for_its_three_frames(monkeypatch):
    calls = []
    real = scale.make
    monkeypatch.setattr(scale, "make", lambda *args, **named: calls.append(1) or real(*args, **named))
    life = scale.simulate(lazily(ENTRIES, 3), WELCOME)
    calls.clear()
    dask.compute(*life)
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda: scale.project(ENTRIES, WELCOME),
            SimcoreError,
            r"entries: found a pandas[.\w]*\.DataFrame, expected a Dask DataFrame, such as one from "
            r"dask\.dataframe\.from_pandas",
        ),
        (
            lambda: scale.project(lazily(ENTRIES, 1), WELCOME, events=[]),
            SimcoreError,
            r"events: found a builtins\.list, expected a Dask DataFrame, such as one from "
            r"dask\.dataframe\.from_pandas",
        ),
        (
            lambda: scale.project(lazily(ENTRIES, 1), WELCOME, events=lazily(EVENTS.astype(str), 1)),
            EntryError,
            r"events: subscriber_id is (str|object) here and int64 in entries, expected the same type, so that equal "
            "ids meet in one partition: cast one of them with astype",
        ),
        (
            lambda: scale.project(lazily(ENTRIES, 3), WELCOME, events=lazily(EVENTS, 2), partitioned=True),
            SimcoreError,
            "partitioned: found 3 partitions of entries and 2 of events, expected each subscriber in the same "
            "partition of both: leave partitioned out",
        ),
        (
            lambda: scale.simulate(lazily(ENTRIES[["entered_at"]], 1), WELCOME),
            EntryError,
            r"entries: no column subscriber_id; the columns are: entered_at",
        ),
        (
            lambda: scale.project(None, REPLENISH),
            EntryError,
            r"entries: none are given, and no events either: .*",
        ),
        (
            lambda: scale.project(lazily(ENTRIES, 1), WELCOME, order="name"),
            SimcoreError,
            r"order: found 'name', expected 'entry' or 'email'",
        ),
    ],
)
def test_what_is_wrong_with_the_arguments_is_said_at_once(call, kind, text, text_of):
    assert re.fullmatch(text, text_of(kind, call))


def test_objects_that_dask_made_texts_of_are_refused(text_of):
    with dask.config.set({"dataframe.convert-string": True}):
        sends = scale.project(None, REPLENISH, events=lazily(TRACKED, 1))
    assert "is not an object (a dict)" in text_of(EntryError, sends.compute)


def test_without_dask(monkeypatch, text_of):
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    text = text_of(SimcoreError, importlib.reload, scale)
    assert text == 'simcore.scale.dask needs Dask: pip install "simcore[dask]"'


def marked(part, folder, wait):
    """Leaves a mark of which process had a partition, and takes its time."""
    (Path(folder) / f"{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(wait)
    return part


def pids(folder):
    return {int(path.name.partition("-")[0]) for path in folder.iterdir()}


def test_a_cluster_that_loses_a_worker(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    expected = simcore.simulate(WELCOME, REPEATED, events=EVENTS, changes=CHANGES)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path)
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        entries = lazily(REPEATED, 8).map_partitions(marked, str(before), 0.1, meta=REPEATED[:0])
        life = scale.simulate(entries, WELCOME, events=lazily(EVENTS, 2), changes=CHANGES)
        slow = life.timeline.map_partitions(marked, str(after), 0.2, meta=life.timeline._meta)
        workers = set(client.run(os.getpid).values())
        future = client.compute(slow)
        deadline = time.monotonic() + 20
        while not pids(after) and time.monotonic() < deadline:
            time.sleep(0.02)
        # The shuffle is behind them, its parts are in both, and most of the projection lies ahead.
        assert len(pids(before)) == 2
        assert not future.done()
        lost = min(workers)
        os.kill(lost, signal.SIGKILL)
        found = future.result(timeout=60)
        assert rows(found) == rows(expected.timeline)
        assert found.dtypes.equals(expected.timeline.dtypes)
        client.wait_for_workers(2, timeout=60)
        assert lost not in set(client.run(os.getpid).values())
        # And objects go from process to process as they are.
        sends = scale.project(None, REPLENISH, events=lazily(TRACKED, 4), render=True)
        assert rows(client.compute(sends).result(timeout=60)) == rows(
            simcore.project(REPLENISH, events=TRACKED, render=True)
        )


@pytest.mark.parametrize("name", ["project", "simulate"])
def test_options_are_those_of_project(name, text_of):
    verb = getattr(scale, name)
    signature = inspect.signature(verb)
    options = inspect.signature(simcore.project).parameters
    assert {*signature.parameters} == {*options, "cap", "partitioned"}
    assert "- `until`: where the simulation ends" in verb.__doc__
    text = f"{name}() got an unexpected keyword argument 'partition'. Did you mean 'partitioned'?"
    assert text_of(TypeError, verb, None, WELCOME, partition=True) == text
