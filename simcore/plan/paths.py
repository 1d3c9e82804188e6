"""Paths to fields of a sequence, such as `send_hour` and `emails[2].delay_value`, as errors name them."""

import re
from copy import copy
from itertools import pairwise
from typing import Any

from simcore.errors import refuse, shown

_FORM = re.compile(r"[A-Za-z_]\w*(?:\[\d{1,9}\])*(?:\.[A-Za-z_]\w*(?:\[\d{1,9}\])*)*", re.ASCII)
_PART = re.compile(r"\w+")


def parts(path: Any) -> tuple[str | int, ...]:
    """The names and list indices of a path, from the top: ("emails", 2, "delay_value").

    Raises ValidationError if the path does not have that form.

    >>> parts("emails[2].delay_value")
    ('emails', 2, 'delay_value')
    """
    if not (isinstance(path, str) and _FORM.fullmatch(path)):
        message = "a path to a field must be of the form send_hour or emails[2].delay_value"
        refuse([("fields", message, shown(path))])
    return tuple(int(part) if part.isdigit() else part for part in _PART.findall(path))


def put(top: Any, path: str, value: Any) -> None:
    """Sets the value at a path, in dicts and lists. Dicts on the way that are missing or null are created.

    Everything on the way is copied, since it may be a value that the user gave. Raises ValidationError if the path
    leads nowhere: past the end of a list, or into something that is neither a dict nor a list.
    """
    way = parts(path)
    last = way[-1]
    here = top
    for part, after in pairwise(way):
        _check(here, part, path)
        inner = here.get(part) if isinstance(part, str) else here[part]
        here[part] = {} if inner is None and isinstance(after, str) else copy(inner)
        here = here[part]
    _check(here, last, path)
    here[last] = value


def _check(here: Any, part: str | int, path: str) -> None:
    """Raises ValidationError if `here` cannot have this part of a path."""
    if isinstance(part, str):
        if not isinstance(here, dict):
            refuse([(path, f"there is no {part} here, since this value has no fields", shown(here))])
    elif not isinstance(here, list):
        refuse([(path, f"there is no [{part}] here, since this value is not a list", shown(here))])
    elif part >= len(here):
        refuse([(path, f"there is no [{part}]: the list has {len(here)} items, counted from [0]", "")])
