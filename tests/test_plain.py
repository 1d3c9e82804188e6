"""Plain CSV by Arrow: the same rows, the same lines and the same faults as by the csv module."""

import gzip
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_cli_inputs import pipe

from simcore.errors import SimcoreError
from simcore.files import plain, reading
from simcore.plan.columns import ENTRIES

FILE = Path("e.csv")
HEADER = "subscriber_id,entered_at,via\n"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(data, delimiter=",", block=plain._BLOCK, *, fast=True, path=FILE):
    """What is read of a file with these bytes: rows, or an error."""
    path.write_bytes(data)
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_BLOCK", block)
        if not fast:
            patch.setattr(reading, "arrow_or_none", lambda: None)
        try:
            rows = reading.read(
                path, lambda done, size: told.append((done, size)), ENTRIES, delimiter=delimiter
            )
        except SimcoreError as error:
            return str(error)
    assert told[-1] == (len(data), len(data) or None)
    return rows


def same(data, delimiter=",", block=plain._BLOCK, path=FILE):
    """What is read of a file, the same both ways."""
    found, expected = read(data, delimiter, block, path=path), read(data, delimiter, fast=False, path=path)
    if isinstance(expected, str):
        assert found == expected
        return expected
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert found.places.tolist() == expected.places.tolist()
    assert (found.broken, found.ends, found.total) == (expected.broken, expected.ends, expected.total)
    return found


def is_fast(data, delimiter=",", block=plain._BLOCK):
    """Whether no row is read one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_read_one_by_one", lambda *_: pytest.fail("not plain"))
        return read(data, delimiter, block)


CELL = st.text(st.sampled_from([*'01aNA é", \t;', "\0", "\ufeff", "\u2028", "\U0001f600"]), max_size=4)
QUOTED = st.text(st.sampled_from([*'01a",\n\r é']), max_size=4).map(
    lambda text: f'"{text.replace(chr(34), chr(34) * 2)}"'
)
FIELD = st.one_of(CELL.map(lambda text: text.replace('"', "").replace(",", "")), QUOTED)
ODD = st.one_of(CELL, st.text(st.sampled_from('a",\r\n'), max_size=3))
END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"])


@st.composite
def tidy(draw):
    """A file whose rows are whole, with one kind of line ends."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    rows = draw(st.lists(st.lists(FIELD, min_size=3, max_size=3), max_size=6))
    lines = [HEADER.rstrip("\n"), *(",".join(row) for row in rows)]
    return end.join(lines) + draw(st.sampled_from(["", end, end * 3]))


@st.composite
def untidy(draw):
    """A file of which anything may be wrong."""
    fields = st.lists(st.one_of(FIELD, ODD), min_size=1, max_size=4).map(",".join)
    rows = draw(st.lists(st.tuples(fields, END).map("".join), max_size=6))
    return HEADER + "".join(rows)


BLOCKS = st.sampled_from([40, 64, 1 << 23])


@given(text=st.one_of(tidy(), untidy()), bom=st.booleans(), block=BLOCKS)
@example(text=f'{HEADER}1,"a""b",\n', bom=True, block=40)
def test_the_same_rows_both_ways(text, bom, block):
    same(("\ufeff" * bom + text).encode(), block=block)


@given(data=st.one_of(tidy(), untidy()).map(str.encode), cut=st.integers(0, 60), byte=st.binary(max_size=2))
def test_the_same_with_any_bytes_in_it(data, cut, byte):
    same(data[:cut] + byte + data[cut:])


PLAIN = {
    "lines": "1,2026-03-06,\n007,2026-03-07,api\n",
    "returns": "1,2026-03-06,\r\n007,2026-03-07,api\r\n",
    "no last end": "1,2026-03-06,\n007,2026-03-07,api",
    "empty lines at the end": "1,2026-03-06,\n\n\n",
    "quotation marks": '"1","2026-03-06",""\n"a ""b"", c",2026-03-07,"""x"""\n',
    "beyond ASCII": "é,2026-03-06,\nNA,\U0001f600,\u2028\n",
    "blank": " ,,\n,,\n",
    "nothing": "",
    "empty lines": "\n1,2026-03-06,\n\n\n2,2026-03-06,\n\r\n3,,\r\n",
    "line feeds in fields": '1,2026-03-06,"a\nb"\n"\n2\r\n",2026-03-06,"\n"\n\n3,"",\n',
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("block", [60, 1 << 23])
@pytest.mark.parametrize("rows", PLAIN.values(), ids=PLAIN)
def test_what_is_plain_is_read_by_arrow(rows, block, delimiter):
    if delimiter == " ":
        rows = rows.replace(" ", "")
    data = f"\ufeff{HEADER}{rows}".replace(",", delimiter).encode()
    is_fast(data, delimiter, block)
    found = same(data, delimiter, block)
    assert found.broken == {}


ODDLY = {
    "fewer fields": "1,2026-03-06,\n2,2026-03-06\n3,2026-03-06,\n",
    "more fields": "1,2026-03-06,\n2,2026-03-06,,\n",
    "returns alone": "1,2026-03-06,\r2,2026-03-06,\r",
    "a mark within a field": '1,2026-03-06,a"b\n2,2026-03-06,\n',
    "text after a mark": '1,2026-03-06,"a"b\n2,2026-03-06,\n',
    "a mark that does not close": '1,2026-03-06,\n2,"2026-03-06,\n3,2026-03-06,\n',
    "no UTF-8": b"1,2026-03-06,\nJos\xe9,2026-03-06,\n",
    "half a character": b"1,2026-03-06,\n2,\xed\xa0\x80,\n",
}


@pytest.mark.parametrize("block", [40, 1 << 23])
@pytest.mark.parametrize("rows", ODDLY.values(), ids=ODDLY)
def test_all_else_is_read_one_by_one(rows, block):
    data = HEADER.encode() + (rows if isinstance(rows, bytes) else rows.encode())
    same(data, block=block)


def test_a_field_longer_than_any_may_be():
    data = f"{HEADER}1,2026-03-06,{'x' * (1 << 24)}\n2,2026-03-06,{'x' * ((1 << 24) + 1)}\n".encode()
    assert "e.csv: line 3: a field has more than 16,777,216 characters" in same(data)


def test_a_file_of_several_blocks():
    """Faults in the last one, with lines that count from the beginning of the file."""
    rows = "".join(f"{number},2026-03-06,{'é' * (number % 5)}\n" for number in range(2000))
    for end in ("", "a,b\n", '"a\nb",2026-03-06,\nc\n'):
        found = same(f"{HEADER}{rows}{end}".encode(), block=1000)
        assert found.places[1999] == 2001


def test_it_comes_compressed_and_through_pipes():
    data = f'{HEADER}1,2026-03-06,"a"\n'.encode()
    Path("e.csv.gz").write_bytes(gzip.compress(data))
    rows = reading.read(Path("e.csv.gz"), lambda *_: None, ENTRIES)
    assert_same = pd.testing.assert_frame_equal
    assert_same(rows.frame, read(data).frame)
    with pipe(data) as path:
        assert_same(reading.read(Path(path), lambda *_: None, ENTRIES).frame, rows.frame)


def test_where_memory_is_lacking(monkeypatch):
    def lacking(*_):
        raise pa.ArrowMemoryError("malloc of size 64 failed")

    monkeypatch.setattr("pyarrow.csv.read_csv", lacking)
    with pytest.raises(MemoryError):
        read(f"{HEADER}1,2026-03-06,\n".encode())
