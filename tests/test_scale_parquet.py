"""Parquet files in chunks: the same rows as in one piece, whatever stops a run, and nothing half written."""

import errno
import importlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from conftest import read_back
from hypothesis import given, settings
from hypothesis import strategies as st

import simcore
from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError, TooLateError
from simcore.files.folders import alone
from simcore.scale import parquet
from simcore.scale import source as room

WELCOME = kit.load(simcore.example("welcome"))
ANEW = "choose another folder, or delete this one and start again"
START = np.datetime64("2026-03-01T00:00:00", "us")


def entries_of(ids, seed=0, **others):
    """Entries of some subscribers, at instants of a year."""
    rng = np.random.default_rng(seed)
    at = START + rng.integers(0, 365 * 86_400_000_000, len(ids))
    return pd.DataFrame({
        "subscriber_id": ids,
        "entered_at": pd.DatetimeIndex(at).tz_localize("UTC"),
        **others,
    })


def written(path, entries, **how):
    entries.to_parquet(path, index=False, **how)
    return path


def run(path_in, path_out, sequence=WELCOME, **how):
    return parquet.project(path_in, path_out, sequence, **{"progress": False} | how)


def parts_of(folder):
    return sorted(path.name for path in folder.glob("*.parquet"))


def hidden(folder):
    """All that readers pass over, but the manifest."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def listed(folder):
    return json.loads((folder / "_manifest.json").read_text())["parts"]


def same(found, expected):
    if not len(expected):  # then there is nothing whose subjects could be in the files
        found, expected = found.astype({"subject": str}), expected.astype({"subject": str})
    pd.testing.assert_frame_equal(found, expected, check_index_type=False)


@pytest.fixture
def source(tmp_path):
    """1000 entries of 1000 subscribers."""
    return written(tmp_path / "in.parquet", entries_of(np.arange(1000)), row_group_size=150)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


# The same rows.


@pytest.mark.slow
@pytest.mark.parametrize("chunk_rows", [1, 2, 7, 33, 97, 99, 100, 101, 10**9])
def test_the_same_rows_whatever_the_chunks(tmp_path, out, chunk_rows):
    entries = entries_of(np.repeat(np.arange(25), 4))
    sequence = WELCOME.replace(repeat=True)
    done = run(written(tmp_path / "in", entries), out, sequence, chunk_rows=chunk_rows)
    expected = simcore.project(sequence, entries)
    assert expected["run"].max() == 4
    same(read_back(out), expected)
    assert done == (100, len(expected), len(parts_of(out)), 0)
    assert done.parts == -(-100 // max(4 * -(-chunk_rows // 4), 1))  # four rows stay together
    assert [part["file"] for part in listed(out)] == parts_of(out)
    assert [part["sends"] for part in listed(out)] == [len(pd.read_parquet(out / n)) for n in parts_of(out)]


KINDS = {
    "int64": lambda number: number,
    "int16": np.int16,
    "str": lambda number: f"s{number * 7919 % 1009:04}",
    "category": lambda number: f"s{number * 7919 % 1009:04}",
    "float64": lambda number: -number / 2,
}


@pytest.mark.slow
@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 6), max_size=12),
    kind=st.sampled_from([*KINDS]),
    chunk_rows=st.integers(2, 30),
    batch=st.integers(1, 20),
    group=st.integers(1, 50),
    repeat=st.booleans(),
    order=st.sampled_from(["rises", "falls", "any"]),
    seed=st.integers(0, 9),
)
def test_grouped_files_of_any_shape(
    tmp_path_factory, sizes, kind, chunk_rows, batch, group, repeat, order, seed
):
    folder = tmp_path_factory.mktemp("grouped")
    numbers = list(range(len(sizes)))
    if order != "rises":
        numbers = numbers[::-1] if order == "falls" else random.Random(seed).sample(numbers, len(numbers))
    ids = pd.Series(
        [KINDS[kind](n) for n, size in zip(numbers, sizes, strict=True) for _ in range(size)],
        dtype=kind if sizes or kind != "category" else "str",
    )
    entries = entries_of(ids, seed)
    sequence = WELCOME.replace(repeat=repeat)
    path = written(folder / "in.parquet", entries, row_group_size=group)
    with mock.patch.object(room, "_BATCH", batch), mock.patch.object(room, "_KEYS", 7):
        done = run(path, folder / "out", sequence, chunk_rows=chunk_rows)
    found = read_back(folder / "out")
    plain = "str" if kind == "category" else kind
    expected = simcore.project(sequence, entries.astype({"subscriber_id": plain}))
    if kind in {"str", "category"}:
        found = found.astype({"subscriber_id": expected["subscriber_id"].dtype})
    same(found, expected)
    assert done.rows == len(entries)


def test_all_parts_have_one_schema(tmp_path, out):
    """Also where nothing is sent to anyone in a chunk, or in the whole file."""
    entries = entries_of(np.arange(40)).sort_values("entered_at", ignore_index=True)
    entries["subscriber_id"] = np.arange(40)
    until = entries["entered_at"].iloc[20]
    path = written(tmp_path / "in", entries)
    run(path, out, until=until, chunk_rows=10)
    assert parts_of(out) == [f"part-0000{n}.parquet" for n in range(4)]
    assert [part["sends"] > 0 for part in listed(out)] == [True, True, False, False]
    schemas = {str(pq.read_schema(out / name)) for name in parts_of(out)}
    assert schemas == {
        "subscriber_id: int64\nrun: int32\nposition: int16\nemail_id: int64\n"
        "subject: dictionary<values=string, indices=int32, ordered=0>\n"
        "send_at: timestamp[us, tz=America/New_York]"
    }
    expected = simcore.project(WELCOME, entries, until=until)
    same(read_back(out), expected)
    table = pyarrow.dataset.dataset(out).to_table()
    assert table.column("send_at").to_pylist() == [at.to_pydatetime() for at in expected["send_at"]]


def test_a_file_without_rows(tmp_path, out):
    for number, ids in enumerate([pd.Series([], dtype=object), pd.Series([], dtype="int64")]):
        path = written(tmp_path / "in", entries_of(ids))
        folder = tmp_path / str(number)
        assert run(path, folder) == (0, 0, 1, 0)
        assert pd.read_parquet(folder).empty
        assert run(path, folder) == (0, 0, 1, 1)


def test_names_stay_in_order_beyond_five_digits(source, out):
    with mock.patch.object(room.Source, "chunks", return_value=()):
        parquet.project(source, out, WELCOME, progress=False)
    assert listed(out) == []
    made = []

    def replacing(path, *_):
        made.append(path.name)
        raise SimcoreError("enough")

    with mock.patch.object(parquet, "replacing", replacing), mock.patch.object(parquet, "_keep"):
        for rows, name in [(99_999, "part-00000.parquet"), (100_000, "part-000000.parquet")]:
            path = written(source.with_name(f"{rows}"), entries_of(np.arange(rows)))
            with pytest.raises(SimcoreError, match="enough"):
                run(path, source.with_name(f"{rows}.out"), chunk_rows=1)
            assert made.pop() == name


@pytest.mark.slow
def test_changes_and_other_arguments(tmp_path, out, source):
    """Subjects that change midway have one dictionary from the first part on; a generator serves all parts."""
    entries = pd.read_parquet(source)
    changes = [
        kit.update_email("2026-06-01T00:00Z", WELCOME.emails[1].id, subject="New words"),
        kit.create_email(
            "2026-05-01T00:00Z", subject="One more", delay_value=1, delay_unit="days", published=True
        ),
        kit.delete_email("2026-08-01T00:00Z", WELCOME.emails[2].id),
    ]
    how = {
        "changes": changes,
        "until": "2026-12-01T00:00Z",
        "include_drafts": True,
        "assumptions": kit.Assumptions(day_count="elapsed", queued_emails="reschedule"),
        "explain": True,
    }
    expected = simcore.project(WELCOME, entries, **how)
    run(source, out, **how | {"changes": iter(changes)}, chunk_rows=90)
    found = read_back(out)
    assert {"New words", "One more"} <= set(found["subject"])
    same(found.astype({"subject": str}), expected.astype({"subject": str}))
    assert list(found)[-1] == "reason"
    assert run(source, out, **how, chunk_rows=90).found == 12


def test_order_by_email_holds_in_each_part(source, out):
    run(source, out, order="email", chunk_rows=400)
    entries = pd.read_parquet(source)
    for at, name in enumerate(parts_of(out)):
        part = entries.iloc[400 * at : 400 * (at + 1)]
        same(read_back(out / name), simcore.project(WELCOME, part, order="email"))


@pytest.mark.parametrize("as_text", [True, False])
def test_sequenzy(tmp_path, out, as_text):
    """Properties as JSON texts or as objects; ids of emails are texts; rendered subjects; enrolment but once."""
    body = json.loads(simcore.example("onboarding").read_text("utf-8"))
    body["steps"][0]["subject"] = "Your {{event.item}}"
    sequence = sequenzy.from_api(body)
    properties = [{"item": f"thing {n % 3}"} for n in range(60)]
    entries = entries_of(np.repeat([f"s{n:02}" for n in range(20)], 3)).assign(properties=properties)
    given_ = entries.assign(properties=[json.dumps(each) for each in properties]) if as_text else entries
    path = written(tmp_path / "in", given_)
    run(path, out, sequence, render=True, chunk_rows=8)
    found, expected = read_back(out), simcore.project(sequence, entries, render=True)
    assert len(parts_of(out)) > 5
    assert pq.read_schema(out / parts_of(out)[0]).field("email_id").type == pa.string()
    same(found.astype(object), expected.astype(object))


def test_properties_that_are_none(tmp_path, out):
    sequence = sequenzy.load(simcore.example("onboarding"))
    path = written(tmp_path / "in", entries_of(["a", "b"]).assign(properties=["{}", "[1]"]))
    with pytest.raises(EntryError, match=re.escape("row 1: properties '[1]': not a JSON object")):
        run(path, out, sequence)
    kits = tmp_path / "kit"
    assert run(path, kits).rows == 2  # for Kit it is a column as any other


def test_via_and_other_columns(tmp_path, out):
    entries = entries_of(["a", "a", "b"], via=["form", None, ""], other=[1, 2, 3])
    sequence = WELCOME.replace(repeat=True)
    expected = simcore.project(sequence, entries.assign(via=["form", None, None]))
    run(
        written(tmp_path / "in", entries.assign(via=entries["via"].astype("category"))),
        out,
        sequence,
        chunk_rows=1,
    )
    same(read_back(out), expected)


def test_texts_with_offsets_and_wall_clocks(tmp_path, out):
    entries = pd.DataFrame({
        "subscriber_id": [1, 2, 3],
        "entered_at": ["2026-03-08T02:30:00", "2026-03-06T21:07:30-05:00", "6 March 2026 9pm"],
    })
    run(written(tmp_path / "in", entries), out, naive_time_zone="Europe/Kyiv", chunk_rows=1)
    same(read_back(out), simcore.project(WELCOME, entries, naive_time_zone="Europe/Kyiv"))


# Who comes back.


@pytest.mark.parametrize("ids", [[1, 2, 3, 1], ["b", "a", "c", "b"], [2.5, 1.0, 7.0, 2.5]])
@pytest.mark.parametrize("keys", [1, 2, 1 << 26])
def test_a_subscriber_who_comes_back(tmp_path, out, text_of, ids, keys):
    path = written(tmp_path / "in", entries_of(ids), row_group_size=2)
    with mock.patch.object(room, "_KEYS", keys):
        told = text_of(EntryError, run, path, out, chunk_rows=2)
    assert told == (
        f"{path}: subscriber {ids[0]!r} is at row 0 and, after others, again at row 3: sort the file by "
        "subscriber_id, or give chunk_rows=4 to read it as one chunk"
    )
    assert parts_of(out) == []
    run(path, out, chunk_rows=4)
    same(read_back(out), simcore.project(WELCOME, entries_of(ids)))


def test_keys_that_are_equal_by_chance(tmp_path, out, monkeypatch):
    """Then the ids themselves tell."""
    monkeypatch.setattr(room, "_keys", lambda ids: np.zeros(len(ids), np.uint64))
    monkeypatch.setattr(room, "_BATCH", 3)
    entries = entries_of([5, 5, 3, 9, 9, 9, 1])
    run(written(tmp_path / "in", entries), out, chunk_rows=2)
    same(read_back(out), simcore.project(WELCOME, entries))
    with pytest.raises(EntryError, match="subscriber 3 is at row 2 and") as caught:
        run(written(tmp_path / "back", entries_of([5, 5, 3, 9, 9, 3])), tmp_path / "out2", chunk_rows=2)
    assert caught.value.rows == [2, 5]


# What cannot be used.


@pytest.mark.parametrize(
    ("ids", "missing"), [(["b", "a", None, "c"], 2), ([4, 5, 6, None], 3), ([None] * 4, 0)]
)
def test_a_missing_id(tmp_path, out, text_of, ids, missing):
    entries = entries_of(np.arange(4)).assign(subscriber_id=pd.Series(ids, dtype=object))
    if ids[0] == 4:
        entries = entries.astype({"subscriber_id": "Int64"})
    path = written(tmp_path / "in", entries)
    told = text_of(EntryError, run, path, out, chunk_rows=1)
    assert (
        told
        == f"{path}: 1 of the 1 rows from row {missing} on cannot be used\n  row {missing}: no subscriber_id"
    )
    assert len(parts_of(out)) == missing


def test_instants_in_the_middle(tmp_path, out):
    texts = pd.Series([f"2026-03-{1 + n // 24 % 28:02}T{n % 24:02}:00:00Z" for n in range(1000)])
    texts[[333, 345]] = ["03/06/2026", ""]
    texts[700:720] = "x"
    path = written(tmp_path / "in", pd.DataFrame({"subscriber_id": np.arange(1000), "entered_at": texts}))
    for _ in range(2):
        with pytest.raises(EntryError) as caught:
            run(path, out, chunk_rows=100)
        assert str(caught.value) == (
            f"{path}: 2 of the 100 rows from row 300 on cannot be used\n"
            "  row 333: entered_at '03/06/2026': leaves day and month to guesswork: write it as 2026-03-06 or 6 March "
            "2026\n"
            "  row 345: entered_at '': missing"
        )
        assert caught.value.rows == [333, 345]
        assert parts_of(out) == [f"part-0000{n}.parquet" for n in range(3)]
        assert len(listed(out)) == 3
        assert hidden(out) == [".lock"]
    texts[[333, 345]] = "2026-03-06T00:00Z"
    path = written(tmp_path / "in2", pd.DataFrame({"subscriber_id": np.arange(1000), "entered_at": texts}))
    with pytest.raises(EntryError, match=r"and 10 more$") as caught:
        run(path, tmp_path / "out2", chunk_rows=100)
    assert caught.value.rows == [*range(700, 720)]


def test_via_of_no_platform(tmp_path, out):
    path = written(tmp_path / "in", entries_of([1, 2, 3], via=["form", "form", "carrier pigeon"]))
    with pytest.raises(EntryError, match=re.escape("  row 2: via 'carrier pigeon': not one of: ")):
        run(path, out, chunk_rows=1)


def test_sends_after_the_last_instant(tmp_path, out):
    entries = entries_of(np.arange(5))
    entries.loc[3:, "entered_at"] = pd.Timestamp("2199-12-31T00:00Z")
    path = written(tmp_path / "in", entries)
    with pytest.raises(TooLateError) as caught:
        run(path, out, chunk_rows=2)
    assert str(caught.value).startswith(f"{path}: the email at position 3 (id ")
    assert "would go out after 2200-01-01 UTC to row 3 (subscriber 3): pass until=" in str(caught.value)
    assert caught.value.rows == [3]
    assert len(listed(out)) == 1


@pytest.mark.parametrize("length", [0, 3, 4, 8, 11, 100, 0.25, 0.5, 0.9, -9, -8, -1])
def test_a_truncated_file(source, out, length):
    whole = source.read_bytes()
    source.write_bytes(whole[: int(length * len(whole)) if isinstance(length, float) else length])
    with pytest.raises(SimcoreError) as caught:
        run(source, out)
    assert str(caught.value).startswith(f"{source}: not a Parquet file, or a damaged one: ")
    assert "\n" not in str(caught.value)
    assert not out.exists()


@pytest.mark.parametrize("damage", [b"\x00", b"\xff"])
def test_a_file_that_is_damaged_in_the_middle(source, out, damage, monkeypatch):
    """What is before stays; so it does when it is tried again."""
    monkeypatch.setattr(room, "_BATCH", 50)
    column = pq.ParquetFile(source).metadata.row_group(4).column(1)
    whole = bytearray(source.read_bytes())
    at, size = column.dictionary_page_offset or column.data_page_offset, column.total_compressed_size
    whole[at : at + size] = damage * size
    source.write_bytes(whole)
    for _ in range(2):
        with pytest.raises(SimcoreError) as caught:
            run(source, out, chunk_rows=100)
        assert str(caught.value).startswith(f"{source}: not a Parquet file, or a damaged one: ")
        assert len(listed(out)) == len(parts_of(out)) == 5  # row 600 could be of the same subscriber
        assert hidden(out) == [".lock"]


def test_texts_that_are_not_utf_8(tmp_path, out):
    ids = pa.array([b"a", b"\xff\xfe"]).view(pa.binary()).cast(pa.string(), safe=False)
    at = pa.array(["2026-03-06T00:00Z"] * 2)
    pq.write_table(pa.table({"subscriber_id": ids, "entered_at": at}), tmp_path / "in")
    with pytest.raises(SimcoreError, match=r"in: not a Parquet file, or a damaged one: .*(?i:utf)"):
        run(tmp_path / "in", out)


@pytest.mark.parametrize("chunk_rows", [2, 1000])
def test_columns_of_other_names(tmp_path, out, chunk_rows):
    """Those of here that others take the names of, and those of which nothing is asked, play no part."""
    entries = entries_of([1, 2, 2, 3, 4])
    other = entries.rename(columns={"subscriber_id": "email", "entered_at": "Subscribed at"})
    other = other.assign(subscriber_id="x", note="y")[["note", "Subscribed at", "email", "subscriber_id"]]
    columns = {"subscriber_id": "email", "entered_at": "Subscribed at"}
    path = written(tmp_path / "in", other)
    run(path, out, columns=columns, chunk_rows=chunk_rows)
    same(read_back(out), simcore.project(WELCOME, entries))
    assert run(path, out, columns=columns, chunk_rows=chunk_rows).found == len(parts_of(out))


def test_columns_as_platforms_name_them(tmp_path, text_of):
    at = ["2026-03-06T00:00Z"] * 3
    page = written(tmp_path / "kit", pd.DataFrame({"id": [1, 2, 3], "added_at": at}))
    assert run(page, tmp_path / "a").rows == 3
    ways = ["manual", "event", None]
    page = pd.DataFrame({"subscriberId": ["a", "b", "c"], "enrollmentStartedAt": at, "enteredVia": ways})
    order = sequenzy.load(simcore.example("onboarding"))
    assert run(written(tmp_path / "page", page), tmp_path / "b", order).rows == 3
    told = text_of(EntryError, run, tmp_path / "page", tmp_path / "c", order, columns={"via": "enteredVia"})
    assert told.endswith("\n  row 1: via 'event': not one of: trigger, manual, audience")


def test_columns_that_are_not_there(tmp_path, out, text_of):
    path = written(tmp_path / "in", entries_of([1]))
    assert text_of(SimcoreError, run, path, out, columns={"entered_at": "Entered"}) == (
        "columns: entered_at is 'Entered', and entries have no such column; the columns are: "
        f"{', '.join(pq.read_schema(path).names)}; did you mean 'entered_at'?"
    )


def test_columns(tmp_path, out, text_of):
    path = written(tmp_path / "in", pd.DataFrame({"id": [1], "entered_at": ["2026-03-06T00:00Z"]}))
    expected = (
        f"{path}: no column subscriber_id; did you mean 'id'? the columns are: id, entered_at; "
        'columns={"subscriber_id": "id"} maps it'
    )
    assert text_of(SimcoreError, run, path, out) == expected
    stamps = pa.array(["2026-03-06T00:00Z"])
    for name, array in [("list<", pa.array([[1]])), ("struct<", pa.array([{"a": 1}]))]:
        pq.write_table(pa.table({"subscriber_id": array, "entered_at": stamps}), path)
        told = text_of(SimcoreError, run, path, out)
        assert told.startswith(f"{path}: subscriber_id is a {name}")
        assert told.endswith(" column, expected numbers or texts")
    assert not out.exists()


@pytest.mark.parametrize("chunk_rows", [0, -1, 1.5, True, None, "100"])
def test_chunks_of_no_length(source, out, text_of, chunk_rows):
    expected = f"chunk_rows: found {chunk_rows!r}, expected a whole number of 1 or more"
    assert text_of(SimcoreError, run, source, out, chunk_rows=chunk_rows) == expected


@pytest.mark.parametrize(
    "how",
    [{"order": "none"}, {"changes": "x"}, {"naive_time_zone": "Mars"}, {"until": "soon"}, {"render": True}],
)
def test_arguments_are_checked_before_anything_is_written(source, out, how):
    entries = pd.read_parquet(source)
    with pytest.raises(SimcoreError) as expected:
        simcore.project(WELCOME, entries, **how)
    with pytest.raises(SimcoreError, match=f"^{re.escape(str(expected.value))}$"):
        run(source, out, **how)
    assert not out.exists()


def test_inputs_that_are_not_there(tmp_path, out, text_of):
    assert text_of(SimcoreError, run, tmp_path / "no", out) == (
        f"{tmp_path / 'no'}: cannot be read: No such file or directory"
    )
    assert text_of(SimcoreError, run, tmp_path, out) == f"{tmp_path}: cannot be read: Is a directory"


def test_without_pyarrow(source, out, text_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    expected = f'{source}: Parquet needs pyarrow: pip install "simcore[parquet]"'
    assert text_of(SimcoreError, run, source, out) == expected


# Where to.


def test_a_folder_of_other_things(source, out, text_of):
    out.mkdir()
    (out / ".DS_Store").touch()
    (out / "notes.txt").touch()
    assert text_of(SimcoreError, run, source, out) == (
        f"{out}: the folder has other files and no _manifest.json of a run to resume: choose a new folder"
    )
    assert hidden(out) == [".DS_Store"]
    (out / "notes.txt").unlink()
    assert run(source, out).parts == 1


@pytest.mark.parametrize(
    ("under", "reason"),
    [("file", "File exists"), ("file/out", "Not a directory"), ("no/out", "No such file or directory")],
)
def test_a_folder_that_cannot_be(source, tmp_path, text_of, under, reason):
    (tmp_path / "file").touch()
    folder = tmp_path / under
    assert text_of(SimcoreError, run, source, folder) == f"{folder}: cannot be written: {reason}"


@contextmanager
def small_disk(folder, size):
    """A disk of so many kilobytes."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        told = done.stderr if done.returncode else ""
    except FileNotFoundError:
        told = "there is no mount"
    if told:
        pytest.skip(f"no tmpfs may be mounted here, to be full or read-only: {told.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_and_a_read_only_one(source, tmp_path, text_of):
    with small_disk(tmp_path / "disk", 64) as disk:
        out = disk / "out"
        told = text_of(SimcoreError, run, source, out, chunk_rows=100)
        before = parts_of(out)
        assert 0 < len(before) < 10
        assert (
            told == f"{out / f'part-0000{len(before)}.parquet'}: cannot be written: No space left on device"
        )
        assert [part["file"] for part in listed(out)] == before
        assert hidden(out) == [".lock"]

        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        told = text_of(SimcoreError, run, source, out, chunk_rows=100)
        assert told == f"{out}: cannot be written: Read-only file system"
        told = text_of(SimcoreError, run, source, disk / "new", chunk_rows=100)
        assert told == f"{disk / 'new'}: cannot be written: Read-only file system"

        subprocess.run(["mount", "-o", "remount,rw,size=4m", str(disk)], check=True)
        assert run(source, out, chunk_rows=100).found == len(before)
        same(read_back(out), simcore.project(WELCOME, pd.read_parquet(source)))


def test_files_that_may_not_grow(source, out, text_of):
    """As a full disk, where no disk can be made: the system refuses to write more of a file."""
    resource = pytest.importorskip("resource", reason="limits on files are Unix's")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    run(source, out, chunk_rows=100)
    sizes = [(out / name).stat().st_size for name in parts_of(out)]
    other = out.with_name("other")
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(sizes) - 1, limits[1]))
    try:
        told = text_of(SimcoreError, run, source, other, chunk_rows=100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert told == f"{other / 'part-00000.parquet'}: cannot be written: File too large"
    assert parts_of(other) == []
    assert hidden(other) == [".lock"]
    assert run(source, other, chunk_rows=100).found == 0
    same(read_back(other), read_back(out))


@pytest.mark.slow
@pytest.mark.parametrize("at", range(8))
def test_a_disk_that_fails_at_any_write(source, out, text_of, monkeypatch, at):
    """Of a part, or of the manifest: a call that ends so is gone on with by the next."""
    real, calls = os.fsync, iter(range(1000))

    def fsync(number):
        if next(calls) == at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    told = text_of(SimcoreError, run, source, out, chunk_rows=250)
    monkeypatch.undo()
    name = f"part-0000{at // 2}.parquet" if at % 2 else "_manifest.json"
    assert told == f"{out / name}: cannot be written: Input/output error"
    assert hidden(out) == [".lock"]
    assert run(source, out, chunk_rows=250).found == max(0, at - 1) // 2
    same(read_back(out), simcore.project(WELCOME, pd.read_parquet(source)))


# Going on.


def stopped(source, out, after, **how):
    """A run that ends after so many parts."""
    real, calls = parquet._sends, iter(range(10**6))

    def sends(*args):
        if next(calls) == after:
            raise KeyboardInterrupt
        return real(*args)

    with mock.patch.object(parquet, "_sends", sends), pytest.raises(KeyboardInterrupt):
        run(source, out, **how)


def test_going_on(source, out):
    stopped(source, out, 3, chunk_rows=100)
    stamps = {name: (out / name).stat().st_mtime_ns for name in parts_of(out)}
    assert len(stamps) == 3
    (out / ".0123456789abcdef.part").write_bytes(b"half of a file")
    assert run(source, out, chunk_rows=100) == (1000, 4000, 10, 3)
    assert {name: (out / name).stat().st_mtime_ns for name in stamps} == stamps
    assert hidden(out) == [".lock"]
    same(read_back(out), simcore.project(WELCOME, pd.read_parquet(source)))


def test_a_finished_run_does_nothing(source, out, capfd):
    first = run(source, out, chunk_rows=100)
    stamps = {path: path.stat().st_mtime_ns for path in out.iterdir() if path.name != ".lock"}
    assert run(source, out, chunk_rows=100) == first._replace(found=10)
    assert capfd.readouterr() == ("", "")
    run(source, out, chunk_rows=100, progress=True)
    assert capfd.readouterr() == ("", f"{out}: already finished, nothing to do\n")
    assert {path: path.stat().st_mtime_ns for path in out.iterdir() if path.name != ".lock"} == stamps


OTHERS = {
    "sequence": {"sequence": WELCOME.replace(send_hour=10)},
    "changes": {"changes": [kit.update("2026-05-01T00:00Z", send_hour=10)]},
    "until": {"until": "2027-01-01T00:00Z"},
    "include_drafts": {"include_drafts": True},
    "assumptions": {"assumptions": kit.Assumptions(day_count="elapsed")},
    "naive_time_zone": {"naive_time_zone": "UTC"},
    "order": {"order": "email"},
    "explain": {"explain": True},
    "chunk_rows": {"chunk_rows": 101},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("parts", [3, 10])
def test_another_run_in_the_folder_is_refused(source, out, text_of, name, parts):
    stopped(source, out, 3, chunk_rows=100)
    if parts == 10:
        run(source, out, chunk_rows=100)
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert text_of(SimcoreError, run, source, out, **{"chunk_rows": 100} | OTHERS[name]) == (
        f"{out}: cannot be resumed, since these have changed: {name}: {ANEW}"
    )
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_ids_that_the_api_does_not_know_are_part_of_a_sequence(source, out):
    emails = [{"subject": "A", "delay_value": 1, "delay_unit": "days", "published": True}]
    sequences = [kit.Sequence(name="S", emails=[kit.Email(**emails[0], id=each)]) for each in (-1, -5)]
    assert sequences[0].to_api() == sequences[1].to_api()
    run(source, out, sequences[0])
    with pytest.raises(SimcoreError, match="have changed: sequence: "):
        run(source, out, sequences[1])


def test_another_input_is_refused(source, out, text_of):
    stopped(source, out, 3, chunk_rows=100)
    expected = f"{out}: cannot be resumed, since these have changed: input: {ANEW}"
    stat = source.stat()
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert text_of(SimcoreError, run, source, out, chunk_rows=100) == expected
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    moved = source.rename(source.with_name("moved"))
    assert run(moved, out, chunk_rows=100).found == 3
    written(moved, entries_of(np.arange(1000), seed=1), row_group_size=150)
    os.utime(moved, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert text_of(SimcoreError, run, moved, out, chunk_rows=100) == expected


@pytest.mark.parametrize("name", ["simcore", "tzdata"])
def test_other_versions_are_refused(source, out, text_of, monkeypatch, name):
    stopped(source, out, 3, chunk_rows=100)
    versions = simcore.versions()
    monkeypatch.setattr(parquet.about, "versions", lambda: versions | {name: "2099.9"})
    assert text_of(SimcoreError, run, source, out, chunk_rows=100, until="2027-01-01T00:00Z") == (
        f"{out}: cannot be resumed, since these have changed: until, {name}: {ANEW}"
    )


def test_what_was_begun_but_has_no_part_is_no_matter(source, out):
    stopped(source, out, 0, chunk_rows=100)
    assert listed(out) == []
    assert run(source, out, chunk_rows=200) == (1000, 4000, 5, 0)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"fingerprint": 1, "parts": []}', '{"fingerprint": {}, "parts": [1]}', "\xff"],
)
def test_no_manifest_of_ours(source, out, text_of, text):
    out.mkdir()
    (out / "_manifest.json").write_bytes(text.encode("latin-1"))
    expected = f"{out / '_manifest.json'}: not a manifest that simcore wrote: {ANEW}"
    assert text_of(SimcoreError, run, source, out) == expected


def test_parts_that_are_gone_or_other(source, out, text_of):
    stopped(source, out, 3, chunk_rows=100)
    part = out / "part-00001.parquet"
    whole = part.read_bytes()
    expected = f"{part}: missing, or changed since it was written: {ANEW}"
    part.write_bytes(whole[:-1])
    assert text_of(SimcoreError, run, source, out, chunk_rows=100) == expected
    part.unlink()
    assert text_of(SimcoreError, run, source, out, chunk_rows=100) == expected
    part.write_bytes(whole)
    assert run(source, out, chunk_rows=100).found == 3


def test_two_at_once(source, out, text_of):
    with alone(out, parquet.MANIFEST):
        assert (
            text_of(SimcoreError, run, source, out)
            == f"{out}: another process is writing to it: let it finish"
        )
    assert run(source, out).parts == 1


def test_where_there_are_no_locks(source, out, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert run(source, out).parts == 1


# Killed.

NURSERY = """
import os
import sys
import pyarrow.compute
import pyarrow.parquet
import simcore
from simcore import kit
from simcore.scale import parquet

path_in, path_out, sequence = sys.argv[1:]
sequence = kit.load(sequence)
simcore.project(sequence, ["2026-03-06T00:00Z"])
while sys.stdin.readline():
    child = os.fork()
    if not child:
        parquet.project(path_in, path_out, sequence, chunk_rows=50, progress=False)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.readline()  # until then the child can be killed, though it has ended
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has neither fork nor SIGKILL")
def test_killed_at_twenty_random_moments(tmp_path, out):
    """Row for row, and byte for byte, what an undisturbed run writes."""
    ids = np.repeat(np.random.default_rng(7).permutation(1000), 5)
    path = written(tmp_path / "in", entries_of(ids), row_group_size=1111)
    whole = tmp_path / "whole"
    since = time.monotonic()
    parquet.project(path, whole, WELCOME, chunk_rows=50, progress=False)
    length = time.monotonic() - since
    files = {each.name: each.read_bytes() for each in whole.iterdir()}
    assert len(files) == 102

    chance, kills, between = random.Random(20), 0, set()
    arguments = [sys.executable, "-c", NURSERY, str(path), str(out), str(simcore.example("welcome"))]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:

        def tried(seconds):
            print(file=nursery.stdin, flush=True)
            child = int(nursery.stdout.readline())
            if seconds is not None:
                time.sleep(seconds)
                os.kill(child, signal.SIGKILL)
            print(file=nursery.stdin, flush=True)
            return int(nursery.stdout.readline())

        while kills < 20:
            if tried(chance.uniform(0, length / 10)) == 0:
                assert {each.name: each.read_bytes() for each in out.iterdir()} == files
                shutil.rmtree(out)
                continue
            kills += 1
            between.add(len(listed(out)) if (out / "_manifest.json").exists() else -1)
        assert len(between) > 3
        assert tried(None) == 0
        nursery.communicate()
    assert {each.name: each.read_bytes() for each in out.iterdir()} == files
    same(read_back(out), simcore.project(WELCOME, pd.read_parquet(path)))


# Memory.

HUNGER = """
import sys
from pathlib import Path
from simcore import kit
from simcore.scale import parquet

def most():  # of this program alone, in MiB
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

path, folder, small, sequence, chunk_rows = sys.argv[1:]
sequence = kit.load(sequence)
parquet.project(small, folder + "-small", sequence, progress=False)
before = most()
done = parquet.project(path, folder, sequence, chunk_rows=int(chunk_rows), progress=False)
print(done.sends, most() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="how much memory was used is read from Linux's /proc"
)
def test_memory_does_not_grow_with_the_file(tmp_path, out):
    """2 million entries, their ids in no order, all in one group of rows; in one chunk they take over 500 MiB."""
    count = 2_000_000
    path = written(tmp_path / "in", entries_of(np.arange(count)[::-1]), row_group_size=count)
    small = written(tmp_path / "small", entries_of(np.arange(2000)))
    arguments = map(str, [path, out, small, simcore.example("welcome"), 50_000])
    done = subprocess.run(
        [sys.executable, "-c", HUNGER, *arguments], capture_output=True, text=True, check=True
    )
    sends, more = done.stdout.split()
    assert int(sends) == 4 * count
    assert float(more) < 160


# How far it is.


def test_a_bar(source, out, capfd):
    run(source, out, chunk_rows=100, progress=True)
    told = capfd.readouterr()
    assert told.out == ""
    assert re.search(r"Projecting .*100%.*1,000 rows, [\d,]+ rows/s", told.err)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_plain_line_without_rich(tmp_path, out, capsys, monkeypatch, terminal):
    path = written(tmp_path / "in", entries_of(np.arange(300)[::-1]))
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    run(path, out, chunk_rows=100, progress=True)
    lines = re.sub(r"[\d,]+ rows/s", "N rows/s", capsys.readouterr().err)
    last = "Projecting: 100%, 300 rows, N rows/s"
    if not terminal:
        assert lines == f"{last}\n"
        return
    steps = [f"Projecting: {part}%, {part * 3} rows, N rows/s" for part in (0, 33, 67)]
    steps[1:] = ["Projecting: 33%, 100 rows, N rows/s", "Projecting: 67%, 200 rows, N rows/s"]
    checks = ["Checking: 100%, 299 rows, N rows/s"] * 2
    assert lines == "".join(f"\r{each}\033[K" for each in [*checks, *steps, last]) + f"\r{last}\n"


def test_nothing_is_shown_unless_asked(source, out, capfd):
    run(source, out, chunk_rows=100)
    assert capfd.readouterr() == ("", "")


def test_a_line_is_whole_where_a_run_ends_early(source, out, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    stopped(source, out, 2, chunk_rows=100, progress=True)
    assert re.fullmatch(r"Projecting: 20%, 200 rows, [\d,]+ rows/s\n", capsys.readouterr().err)


def test_it_is_where_it_is_said_to_be():
    assert importlib.import_module("simcore.scale.parquet").project is parquet.project
