"""JSON files become values, or an error that names the file."""

import json
from collections.abc import Mapping
from itertools import chain
from os import PathLike
from typing import Any

from simcore.errors import SimcoreError, ValidationError, shown
from simcore.files.inputs import WrongKindError, named, opened, path_of

MOST_BYTES = 256 << 20
"""So many bytes a JSON file may have: 256 MiB, which is thousands of emails with their HTML."""
DEEPEST = 100
"""So many lists and objects may stand in one another, in a file and in what is given as dicts."""
_PIECE = 1 << 16
MOST_TOLD = 1000
"""So many problems of one sequence are told, and then no more are looked for: a list may have millions."""


def read_json(path: str | PathLike[str]) -> Any:
    """The value of a JSON file, UTF-8, of at most `MOST_BYTES`; of more, a pipe's too, none is kept.

    `path`: or `-` for standard input; what gzip compressed is unpacked.

    Raises ValidationError where it is not JSON; where an object has a key twice, since all but one would be lost;
    and where it is too big or nested too deeply. SimcoreError for a folder, and for what is no path. OSError where the
    file cannot be read.
    """
    path = path_of("path", path)
    if path.is_dir():
        raise SimcoreError(f"{path}: a folder, expected a JSON file")
    message = "not JSON that can be read: nested too deeply"
    try:
        value = json.loads(_bytes(path).decode("utf-8-sig"), object_pairs_hook=once)
        if not too_deep(value):
            return value
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte {error.start} cannot be read"
    except RecursionError:
        pass
    except WrongKindError as error:
        message = f"not JSON: {error.workbook}" if error.workbook else f"not JSON that can be read: {error}"
    except ValueError as error:  # too big, a key that is there twice, or a number of thousands of digits
        message = f"not JSON that can be read: {error}"
    raise ValidationError([message], [(named(path), message)])


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, by its keys and values; ValueError where a key is there twice (RFC 8259 section 4)."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(
                f"the key {shown(key)} is twice in one object (found {shown(found[key])} and {shown(value)})"
            )
        found[key] = value
    return found


def too_deep(value: Any) -> bool:
    """Whether more than `DEEPEST` lists and objects stand in one another, or one in itself."""
    if value is None or isinstance(value, str | int):  # most are
        return False
    level = _inside([value])
    for _ in range(DEEPEST):
        if not level:
            return False
        inner = (each.values() if isinstance(each, Mapping) else each for each in level)
        level = _inside([*chain.from_iterable(inner)])
    return bool(level)


def _inside(values: list[Any]) -> list[Any]:
    """The lists and objects among some values, each once."""
    kinds = {kind for kind in {*map(type, values)} if issubclass(kind, list | tuple | Mapping)}
    return [*{id(each): each for each in values if type(each) in kinds}.values()]


def _bytes(path: str | PathLike[str]) -> bytearray:
    """What a file holds; ValueError where that is more than `MOST_BYTES`."""
    data = bytearray()
    with opened(path) as given:
        known = given.size is not None and given.size > MOST_BYTES
        while not known and len(data) <= MOST_BYTES and (piece := given.file.read(_PIECE)):
            data += piece
    if known or len(data) > MOST_BYTES:
        found = f"{given.size:,}" if known else f"more than {MOST_BYTES:,}"
        raise ValueError(f"{found} bytes, expected at most {MOST_BYTES:,}")
    return data
