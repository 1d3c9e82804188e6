"""Signals, memory and sizes: nothing half written stays, and what would not fit is refused before it is made."""

import errno
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pytest
from test_cli import ENTRIES, HEADER, MAIN, WELCOME, account, files, refused, run
from test_fuzz import few_bytes

import simcore
from simcore import cli, kit
from simcore.answers import forecast as forecasts
from simcore.answers import sweep as sweeps
from simcore.cli import answering
from simcore.errors import SimcoreError
from simcore.files import writing
from simcore.files.parquet import check_memory
from simcore.scale import parquet

NO_MEMORY = (
    "there is not enough memory for this: give fewer rows at a time; project takes a .parquet file of any size if -o "
    "is a folder"
)
WELCOMING = kit.load(WELCOME)
ENTRY = ["2026-03-06T21:07-05:00"]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    # Whoever runs the tests in the background may have them ignore signals.
    before = {each: signal.signal(each, signal.SIG_DFL) for each in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for each, heeded in before.items():
        signal.signal(each, heeded)


@pytest.fixture
def ended(monkeypatch):
    """Gives the status with which a command ends."""

    def status(*typed):
        monkeypatch.setattr(sys, "argv", ["simcore", *map(str, typed)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code

    return status


def everything():
    return sorted(str(path) for path in Path().rglob("*"))


# Signals


@pytest.fixture
def killing(monkeypatch):
    """Sends a signal to ourselves once some rows are written."""

    def set_up(number, after=1):
        calls = itertools.count(1)

        def parts(frame):
            yield frame.iloc[:10]
            if next(calls) == after:
                os.kill(os.getpid(), number)
            yield frame.iloc[10:]

        monkeypatch.setattr(writing, "_parts", parts)

    return set_up


TYPED = {
    "csv": ["project", WELCOME, ENTRIES, "-o", "out.csv"],
    "parquet": ["project", WELCOME, ENTRIES, "-o", "out.parquet"],
    "forecast": ["forecast", WELCOME, ENTRIES, "-o", "out.csv"],
    "simulate": ["simulate", WELCOME, ENTRIES, "-o", "out"],
    "simulate's last": ["simulate", WELCOME, ENTRIES, "--format", "parquet", "-o", "out"],
}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("what", TYPED)
def test_a_signal_leaves_nothing(what, name, killing, ended, capsys):
    number = getattr(signal, name)
    killing(number, after=3 if "last" in what else 1)
    assert ended(*TYPED[what]) == 128 + number
    assert everything() == []
    assert capsys.readouterr() == ("", "")
    assert signal.getsignal(number) is signal.SIG_DFL


@pytest.mark.parametrize("there", ["out.csv", "out/timeline.csv"])
def test_what_was_there_stays(there, killing, ended):
    Path(there).parent.mkdir(exist_ok=True)
    Path(there).write_text("as it was", encoding="utf-8")
    before = everything()
    killing(signal.SIGTERM)
    assert ended(*TYPED["simulate" if "/" in there else "csv"]) == 143
    assert everything() == before
    assert Path(there).read_text(encoding="utf-8") == "as it was"


def test_a_second_signal_does_not_disturb(killing, ended, monkeypatch):
    unlink = Path.unlink

    def disturbed(self):
        os.kill(os.getpid(), signal.SIGTERM)
        unlink(self)

    killing(signal.SIGHUP)
    monkeypatch.setattr(Path, "unlink", disturbed)
    assert ended(*TYPED["simulate"]) == 129
    assert everything() == []


def test_a_signal_that_is_ignored_stays_so(killing, ended):
    """As nohup asks for."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    killing(signal.SIGHUP)
    assert ended(*TYPED["csv"]) == 0
    assert files() == ["out.csv"]
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_where_there_is_no_such_signal(killing, ended, monkeypatch):
    number = signal.SIGHUP
    signal.signal(number, signal.SIG_IGN)
    monkeypatch.delattr(signal, "SIGHUP")
    killing(number)
    assert ended(*TYPED["csv"]) == 0


def test_a_folder_of_parquet_has_no_half_part(ended, monkeypatch):
    entries = pd.read_csv(ENTRIES, dtype=str).sort_values("subscriber_id", kind="stable")
    entries.to_parquet("e.parquet")
    before, settle = files(), parquet.settle

    def killed(sink):
        settle(sink)
        if ".part" in sink.name and Path("out/_manifest.json").exists():
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(parquet, "settle", killed)
        assert ended("project", WELCOME, "e.parquet", "-o", "out") == 143
    assert everything() == [*before, "out", "out/.lock", "out/_manifest.json"]
    assert run("project", WELCOME, "e.parquet", "-o", "out").stdout.startswith("800 sends from 200 rows")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "name", "parts"),
    [
        (["project", WELCOME, "e.csv", "-o", "o/out.csv"], "SIGTERM", 1),
        (["project", WELCOME, "e.csv", "-o", "o/out.parquet"], "SIGHUP", 1),
        (["simulate", WELCOME, "e.csv", "-o", "o/s"], "SIGTERM", 3),
    ],
    ids=["csv", "parquet", "simulate"],
)
def test_a_process_that_is_killed(typed, name, parts):
    os.mkfifo("e.csv")
    Path("o").mkdir()
    heeds = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{heeds}; {MAIN}", *typed], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        with open("e.csv", "wb", buffering=0) as pipe:  # which waits until the command reads
            pipe.write(HEADER.encode())
            while len([*Path("o").rglob(".*.part")]) < parts:
                time.sleep(0.01)
            time.sleep(0.2)
            process.send_signal(getattr(signal, name))
            assert process.wait(60) == 128 + getattr(signal, name)
        assert process.stdout.read() + process.stderr.read() == b""
    assert everything() == ["e.csv", "o"]


# Memory


def test_a_small_file_takes_little():
    with few_bytes(2 << 20):
        kit.load(WELCOME)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        OSError(errno.ENOMEM, "Cannot allocate memory", "out.csv"),
        pyarrow.lib.ArrowMemoryError("malloc of size 64 failed"),
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "typed", [["-o", "out.csv"], [], ["-o", "out.csv", "--json"]], ids=["file", "here", "json"]
)
def test_a_lack_of_memory_is_one_message(error, typed, monkeypatch):
    def fails(*given, **more):
        raise error

    monkeypatch.setattr(answering, "read", fails)
    result = run("project", WELCOME, ENTRIES, *typed, status=2)
    assert result.stdout == ""
    expected = f'{{"error": "{NO_MEMORY}"}}\n' if "--json" in typed else f"Error: {NO_MEMORY}\n"
    assert result.stderr == expected
    assert files() == []


def test_numpys_lack_of_memory_is_too(monkeypatch):
    monkeypatch.setattr(answering, "read", lambda *given, **more: np.empty(1 << 48))
    assert refused("project", WELCOME, ENTRIES, "-o", "out.csv") == NO_MEMORY


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (pyarrow.lib.ArrowMemoryError("realloc of size 128 failed"), True),
        (pyarrow.lib.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"),
         True),
        (OSError("Cannot allocate memory"), True),
        (pyarrow.lib.ArrowInvalid("Parquet magic bytes not found in footer"), False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("out", ["out.csv", "out"])
def test_a_lack_of_memory_is_not_blamed_on_the_file(error, lacks, out, monkeypatch):
    pd.read_csv(ENTRIES, dtype=str).to_parquet("e.parquet")

    def fails(*given, **more):
        raise error

    for name in ("read_table", "ParquetFile"):
        monkeypatch.setattr(f"pyarrow.parquet.{name}", fails)
    told = refused("project", WELCOME, "e.parquet", "-o", out)
    assert (told == NO_MEMORY) == lacks
    assert lacks or told.startswith("e.parquet: not a Parquet file")
    if lacks:
        with pytest.raises(MemoryError):
            check_memory(error)


# Sizes


def long_series(count, days=150):
    emails = [
        kit.Email(subject=str(at), delay_value=days if at else 0, delay_unit="days", published=True)
        for at in range(count)
    ]
    return kit.Sequence(name="Long", emails=tuple(emails))


@pytest.mark.slow
def test_a_forecast_of_170_years():
    sequence = long_series(420)
    message = (
        "freq: 420 positions in 6,033,569 periods of '15min' are a table of 18.9 GiB, expected at most 2 GiB: give "
        "longer periods, an earlier until=, or by='total'"
    )
    start = time.monotonic()
    with pytest.raises(SimcoreError, match=f"^{re.escape(message)}$"):
        simcore.forecast(sequence, ["1970-01-02T00:00Z"], freq="15min")
    found = simcore.forecast(sequence, ["1970-01-02T00:00Z"], freq="15min", by=None)
    assert (len(found), found["sends"].sum(), found["sends"].max()) == (6_033_569, 420, 1)
    assert found.index[0] == pd.Timestamp("1970-01-02T00:00Z")
    assert time.monotonic() - start < 60
    weekly = simcore.forecast(sequence, ["1970-01-02T00:00Z"], freq="W")
    assert (weekly.shape[1], weekly.to_numpy().sum()) == (420, 420)


@pytest.mark.parametrize("by", [None, "total"])
def test_a_total_is_never_by_position(by, monkeypatch):
    entries = pd.read_csv(ENTRIES, dtype=str)
    each = simcore.forecast(WELCOMING, entries, freq="h")
    monkeypatch.setattr(forecasts, "MOST_TABLE", each.shape[0] * 8)
    found = simcore.forecast(WELCOMING, entries, freq="h", by=by)
    pd.testing.assert_frame_equal(found, each.sum(axis=1).to_frame("sends"))
    with pytest.raises(
        SimcoreError, match=r"^freq: 4 positions in [\d,]+ periods of 'h' are a table of 0\.0 GiB"
    ):
        simcore.forecast(WELCOMING, entries, freq="h")


@pytest.mark.slow
@pytest.mark.parametrize("freq", ["15min", "h", "D", "W", "M"])
def test_few_and_many_sends_in_a_period_are_counted_alike(freq, monkeypatch):
    entries = simcore.arrivals(40, "2025-10-20", "2026-04-10", time_zone="America/New_York", seed=1)
    counted = entries[["entered_at"]].assign(count=np.arange(len(entries)) % 5)
    expected = [simcore.forecast(WELCOMING, each, freq=freq) for each in (entries, counted)]
    for few in (1, 1 << 40):  # nearly all are looked up one by one, and none
        monkeypatch.setattr(forecasts, "_MANY_PERIODS", few)
        for each, table in zip((entries, counted), expected, strict=True):
            pd.testing.assert_frame_equal(simcore.forecast(WELCOMING, each, freq=freq), table)


def test_the_command_says_its_own_way_out():
    emails = [("One", 0), *((f"Email {at}", 3650) for at in range(1, 16))]
    Path("e.csv").write_text("subscriber_id,entered_at\na,1970-01-02T00:00Z\n", encoding="utf-8")
    file = account("w.json", emails)
    typed = ["forecast", file, "e.csv", "--freq", "15min", "-o", "f.csv"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(forecasts, "MOST_TABLE", 1 << 20)
        told = refused(*typed)
    assert told.endswith(
        "expected at most 0.000976562 GiB: give longer periods, an earlier --until, or --by total"
    )
    assert files() == ["e.csv", "w.json"]


def combinations(*sizes):
    paths = ["send_hour", "emails[1].delay_value", "emails[2].delay_value"]
    return dict(zip(paths, sizes, strict=False))


class Endless:
    """What never ends, and says nothing of its length."""

    def __iter__(self):
        return iter(int, 1)


@pytest.mark.parametrize(
    ("fields", "limit", "message"),
    [
        (
            combinations(range(24), range(1, 1000), range(1, 1000)),
            None,
            "24 * 999 * 999 = 23,952,024 combinations, expected at most 50,000: give fewer values, or limit=23952024",
        ),
        (combinations(range(24), [1, 2]), 47, "24 * 2 = 48 combinations, expected at most 47: give fewer values, or "
         "limit=48"),
        (combinations(range(10**30)), None, f"{10**30:,} combinations, expected at most 50,000: give fewer values, or "
         f"limit={10**30}"),
        (combinations(range(0, -(10**15), -7), [1]), None, "142,857,142,857,143 * 1 = 142,857,142,857,143 "
         "combinations, expected at most 50,000: give fewer values, or limit=142857142857143"),
        (combinations(iter(int, 1)), None, "send_hour: more than 50,000 values, expected at most 50,000 combinations: "
         "give fewer values, or a higher limit="),
        (combinations([9], itertools.count(1)), 10, "emails[1].delay_value: more than 10 values, expected at most 10 "
         "combinations: give fewer values, or a higher limit="),
        (combinations(Endless()), 3, "send_hour: more than 3 values, expected at most 3 combinations: give fewer "
         "values, or a higher limit="),
        (combinations(np.arange(100_000)), None, "100,000 combinations, expected at most 50,000: give fewer values, "
         "or limit=100000"),
        (combinations(range(5, 5)), None, "send_hour: found an empty list, expected one value or more"),
        (combinations(iter([])), None, "send_hour: found an empty list, expected one value or more"),
    ],
)  # fmt: skip
def test_combinations_are_counted_first(fields, limit, message, monkeypatch):
    monkeypatch.setattr(sweeps, "product", None)  # nothing is made of them
    start = time.monotonic()
    with pytest.raises(SimcoreError, match=f"^{re.escape(f'fields: {message}')}$"):
        simcore.sweep(WELCOMING, fields, ENTRY, **({} if limit is None else {"limit": limit}))
    assert time.monotonic() - start < 5


def test_as_many_as_the_limit_are_taken():
    fields = combinations((hour for hour in (6, 9)), range(1, 4))
    found = simcore.sweep(WELCOMING, fields, ENTRY, limit=6)
    assert found["send_hour"].tolist() == [6, 6, 6, 9, 9, 9]
    assert len(simcore.sweep(WELCOMING, combinations(range(24)), ENTRY, limit=24)) == 24


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True, "10", None])
def test_a_limit_is_a_number(wrong):
    message = f"limit: found {wrong!r}, expected a whole number of combinations, 1 or more"
    with pytest.raises(SimcoreError, match=f"^{re.escape(message)}$"):
        simcore.sweep(WELCOMING, combinations([9]), ENTRY, limit=wrong)


@pytest.mark.parametrize("step", [-3, -1, 1, 2, 5])
def test_sizes_of_ranges(step):
    for start, stop in itertools.product(range(-4, 5), repeat=2):
        assert sweeps._size(range(start, stop, step)) == len(range(start, stop, step))
