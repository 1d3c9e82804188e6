"""Columns of texts become instants: all texts of a shape together, by the one grammar of `clock.grammar`."""

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.grammar import (
    FAULTS,
    FIELDS,
    GUESSWORK,
    LONGEST,
    NAMED_OFFSET,
    OTHER_DAY,
    SHORT_YEAR,
    UNREADABLE,
    Shape,
    shape_of,
)
from simcore.clock.zones import LAST_US, SECOND_US, Ints

_Flags = npt.NDArray[np.bool_]
_Bytes = npt.NDArray[np.uint8]
_Spans = tuple[tuple[int, int], ...]

PER_US = {"s": 10**6, "ms": 10**3}
"""What may be counted since 1970, and how many microseconds it has."""
_PAGE = 1 << 14  # so many texts are read together: what is made of them fits the processor's cache
_UPPER, _LOWER = (bytes(range(ord(first), ord(first) + 26)) for first in "Aa")
_BLANKS = bytes([*range(9, 14), *range(28, 32)])
_FOLD = bytes.maketrans(
    _UPPER + b"123456789" + _BLANKS + b"\0", _LOWER + b"0" * 9 + b" " * len(_BLANKS) + b"?"
)
_OTHER_BLANK = re.compile(r"(?![\x00-\x7f])\s")
_WIDEST = (LONGEST // 8 + 1) * 8
_INSIDE = (np.arange(_WIDEST) < np.arange(LONGEST + 1)[:, None]).astype(np.uint8) * np.uint8(0xFF)
"""For each length that a text can have, the bytes that are its own."""
_MIX = 0x9E3779B97F4A7C15  # odd, its bits in no order: 2^64 over the golden ratio


class Found(NamedTuple):
    """What texts say: `us` int64 [µs], of UTC where `zoned` (bool), else of a wall clock; `fault` int8, what is wrong
    with them, places in `FAULTS` (0: nothing)."""

    us: Ints
    zoned: _Flags
    fault: npt.NDArray[np.int8]


def read(texts: Any, unit: str | None, *, dayfirst: bool) -> Found:
    """What texts say: a numpy array of str, or a pandas array of texts that Arrow keeps (missing ones are empty).

    `unit`: of texts that are numbers, "s" or "ms"; None refuses them. `dayfirst`: of two numbers before a year
    the first is the day.
    """
    if not len(texts):
        return Found(np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0, np.int8))
    pages = [
        _read(*_characters(texts[at : at + _PAGE]), unit, dayfirst=dayfirst)
        for at in range(0, len(texts), _PAGE)
    ]
    return pages[0] if len(pages) == 1 else Found(*map(np.concatenate, zip(*pages, strict=True)))


def _characters(texts: Any) -> tuple[bytes, Ints]:
    """All characters of some texts one after the other, "?" for those beyond ASCII, and how many each text has."""
    if not isinstance(texts, np.ndarray):
        kept = _kept(texts)
        if kept is not None and kept[0].isascii() and kept[1].max() <= LONGEST:
            return kept
        texts = texts.to_numpy(object, na_value="")
    listed: list[str] = texts.tolist()
    lengths = np.fromiter(map(len, listed), np.int64, len(listed))
    if lengths.max() > LONGEST:
        listed = [text if len(text) <= LONGEST else text.strip() for text in listed]
        listed = [text if len(text) <= LONGEST else "?" for text in listed]
        lengths = np.fromiter(map(len, listed), np.int64, len(listed))
    joined = "".join(listed)
    if not joined.isascii():
        joined = _OTHER_BLANK.sub(" ", joined).replace("\u2212", "-")  # the minus sign of ISO 8601
    return joined.encode("ascii", "replace"), lengths


def _kept(texts: Any) -> tuple[bytes, Ints] | None:
    """Texts as Arrow keeps them, one after the other; None where it keeps them in another way, or some are missing."""
    pieces, lengths = [], []
    for chunk in filter(len, texts.__arrow_array__().chunks):
        dtype: Any = {"string": np.int32, "large_string": np.int64}.get(str(chunk.type))
        if chunk.null_count or dtype is None:
            return None
        _, offsets, characters = chunk.buffers()
        ends = np.frombuffer(offsets, dtype)[chunk.offset : chunk.offset + len(chunk) + 1]
        pieces.append(memoryview(characters or b"")[ends[0] : ends[-1]])
        lengths.append(np.diff(ends).astype(np.int64))
    return b"".join(pieces), np.concatenate(lengths)


