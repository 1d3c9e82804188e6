"""Lines of CSV and of JSON by Arrow: the same bytes as one row after the other."""

import io
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import simcore
from simcore import cli
from simcore.files import exact, lines, writing

ZONES = [
    "UTC",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Monrovia",
]  # +00:44:30 once
TEXTS = st.text(
    st.sampled_from([*'a1,"\n=+-@ é\uff1d\t\\/<', "\x00", "\x7f", "\u2028", "\U0001f600"]), max_size=4
)
NAMES = TEXTS.filter(lambda text: "\0" not in text)  # which pandas takes for the end of a key
RETURNS = st.text(st.sampled_from('a,"\r\n'), max_size=3)
CELLS = st.one_of(
    TEXTS,
    *(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_infinity=False)),
    st.dictionaries(st.sampled_from("ab"), TEXTS, max_size=2),
)
INSTANTS = st.one_of(
    st.integers(0, 2**52),
    st.integers(0, 2**32).map(lambda second: second * 10**6),
    st.sampled_from([0, 86_399_999_999, 7_258_118_400_000_000]),
    st.sampled_from([
        -62_135_596_800_000_001,
        -62_135_596_800_000_000,
        253_402_300_800_000_000,
    ]),  # years 0, 1, 10000
)


def maybe(values):
    return st.one_of(st.none(), values)


def zoned(values, name):
    return pd.Series(pd.array(values, dtype="datetime64[us, UTC]")).dt.tz_convert(name)


@st.composite
def columns(draw, rows, but):
    """A column of any kind that a frame of simcore's may have."""

    def some(values):
        return draw(st.lists(values, min_size=rows, max_size=rows))

    few = draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))
    made = {
        "int": lambda: pd.Series(some(st.integers(-(2**63), 2**63 - 1)), dtype="int64"),
        "small": lambda: pd.Series(some(st.integers(-3, 3)), dtype=draw(st.sampled_from(["int8", "int32"]))),
        "numbers": lambda: pd.Series(pd.array(some(maybe(st.integers(-5, 2**40))), dtype="Int64")),
        "texts": lambda: pd.Series(
            some(maybe(TEXTS)), dtype=draw(st.sampled_from(["str", "object", "string"]))
        ),
        "few": lambda: pd.Series(pd.Categorical(some(maybe(st.sampled_from(few))), categories=few)),
        "ids": lambda: pd.Series(
            pd.Categorical(some(st.sampled_from([7, 8, 2**40])), categories=[8, 7, 2**40])
        ),
        "stamps": lambda: zoned(some(INSTANTS), draw(st.sampled_from(ZONES))),
        "instants": lambda: zoned(some(maybe(INSTANTS)), draw(st.sampled_from(ZONES))),
        "lengths": lambda: pd.Series(
            pd.array(some(maybe(st.integers(-(2**40), 2**40))), dtype="timedelta64[us]")
        ),
        "naive": lambda: pd.Series(pd.array(some(maybe(INSTANTS)), dtype="datetime64[us]")),
        "floats": lambda: pd.Series(some(st.floats()), dtype="float64"),
        "singles": lambda: pd.Series(some(st.floats(width=32)), dtype="float32"),
        "flags": lambda: pd.Series(some(st.booleans())),
        "mixed": lambda: pd.Series(some(CELLS), dtype=object),
        "empty": lambda: pd.Series([None] * rows, dtype=draw(st.sampled_from(["object", "str"]))),
        "returns": lambda: pd.Series(some(RETURNS), dtype="str"),
    }
    return made[draw(st.sampled_from(sorted({*made} - {*but})))]()


@st.composite
def frames(draw, but=()):
    rows = draw(st.integers(0, 7))
    made = [draw(columns(rows, but)) for _ in range(draw(st.integers(1, 5)))]
    names = draw(st.lists(NAMES, min_size=len(made), max_size=len(made), unique=True))
    return pd.DataFrame(dict(zip(names, made, strict=True)))


def written(frame, as_json, safe=True):
    sink, told = io.BytesIO(), []
    writing.writer(None, as_json, csv_safe=safe)(frame, sink, told.append)
    assert sum(told) == len(frame)
    return sink.getvalue()


def one_by_one(frame, as_json, safe=True):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "arrow_or_none", lambda: None)
        return written(frame, as_json, safe)


@given(frame=frames(), safe=st.booleans(), rows=st.sampled_from([2, 1 << 16]))
def test_the_same_csv_as_one_row_after_the_other(frame, safe, rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "_WRITE_ROWS", rows)
        assert written(frame, False, safe) == one_by_one(frame, False, safe)


