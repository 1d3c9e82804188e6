"""Columns of texts: each distinct text once, and which of them each row has; and sentences with times of day in them.

Sentences of many rows that differ in the time of day alone are written side by side as bytes, without a step a row.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, pairwise, zip_longest
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.apart import ROLES
from simcore.clock.words import MARK, clock_time
from simcore.clock.zones import SECOND_US, Ints

Strings: TypeAlias = Any
"""Texts: an Arrow array where pandas keeps texts as such, or else an array of objects."""
_MARKED = re.compile(f"{MARK}((?:{'|'.join(ROLES)}) [^{MARK}]+){MARK}")
_NONE = 0xFF  # a byte that no text in UTF-8 has: what is not there
_FILLER = bytes([_NONE])
_WORD = 8  # bytes that are moved at once
_TIME = 2  # words that a time of day takes
_SECONDS = 86_400
_BLOCK = 1 << 12  # sentences that are written together, so that they stay in the processor's cache


class Texts(NamedTuple):
    """A text for each of some rows: the distinct ones, in parts, and `which` [int64, rows] of them each row has."""

    texts: list[Strings]
    which: Ints

    def __len__(self) -> int:
        """How many distinct ones there are."""
        return sum(map(len, self.texts))

    def of(self, rows: Ints) -> "Texts":
        """The texts of some of the rows."""
        return Texts(self.texts, self.which[rows])


@cache
def text_dtype() -> Any:
    """The dtype that pandas gives to texts: str since 3.0, object before."""
    return pd.Series([], dtype="str").dtype


def strings(texts: Sequence[str]) -> Strings:
    """A few texts."""
    if (arrow := _arrow()) is not None:
        return arrow.array(texts, arrow.large_string())
    return np.array([*texts, ""], object)[:-1]


def column(some: Texts) -> Any:
    """A column of texts [str]."""
    parts, arrow = [strings([]), *some.texts], _arrow()
    if arrow is None:
        return pd.Series(np.concatenate(parts)[some.which], dtype="str").array
    return text_dtype().__from_arrow__(arrow.concat_arrays(parts).take(arrow.array(some.which)))


def _arrow() -> Any:
    """Arrow's package, where pandas keeps texts in its arrays; None where it does not."""
    if getattr(text_dtype(), "storage", "python") != "pyarrow":
        return None
    import pyarrow

    return pyarrow


def gathered(parts: Iterable[tuple[Ints | None, Texts]], size: int) -> Texts:
    """Texts of some of `size` rows, of which each has one: `parts` of them, None for all of them."""
    texts, before, which = list[Strings](), 0, np.empty(size, np.int64)
    for rows, told in parts:
        if rows is None:
            return told
        which[rows] = told.which + before
        texts += told.texts
        before += len(told)
    return Texts(texts, which)


def filled(sentences: Sequence[str], which: Ints, clock_us: Callable[[str, str], Ints]) -> Texts:
    """The sentences of some rows, with their times of day in the place of marks.

    `which` int64 [rows]: the sentence of each. `clock_us` gives the times of all rows, by role and zone [µs].
    """
    parts: list[list[Any]] = [_MARKED.split(sentence) for sentence in sentences]
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, pieces in enumerate(parts):
        groups.setdefault((*pieces[1::2],), []).append(place)
    found: list[tuple[Ints | None, Texts]] = []
    for marks, places in groups.items():
        pieces = [parts[place][::2] for place in places]
        times = [clock_us(*mark.split(" ", 1)) for mark in marks]
        if len(groups) == 1:
            found.append((None, _with_times(pieces, which, times)))
        else:
            some = np.zeros(len(parts), np.bool_)
            some[places] = True
            rows = np.flatnonzero(some[which])
            mine = (np.cumsum(some) - 1)[which[rows]]
            found.append((rows, _with_times(pieces, mine, [each[rows] for each in times])))
    return gathered(found, which.size)


def _with_times(pieces: list[list[str]], which: Ints, times: list[Ints]) -> Texts:
    """Sentences, given by the pieces around their times of day, for some rows with their times [µs]."""
    row_of = np.empty(len(pieces), np.int64)
    row_of[which] = np.arange(which.size)
    varies = np.zeros(len(pieces), np.bool_)
    for clock_us in times:
        varies[which[clock_us != clock_us[row_of][which]]] = True
    of_varying = varies[which]
    if (
        2 * np.count_nonzero(of_varying) > which.size
    ):  # then to pick the others out costs more than to write them
        return Texts([*_written(pieces, which, times)], np.arange(which.size))
    # Those whose rows all have the same times, at a slot, say, are sentences as they are.
    fixed = np.flatnonzero(~varies)
    said = [[clock_time(us) for us in clock_us[row_of[fixed]].tolist()] for clock_us in times]
    whole = [
        "".join(chain.from_iterable(zip_longest(pieces[place], told, fillvalue="")))
        for place, *told in zip(fixed.tolist(), *said, strict=True)
    ]
    number = np.where(varies, np.cumsum(varies), np.cumsum(~varies)) - 1
    found = Texts([strings(whole)], number[which])
    rows = np.flatnonzero(of_varying)
    if rows.size:
        some = [pieces[place] for place in np.flatnonzero(varies).tolist()]
        found.texts.extend(_written(some, found.which[rows], [clock_us[rows] for clock_us in times]))
        found.which[rows] = np.arange(len(whole), len(whole) + rows.size)
    return found