def _read(characters: bytes, lengths: Ints, unit: str | None, *, dayfirst: bool) -> Found:
    folded, length = characters.translate(_FOLD), int(lengths[0])
    alike = length * len(lengths) == len(characters) and folded == folded[:length] * len(lengths)
    if alike and length:  # as those that one program writes are
        code, shapes = np.zeros(1, np.int64), [shape_of(folded[:length].decode(), counts=unit is not None)]
        numbers = _same_numbers(np.frombuffer(characters, np.uint8).reshape(-1, length), shapes[0])
        return _instants(numbers, code, shapes, len(lengths), unit, dayfirst=dayfirst)
    width = int(lengths.max()) // 8 * 8 + 8  # at least one column more than the longest has
    starts = np.cumsum(lengths) - lengths
    page = _rows(characters, starts, width)
    page[:, -1] = 0
    words = _rows(folded, starts, width).view(np.uint64)
    words &= _INSIDE[:, :width].view(np.uint64)[lengths]
    code, first = _distinct(words)
    raw = words[first].tobytes()
    shapes = [
        shape_of(raw[at : at + width].rstrip(b"\0").decode(), counts=unit is not None)
        for at in range(0, len(raw), width)
    ]
    return _instants(_numbers(page, code, shapes), code, shapes, len(lengths), unit, dayfirst=dayfirst)


def _rows(characters: bytes, starts: Ints, width: int) -> _Bytes:
    """The bytes from each start on, so many."""
    padded = characters + bytes(width)
    rows: _Bytes = np.ndarray((len(characters) + 1, width), np.uint8, padded, strides=(1, 1))[starts]
    return rows


