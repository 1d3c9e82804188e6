"""Parts of a frame as lines of CSV or of JSON, put together by Arrow (the extra `parquet`).

No Python runs for each row. A text is made once for each distinct value of a column and taken by its place; columns
of few values, side by side, are one. The bytes are those of `files.exact`.
"""

import re
from itertools import groupby
from math import prod
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from simcore.clock.zones import Ints, Zone, zone
from simcore.files.exact import cells
from simcore.files.stamps import iso_array, us_of

_FEW = 1 << 10
"""So many distinct values are few."""
_TOGETHER = 1 << 24
"""So many combinations of values columns may have that are made one."""
_FORMULA = np.zeros(256, np.bool_)
_FORMULA[[*b"=+-@\t\r\n\xef"]] = True  # the last begins the four that are full-width
_QUOTED = '"{}"'
_SPECIAL = re.compile('[,"\n]')
_TO_ESCAPE = bytes([*range(32), *b'"\\/', 127])


class DeclinedError(Exception):
    """A part that only the exact way writes as it is to be."""


class _Coded(NamedTuple):
    """A column of few values: of each row the place of its text."""

    code: Ints
    texts: list[str]


class _Stamps(NamedTuple):
    """A column of instants, none of which is missing."""

    us: Ints
    here: Zone


class Form(Protocol):
    """How a row is written. `missing`: what stands for a value that is missing; `quote`: what is around a text."""

    missing: str
    quote: str

    def around(self, names: list[str]) -> list[str]:
        """What stands before each column, and after the last."""

    def texts(self, values: "pd.Series[Any]") -> list[str]:
        """Values as they are written, one by one."""

    def plain(self, array: Any) -> bool:
        """Whether texts of Arrow's can stand between quotes as they are."""


class Csv(Form):
    """CSV. `safe`: a text that a spreadsheet would take for a formula has an apostrophe before it."""

    missing = quote = ""

    def __init__(self, safe: bool) -> None:
        self.safe = safe

    def around(self, names: list[str]) -> list[str]:
        """Commas, and the line's end."""
        return ["", *[","] * (len(names) - 1), "\n"]

    def texts(self, values: "pd.Series[Any]") -> list[str]:
        """As the csv module writes them, where quotation marks are only around what needs them."""
        texts = ["" if cell is None else str(cell) for cell in cells(values, safe=self.safe)]
        if any("\r" in text for text in texts):
            raise DeclinedError
        return [_QUOTED.format(text.replace('"', '""')) if _SPECIAL.search(text) else text for text in texts]

    def plain(self, array: Any) -> bool:
        """Whether none needs quotation marks or an apostrophe."""
        begins, data = _characters(array)
        first = np.frombuffer(data, np.uint8)[begins[:-1][begins[1:] > begins[:-1]]]
        quoted = any(sign in data for sign in (b",", b'"', b"\n", b"\r"))
        return not (quoted or (self.safe and _FORMULA[first].any()))


class Json(Form):
    """An object on each line."""

    missing, quote = "null", '"'

    def around(self, names: list[str]) -> list[str]:
        """Keys, and what ends an object."""
        keys = self.texts(pd.Series(names, dtype=object))
        return [*(f"{',' if at else '{'}{key}:" for at, key in enumerate(keys)), "}\n"]

    def texts(self, values: "pd.Series[Any]") -> list[str]:
        """As pandas writes them."""
        lines = values.to_frame("v").to_json(orient="records", lines=True, force_ascii=False)
        return [line[len('{"v":') : -1] for line in lines.removesuffix("\n").split("\n")]

    def plain(self, array: Any) -> bool:
        """Whether none needs a backslash."""
        _, data = _characters(array)
        return len(data.translate(None, _TO_ESCAPE)) == len(data)


def page(arrow: ModuleType, part: pd.DataFrame, form: Form) -> memoryview:
    """The rows of a part, a line each. Raises DeclinedError where only the exact way writes them."""
    if part.shape[1] < 2:  # CSV has quotation marks around an empty cell that is alone
        raise DeclinedError
    *before, end = form.around([str(name) for name in part.columns])
    pieces: list[Any] = []
    for at, text in enumerate(before):
        pieces += [text, *_pieces(arrow, part.iloc[:, at], form)]
    array = _joined(arrow, _arrays(arrow, [*pieces, end]))
    begins, characters = _ends(array)
    return memoryview(characters)[begins[0] : begins[-1]]


def _pieces(arrow: ModuleType, column: "pd.Series[Any]", form: Form) -> list[Any]:
    """What a column is put together of: texts that all rows have, `_Coded`, `_Stamps`, and arrays of texts."""
    dtype: Any = column.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _instants(arrow, column, zone(str(dtype.tz)), form)
    if isinstance(dtype, pd.CategoricalDtype):
        code, places = pd.factorize(column.cat.codes.to_numpy())
        return [_Coded(code, form.texts(pd.Series(dtype.categories).reindex(places)))]
    if dtype.kind in "iu":
        return [_whole_numbers(arrow, column, form)]
    if isinstance(dtype, pd.StringDtype) or (
        pd.api.types.is_object_dtype(dtype) and pd.api.types.infer_dtype(column, skipna=True) == "string"
    ):
        return _strings(arrow, _one(arrow.array(column, arrow.large_string(), from_pandas=True)), form)
    if isinstance(dtype, np.dtype) and dtype.kind in "fmM":
        values = column.to_numpy()
        code, bits = pd.factorize(values.view(f"i{values.itemsize}"))
        return [_Coded(code, form.texts(pd.Series(bits.view(values.dtype))))]
    return [arrow.array(form.texts(column), arrow.large_string())]


