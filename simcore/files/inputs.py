"""What is read: files, pipes and standard input (`-`), unpacked where they are compressed by gzip."""

import gzip
import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from simcore.errors import SimcoreError, shown

_HEAD = 1 << 12
"""So many bytes at the beginning of an input are looked at, to see what it is."""
_BUFFER = 1 << 16
_GZIP = b"\x1f\x8b"
_ENTRY = rb"PK\x03\x04.{26}"
_UNPACK = "unpack it first, with {}"
_SHEET = "save its sheet as CSV UTF-8, and give that file"
_KINDS: dict[bytes, tuple[str, str]] = {
    _ENTRY + rb"(?:\[Content_Types\]\.xml|_rels/|docProps/|xl/)": ("a workbook (.xlsx)", _SHEET),
    _ENTRY + rb"mimetype.{0,64}application/vnd\.oasis\.opendocument\.spreadsheet": (
        "a workbook (.ods)",
        _SHEET,
    ),
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("a workbook (.xls)", _SHEET),
    rb"PK(?:\x03\x04|\x05\x06)": ("a zip archive", "unpack it, and give the file that is in it"),
    rb"BZh[1-9]1AY&SY": ("compressed by bzip2", _UNPACK.format("bunzip2")),
    rb"\xfd7zXZ\x00": ("compressed by xz", _UNPACK.format("unxz")),
    rb"\x28\xb5\x2f\xfd": ("compressed by zstd", _UNPACK.format("unzstd")),
    _GZIP: ("compressed by gzip", "give it a name that ends in .gz, or unpack it first, with gunzip"),
}
"""What an input may be that cannot be read as it is, by how it begins, and the way out."""


class WrongKindError(ValueError):
    """An input that is of another kind than its name says, or damaged.

    `workbook`: which kind of those, "" for none.
    """

    def __init__(self, told: str, workbook: str = "") -> None:
        self.workbook = workbook
        super().__init__(told)


class Input(NamedTuple):
    """An input that is open: its bytes, unpacked; those that it begins with; how many bytes there are (None where
    nobody knows); and how many of these are read."""

    file: BinaryIO
    head: bytes
    size: int | None
    done: Callable[[], int]

    @property
    def anywhere(self) -> bool:
        """Whether it can be read from anywhere, without all that is before."""
        return self.file.seekable() and not isinstance(self.file, gzip.GzipFile)


def path_of(name: str, given: Any, what: str = "a file") -> Path:
    """A path that is given as an argument of that name. Raises SimcoreError for what is none.

    Python would take a whole number for a file that is open already, and close it; and an empty text for this folder.
    """
    with suppress(TypeError):
        text = os.fspath(given)
        if isinstance(text, str) and text and "\0" not in text:
            return Path(text)
    raise SimcoreError(f"{name}: found {shown(given)}, expected the path of {what}")


def is_stdin(path: str | PathLike[str]) -> bool:
    """Whether this is standard input, `-`."""
    return str(path) == "-"


def named(path: str | PathLike[str]) -> str:
    """An input as messages name it."""
    return "standard input" if is_stdin(path) else str(path)


def unzipped(path: Path) -> Path:
    """The name of a file without the ending .gz."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def once_only(path: Path) -> bool:
    """Whether an input gives its bytes once, as a pipe does."""
    return is_stdin(path) or (path.exists() and not path.is_file())


@contextmanager
def opened(path: str | PathLike[str]) -> Iterator[Input]:
    """An input to read from: a file, a pipe, or `-` for standard input.

    What gzip compressed is unpacked, where the name ends in .gz or there is no name, as in a pipe. Raises
    WrongKindError for a workbook, for what else is compressed, and for what is damaged; OSError, with the input's
    name, where it cannot be read.
    """
    try:
        with _raw(path) as raw:
            yield _looked_at(Path(path), raw)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise WrongKindError(f"compressed by gzip, and damaged or cut short: {error}") from None
    except OSError as error:
        if error.filename is None and error.errno is not None:  # reading names no file
            raise OSError(error.errno, error.strerror, named(path)) from None
        raise


def _raw(path: str | PathLike[str]) -> Any:
    if not is_stdin(path):
        if os.path.isdir(path):
            raise WrongKindError("a folder, expected a file")
        return open(path, "rb")
    if sys.stdin is None:
        raise WrongKindError("closed, so nothing can be read from it")
    return nullcontext(sys.stdin.buffer)


def _looked_at(path: Path, raw: BinaryIO) -> Input:
    """An input by what it begins with."""
    size = None
    with suppress(OSError):  # what is no file of the system's
        found = os.fstat(raw.fileno())
        size = found.st_size if stat.S_ISREG(found.st_mode) else None
    start = 0 if size is None else raw.tell()
    head = raw.read(_HEAD)
    by_name = path.suffix.lower() == ".gz"
    packed = head.startswith(_GZIP) and (by_name or is_stdin(path) or size is None)
    if not packed:
        _check(head)
        if by_name and head:
            raise WrongKindError("not compressed, though its name ends in .gz: give it another name")
    file: Any = raw
    done: Callable[[], int]
    if size is None:
        again = Again(head, raw)
        file, done = io.BufferedReader(again, _BUFFER), lambda: again.done
    else:
        raw.seek(start)
        size, done = size - start or None, lambda: raw.tell() - start
    if packed:
        file = gzip.GzipFile(fileobj=file)
        head = file.peek(_HEAD)
        _check(head)
    return Input(file, head, size, done)


def _check(head: bytes) -> None:
    """Raises WrongKindError for what cannot be read as it is, by how it begins."""
    for begins, (what, way_out) in _KINDS.items():
        if re.match(begins, head, re.DOTALL):
            raise WrongKindError(f"{what}: {way_out}", what if way_out == _SHEET else "")


class Again(io.RawIOBase):
    """The bytes of a file, counted: first those that were read of it, and are to be read again, then the rest."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self.head, self.rest, self.done = memoryview(head), rest, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads some bytes."""
        if self.head:
            part, self.head = self.head[: len(buffer)], self.head[len(buffer) :]
        else:
            part = memoryview(self.rest.read1(len(buffer)))
        buffer[: len(part)] = part
        self.done += len(part)
        return len(part)