def _distinct(words: npt.NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Of each row its place among the distinct ones, and where each of these stands first."""
    if len(words) == 1:
        return np.zeros(1, np.int64), np.zeros(1, np.int64)
    mixed = np.zeros(len(words), np.uint64)
    for column in words.T:
        mixed = (mixed ^ column) * np.uint64(_MIX)
        mixed ^= mixed >> np.uint64(29)
    code, distinct = pd.factorize(mixed)
    first = np.empty(len(distinct), np.int64)
    first[code[::-1]] = np.arange(len(words))[::-1]
    if (words != words[first][code]).any():  # two of them mix to the same
        _, first, code = np.unique(words, axis=0, return_index=True, return_inverse=True)
    return code.ravel(), first


def _numbers(page: _Bytes, code: Ints, shapes: list[Shape]) -> dict[str, Ints]:
    """The numbers of each of `FIELDS`, 0 where there are none."""
    layouts: dict[_Spans, int] = {}
    layout = np.array([layouts.setdefault(shape.spans, len(layouts)) for shape in shapes])
    used = tuple(at for at in range(len(FIELDS)) if any(spans[at][1] for spans in layouts))
    columns = np.stack([_columns(spans, used) for spans in layouts], axis=1) % page.shape[1]
    row, layout = np.arange(len(page)) * page.shape[1], layout[code]
    digits = np.empty((len(columns), len(page)), np.uint8)
    for places, digit in zip(columns, digits, strict=True):
        page.ravel().take(row + places[layout], out=digit, mode="clip")  # which never happens, but is faster
    digits &= 15  # of an ASCII digit; and of nothing, which is 0
    numbers = dict.fromkeys(FIELDS, np.zeros(len(page), np.int64))
    end = 0
    for at in used:
        name, size = _SIZES[at]
        numbers[name] = digits[end].astype(np.int64)
        for each in digits[end + 1 : end + size]:
            numbers[name] = numbers[name] * 10 + each
        end += size
    return numbers


def _same_numbers(page: _Bytes, shape: Shape) -> dict[str, Ints]:
    """The same where all texts are of one shape; a number that is not in it is one 0 for all of them."""
    numbers = dict.fromkeys(FIELDS, np.zeros(1, np.int64))
    for (name, size), (start, end) in zip(FIELDS.items(), shape.spans, strict=True):
        digits = range(start, min(end, start + size))
        for at in digits:
            numbers[name] = numbers[name] * 10 + (page[:, at] & 15)
        if name == "fraction" and digits:
            numbers[name] *= 10 ** (size - len(digits))
    return numbers


_SIZES = (*FIELDS.items(),)


@lru_cache(maxsize=1 << 12)
def _columns(spans: _Spans, used: tuple[int, ...]) -> Ints:
    """Where the digits of the fields in use stand; -1 for the place of one that is not there."""
    columns: list[int] = []
    for at in used:
        name, size = _SIZES[at]
        there, none = [*range(*spans[at])][:size], [-1] * size
        columns += (there + none)[:size] if name == "fraction" else (none + there)[-size:]
    return np.array(columns, np.int64)


def _instants(
    numbers: dict[str, Ints], code: Ints, shapes: list[Shape], size: int, unit: str | None, *, dayfirst: bool
) -> Found:
    """What the numbers of so many texts say, by the shapes in which they stand."""
    said = [(each.fault, each.month, each.weekday, each.noon, each.sign) for each in shapes]
    fault, named, weekday, noon, sign = np.array(said, np.int8).T[:, code]
    flags = [(each.unordered, each.short, each.utc, each.counts) for each in shapes]
    unordered, short, utc, counts = np.array(flags, np.bool_).T[:, code]
    days, wrong, guess = _days(numbers, named, unordered, dayfirst=dayfirst)
    hour, offset = numbers["hour"], numbers["offset_hour"] * 60 + numbers["offset_minute"]
    half = noon >= 0
    wrong = wrong | (hour > np.where(half, 12, 23))
    for name, most in (("minute", 59), ("second", 59), ("offset_hour", 23), ("offset_minute", 59)):
        wrong = wrong | (numbers[name] > most)
    minutes = (days * 24 + np.where(half, hour % 12 + noon, hour)) * 60 + numbers["minute"] - sign * offset
    us = (minutes * 60 + numbers["second"]) * SECOND_US + numbers["fraction"]
    if unit is not None:
        wrong = wrong & ~counts
        count, per_us = np.minimum(numbers["count"], 2 * LAST_US // PER_US[unit]), PER_US[unit]
        us = np.where(counts, sign * (count * per_us + numbers["fraction"] * per_us // SECOND_US), us)
    either = short & np.where(unordered, not dayfirst, (numbers["year"] > 0) & (numbers["year"] < 32))
    is_day = (days + 3) % 7  # 1970 began on a Thursday
    for rows, what in (
        (either, _PLACE[GUESSWORK]),
        (short, _PLACE[SHORT_YEAR]),
        (wrong, _PLACE[UNREADABLE]),
        (guess, _PLACE[GUESSWORK]),
        (utc & (offset != 0), _PLACE[NAMED_OFFSET]),
        ((weekday >= 0) & (weekday != is_day), _PLACE[OTHER_DAY[0]] + is_day),
    ):
        if rows.any():
            fault = np.where(rows & (fault == 0), what, fault).astype(np.int8)
    return Found(*(np.broadcast_to(each, size) for each in (us, sign != 0, fault)))


_PLACE = {fault: place for place, fault in enumerate(FAULTS)}


def _days(
    numbers: dict[str, Ints], named: Ints, unordered: _Flags, *, dayfirst: bool
) -> tuple[Ints, _Flags, _Flags]:
    """The days since 1970-01-01 of dates; where there is no such date; where day and month are left to guesswork."""
    month, day = np.where(named, named, numbers["month"]), numbers["day"]
    guess = np.zeros(len(day), np.bool_)
    if unordered.any():
        turned = unordered if dayfirst else unordered & (month > 12)
        month, day = np.where(turned, day, month), np.where(turned, month, day)
        if not dayfirst:
            guess = unordered & (day <= 12) & (day != month)
    wrong = (month < 1) | (month > 12)
    at = numbers["year"] * 12 + np.where(wrong, 0, month - 1)
    begins = _months()[at]
    wrong = wrong | (day < 1) | (day > _months()[at + 1] - begins)
    return begins + day - 1, wrong, guess


@cache
def _months() -> Ints:
    """The days since 1970-01-01 at which all months of the years 0 to 9999 begin, and the one after."""
    days: Ints = (
        np.arange("0000-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
    )
    return days