@given(frame=frames(but=["lengths", "naive"]), rows=st.sampled_from([2, 1 << 16]))  # which pandas warns of
def test_the_same_json_as_one_row_after_the_other(frame, rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "_WRITE_ROWS", rows)
        assert written(frame, True) == one_by_one(frame, True)


def test_columns_of_too_many_combinations_are_not_made_one(monkeypatch):
    rows = 50
    frame = pd.DataFrame({
        "a": np.arange(rows) % 7,
        "b": pd.Categorical(np.array(["x", "y,", "z"])[np.arange(rows) % 3]),
        "c": np.arange(rows) % 5,
        "d": np.arange(rows) % 2,
    })
    monkeypatch.setattr(lines, "_TOGETHER", 20)
    assert written(frame, False) == one_by_one(frame, False)


def test_texts_are_made_once_for_each_distinct_value(monkeypatch):
    """Of 3,000 rows with the same reason, one text needs quotation marks, and an apostrophe."""
    made = []
    harmless = exact._harmless
    monkeypatch.setattr(exact, "_harmless", lambda cell: made.append(cell) or harmless(cell))
    frame = pd.DataFrame({
        "id": np.arange(3000).astype(str),
        "reason": pd.Series(["=a, b"] * 3000, dtype="str"),
    })
    assert written(frame, False).splitlines()[1] == b'0,"\'=a, b"'
    assert made == ["=a, b"]


def test_pages_are_in_their_order(monkeypatch):
    frame = pd.DataFrame({"id": np.arange(1000), "text": "x"})
    expected = written(frame, False)
    monkeypatch.setattr(writing, "_WRITE_ROWS", 7)
    for workers in (1, 5):
        monkeypatch.setattr(writing, "_WORKERS", workers)
        assert written(frame, False) == expected


def test_a_page_that_fails_ends_the_writing(monkeypatch):
    def page(arrow, part, form):
        if part["id"].iloc[0] == 70:
            raise MemoryError
        return b"x"

    monkeypatch.setattr(writing, "_WRITE_ROWS", 7)
    monkeypatch.setattr(writing, "page", page)
    with pytest.raises(MemoryError):
        written(pd.DataFrame({"id": np.arange(1000), "text": "x"}), False)


@pytest.mark.parametrize("name", ["out.csv", "lines"])
def test_the_command_line_without_pyarrow(name, tmp_path, monkeypatch):
    typed = ["project", simcore.example("welcome"), simcore.example("entries")]
    typed += ["--json"] if name == "lines" else ["-o", tmp_path / name]
    found = []
    for there in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not there:
                patch.setitem(sys.modules, "pyarrow.compute", None)  # pandas itself may hold pyarrow
            told = CliRunner().invoke(cli.app, [*map(str, typed)])
        assert told.exit_code == 0
        found.append(told.stdout if name == "lines" else (tmp_path / name).read_bytes())
    assert found[0] == found[1]
    assert len(found[0].splitlines()) > 700


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "=\r"])
def test_a_part_with_carriage_returns_is_written_the_exact_way(text, monkeypatch):
    frame = pd.DataFrame({"id": ["1", "2", "3"], "text": ["x", text, "y"], "number": [1, 2, 3]})
    assert written(frame, False) == one_by_one(frame, False)
    assert b'"3","y",3\n' in written(frame, False)
    monkeypatch.setattr(writing, "_WRITE_ROWS", 2)
    assert written(frame, False).endswith(b"\n3,y,3\n")


@pytest.mark.parametrize(
    "instants_us",
    [
        [-62_135_596_800_000_001, 0],  # the last microsecond of the year 0
        [0, 253_402_300_800_000_000],  # the year 10000
        [0, 7_258_118_400_000_000],
        [0, 1_000_000, 63_593_069_999_999, 63_593_070_000_000],  # offsets to the second, and to the minute
    ],
    ids=["0", "10000", "2200", "odd offsets"],
)
def test_instants_far_away(instants_us):
    frame = pd.DataFrame({"id": range(len(instants_us)), "at": zoned(instants_us, "Africa/Monrovia")})
    assert written(frame, False) == one_by_one(frame, False)


def test_where_no_thread_can_be_begun(monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(writing.ThreadPoolExecutor, "submit", refuse)
    with pytest.raises(MemoryError):
        written(pd.DataFrame({"id": [1], "text": "x"}), False)