def _written(pieces: list[list[str]], which: Ints, times: list[Ints]) -> Iterator[Strings]:
    """The same, where each row has a time of its own, some rows at a time."""
    lines, places = _lines(pieces)
    arrow = _arrow()
    # Arrow counts bytes, Python characters.
    lengths = np.array([len(text if arrow is None else text.encode()) for text in map("".join, pieces)])
    room = np.empty((min(_BLOCK, which.size), lines.shape[1]), np.uint64)
    for begin in range(0, which.size, _BLOCK):
        block = which[begin : begin + _BLOCK]
        ends, some = np.append(0, lengths[block]), room[: block.size]
        lines.take(block, axis=0, out=some, mode="clip")  # "raise" would write to a copy first
        for place, clock_us in zip(places, times, strict=True):
            some[:, place], some[:, place + 1], sizes = _digits(clock_us[begin : begin + _BLOCK])
            ends[1:] += sizes
        np.cumsum(ends, out=ends)
        every = some.view(np.uint8)
        written = every[every != _NONE]
        if arrow is not None:
            buffers = arrow.py_buffer(ends), arrow.py_buffer(written)
            yield arrow.LargeStringArray.from_buffers(block.size, *buffers)
        else:
            text = written.tobytes().decode()
            yield strings([text[begin:end] for begin, end in pairwise(ends.tolist())])


def _lines(pieces: list[list[str]]) -> tuple[npt.NDArray[np.uint64], list[int]]:
    """Each sentence as a line of bytes of one length, and where in it the times of day go [words].

    What is there stands side by side where it can, since runs of bytes are copied: each piece right before its time of
    day, and the last one at once behind.
    """
    columns, places, at = [], [], 0
    for number, texts in enumerate(zip(*pieces, strict=True), 1):
        encoded = [text.encode() for text in texts]
        width = -(-max(map(len, encoded)) // _WORD)
        to_side = bytes.ljust if number == len(pieces[0]) else bytes.rjust
        columns.append([to_side(text, width * _WORD, _FILLER) for text in encoded])
        columns.append([_FILLER * (_WORD * _TIME)] * len(texts))
        places.append(at + width)
        at += width + _TIME
    every = b"".join(chain.from_iterable(zip(*columns[:-1], strict=True)))
    return np.frombuffer(every, np.uint64).reshape(len(pieces), -1), places[:-1]


class _Digits(NamedTuple):
    """Parts of times of day, as words and how many characters they have.

    Seconds of a day, 21:07:30, then those without `:00`; thousandths, .120, then those without the zeros at their end;
    millionths without these zeros.
    """

    seconds: npt.NDArray[np.uint64]
    thousandths: npt.NDArray[np.uint64]
    millionths: npt.NDArray[np.uint64]
    sizes: tuple[Ints, Ints, Ints]


def _digits(clock_us: Ints) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], Ints]:
    """Times of day as `clock_time` writes them, in two words each; and how many characters each has."""
    digits = _table()
    second = clock_us // SECOND_US
    us = clock_us - second * SECOND_US
    thousandth = us // 1000
    millionth = us - thousandth * 1000
    second += (us == 0) * _SECONDS
    thousandth += (millionth == 0) * 1000
    sizes = digits.sizes[0][second] + digits.sizes[1][thousandth] + digits.sizes[2][millionth]
    return digits.seconds[second], digits.thousandths[thousandth] | digits.millionths[millionth], sizes


@cache
def _table() -> _Digits:
    two = np.frombuffer(b"".join(b"%02d" % n for n in range(100)), np.uint8).reshape(100, 2)
    second = np.arange(_SECONDS)
    told = np.full((2 * _SECONDS, _WORD), ord(":"), np.uint8)
    for at, number in ((0, second // 3600), (3, second // 60 % 60), (6, second % 60)):
        told[:, at : at + 2] = np.tile(two[number], (2, 1))
    told[_SECONDS::60, 5:] = _NONE
    numbers = [f"{n:03}" for n in range(1000)]
    ends = [number.rstrip("0") for number in numbers]
    thousandths = [f".{number}" for number in numbers] + [f".{end}" if end else "" for end in ends]
    half, no_half = _WORD // 2, bytes(_WORD // 2)
    seconds, before, after = (
        np.frombuffer(part, np.uint64)
        for part in (
            told.tobytes(),
            b"".join(text.encode().ljust(half, _FILLER) + no_half for text in thousandths),
            b"".join(no_half + text.encode().ljust(half, _FILLER) for text in ends),
        )
    )
    return _Digits(seconds, before, after, (_sizes(seconds), _sizes(before), _sizes(after)))


def _sizes(words: npt.NDArray[np.uint64]) -> Ints:
    """How many bytes of each word are characters."""
    found = words.view(np.uint8).reshape(-1, _WORD)
    sizes: Ints = ((found != _NONE) & (found != 0)).sum(axis=1)
    return sizes
