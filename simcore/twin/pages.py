"""Pages of lists: Kit's by cursors, and Sequenzy's by offsets."""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simcore.errors import shown
from simcore.twin.answers import Refused

MOST = 1000
"""The largest page of Kit's lists; without `per_page` it is `USUAL`."""
USUAL = 500
Key = tuple[int, ...]


class Keys(Sequence[Key]):
    """The places of items that are told apart by a number alone."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, at: Any) -> Any:
        return (self._numbers[at],)


def cursor(key: Key) -> str:
    """A cursor, as Kit writes it: JSON of the place in base64.

    >>> cursor((3,))
    'WzNd'
    """
    return base64.b64encode(json.dumps(key, separators=(",", ":")).encode()).decode()


def _place(name: str, text: str | None, keys: Sequence[Key]) -> Key | None:
    """The place that a cursor is for; None where none is given."""
    if not text:
        return None
    try:
        found = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError):
        found = None
    whole = isinstance(found, list) and all(type(each) is int and abs(each) < 2**63 for each in found)
    if not whole or (keys and len(found) != len(keys[0])):
        raise Refused(422, f"{name} must be a cursor of this list (found {shown(text)})")
    return tuple(found)


def kit(
    name: str,
    keys: Sequence[Key],
    query: Mapping[str, str],
    item: Callable[[int], Any],
    *,
    falls: bool = True,
) -> dict[str, Any]:
    """A page of one of Kit's lists, by its `after`, `before`, `per_page` and `include_total_count`.

    `keys`: the place of each item, rising. `item`: what stands in the list for the item at an index. `falls`: whether
    the list begins with the last.
    """
    per_page = _per_page(query)
    after, before = (_place(side, query.get(side), keys) for side in ("after", "before"))
    low, high = (before, after) if falls else (after, before)  # the places between which the page lies
    first = 0 if low is None else bisect_right(keys, low)
    end = len(keys) if high is None else max(first, bisect_left(keys, high))
    backwards = before is not None and after is None
    if falls != backwards:  # the page ends with the latest
        first = max(first, end - per_page)
    else:
        end = min(end, first + per_page)
    some = range(first, end)
    listed = some[::-1] if falls else some
    sides = first > 0, end < len(keys)
    pagination: dict[str, Any] = {
        "has_previous_page": sides[falls],
        "has_next_page": sides[not falls],
        "start_cursor": cursor(keys[listed[0]]) if some else None,
        "end_cursor": cursor(keys[listed[-1]]) if some else None,
        "per_page": per_page,
    }
    if query.get("include_total_count") == "true":
        pagination["total_count"] = len(keys)
    return {name: [item(at) for at in listed], "pagination": pagination}


def _per_page(query: Mapping[str, str]) -> int:
    text = query.get("per_page") or str(USUAL)
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST):
        raise Refused(422, f"per_page must be an integer between 1 and {MOST}")
    return int(text)


def by_offset(query: Mapping[str, str], total: int, usual: int, most: int) -> tuple[range, dict[str, Any]]:
    """The items of a page by `limit` and `offset`, and its pagination, as Sequenzy has it."""
    limit, offset = min(number_of(query, "limit", usual), most), number_of(query, "offset", 0, 0)
    some = range(min(offset, total), min(offset + limit, total))
    return some, {
        "limit": limit,
        "offset": offset,
        "count": len(some),
        "total": total,
        "hasMore": some.stop < total,
    }


def number_of(query: Mapping[str, str], name: str, usual: int, least: int = 1, status: int = 400) -> int:
    """A number of a query. Raises Refused, with a status, for what is none, or too small."""
    text = query.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= least):
        raise Refused(status, f"{name} must be an integer of {least} or more")
    return int(text)