def _instants(arrow: ModuleType, column: "pd.Series[Any]", here: Zone, form: Form) -> list[Any]:
    missing = column.isna().to_numpy()
    if missing.all():
        return [_Coded(np.zeros(len(column), np.int64), [form.missing])]
    if not missing.any():
        return [form.quote, _Stamps(us_of(column), here), form.quote]
    there = iso_array(arrow, us_of(column[~missing]), here, form.quote, form.quote)
    place = np.cumsum(~missing) - 1
    return [there.take(arrow.array(place, mask=missing)).fill_null(form.missing)]


def _whole_numbers(arrow: ModuleType, column: "pd.Series[Any]", form: Form) -> Any:
    numbers = _one(arrow.array(column))
    if not numbers.null_count:
        values = numbers.to_numpy()
        first, last = int(values.min()), int(values.max())
        if last - first < _FEW:
            return _Coded(values - values.dtype.type(first), [*map(str, range(first, last + 1))])
    elif form.missing:  # older pandas have them as floats in JSON
        return arrow.array(form.texts(column), arrow.large_string())
    return numbers.cast(arrow.large_string()).fill_null(form.missing)


def _strings(arrow: ModuleType, array: Any, form: Form) -> list[Any]:
    if not form.plain(array):
        coded = array.dictionary_encode()
        texts = form.texts(pd.Series(coded.dictionary.to_pylist(), dtype=object))
        return [arrow.array(texts, arrow.large_string()).take(coded.indices).fill_null(form.missing)]
    if array.null_count and form.quote:
        return [_joined(arrow, [form.quote, array, form.quote]).fill_null(form.missing)]
    return [form.quote, array.fill_null(form.missing), form.quote]


def _arrays(arrow: ModuleType, pieces: list[Any]) -> list[Any]:
    """Pieces as arrays of texts, and what is left of the texts that all rows have."""
    found: list[Any] = []
    for few, run in groupby(pieces, lambda piece: isinstance(piece, str | _Coded)):
        some = [*run]
        found += _as_one(arrow, some) if few else some
    for at, piece in enumerate(found):
        if isinstance(piece, _Stamps):
            beside = {each: found[each] for each in (at - 1, at + 1) if isinstance(found[each], str)}
            texts = (beside.get(at - 1, ""), beside.get(at + 1, ""))
            found[at] = iso_array(arrow, piece.us, piece.here, *texts)
            for each in beside:
                found[each] = ""
    return [piece for piece in found if not isinstance(piece, str) or piece]


def _as_one(arrow: ModuleType, run: list[Any]) -> list[Any]:
    """Columns of few values, and the texts between them, as one array of texts; as more where that were too many."""
    groups, size = list[list[Any]]([[]]), 1
    for piece in run:
        if isinstance(piece, _Coded):
            size *= len(piece.texts)
            if size > _TOGETHER and len(piece.texts) < size:
                groups.append([])
                size = len(piece.texts)
        groups[-1].append(piece)
    return [_taken(arrow, group) for group in groups]


def _taken(arrow: ModuleType, group: list[Any]) -> Any:
    """The texts of a group, made once for each combination, for each row; one text where they are all the same."""
    coded = [piece for piece in group if isinstance(piece, _Coded)]
    if not coded:
        return "".join(group)
    shape = [len(each.texts) for each in coded]
    code, places = _places(np.ravel_multi_index([each.code for each in coded], shape), prod(shape))
    rows = iter(np.unravel_index(places, shape))
    texts = [""] * len(places)
    for piece in group:
        ends = [piece.texts[at] for at in next(rows)] if isinstance(piece, _Coded) else [piece] * len(places)
        texts = [text + end for text, end in zip(texts, ends, strict=True)]
    return arrow.array(texts, arrow.large_string()).take(arrow.array(code))


def _places(codes: Ints, most: int) -> tuple[Ints, Ints]:
    """Of each code, all below `most`, its place among the distinct ones, and these."""
    if most > _FEW:
        found, distinct = pd.factorize(codes)
        return found, distinct
    there = np.flatnonzero(np.bincount(codes, minlength=most))
    place = np.zeros(most, np.int64)
    place[there] = np.arange(len(there))
    return place[codes], there


def _joined(arrow: ModuleType, pieces: list[Any]) -> Any:
    """Row by row, all pieces one after the other; a text is the same in each row."""
    text = arrow.large_string()
    parts = [arrow.scalar(each, text) if isinstance(each, str) else each for each in pieces]
    return arrow.compute.binary_join_element_wise(*parts, arrow.scalar("", text))


def _one(array: Any) -> Any:
    """An array of Arrow's in one piece."""
    return array.combine_chunks() if hasattr(array, "combine_chunks") else array


def _ends(array: Any) -> tuple[Ints, Any]:
    """Where the texts of an array begin, and the last of them ends; and all characters."""
    _, ends, characters = array.buffers()
    return np.frombuffer(ends, np.int64)[array.offset : array.offset + len(array) + 1], characters


def _characters(array: Any) -> tuple[Ints, bytes]:
    """The same, of its own characters alone."""
    begins, characters = _ends(array)
    return begins - begins[0], bytes(memoryview(characters or b"")[begins[0] : begins[-1]])
