"""Enrolments as Sequenzy's API lists them become entries (Q41)."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.errors import Problem, SimcoreError, refuse, shown
from simcore.files.json_file import MOST_TOLD, read_json
from simcore.plan.columns import ENTRIES, OBJECTS
from simcore.text.wording import listed

COLUMNS = {
    "subscriber_id": "subscriberId",
    "entered_at": "enrollmentStartedAt",
    "via": "enteredVia",
    "enrollment_id": "enrollmentId",
    "status": "status",
    "current_node_id": "currentNodeId",
    "wait_until": "waitUntil",
    "last_updated_at": "lastUpdatedAt",
}
"""The columns of the frame, and the fields that they are read from."""
_TIMES = ("entered_at", "wait_until", "last_updated_at")
_BY_HAND = ("manual", "audience")
_LOOK = '{"enrollments": [...], "pagination": {...}}'


def enrollments(source: Mapping[str, Any] | Iterable[Any] | str | PathLike[str]) -> pd.DataFrame:
    """The enrolments of `GET /api/v1/sequences/{id}/enrollments` as entries, in the order in which they are listed.

    `source`: a page, or the path of a JSON file that holds one or a list of them, or of a CSV file with the same
    columns (a name that ends in .csv); or a list of these, in order. Columns: `subscriber_id` (str), `entered_at`
    (datetime64[us, UTC]), `via` ("manual" and "audience" as they are, "trigger" for all else), and what the platform
    says of each: `enrollment_id`, `status`, `current_node_id` (str), `wait_until` and `last_updated_at`
    (datetime64[us, UTC]), missing where it says nothing. Every enrolment is a row, however it ended. What somebody
    added (`properties`, `attributes`, `time_zone`) is kept; in CSV the first two are JSON.

    Raises ValidationError for what is no such page, where a page is missing, and where there are more to get;
    SimcoreError for what is no CSV, OSError where a file cannot be read.

    >>> page = {"enrollments": [{"subscriberId": "s1", "enrollmentStartedAt": "2026-03-06T21:07:30Z"}]}
    >>> enrollments(page)["via"].tolist()
    ['trigger']
    """
    one = isinstance(source, str | PathLike | Mapping) or not isinstance(source, Iterable)
    given: Any = [source] if one else source
    pages: list[Any] = []
    for each in given:
        page = _file(each) if isinstance(each, str | PathLike) else each
        pages += page if isinstance(page, list) else [page]
    refuse([*_shapes(pages)][:MOST_TOLD])
    rows = [(path, item) for path, page in _named(pages) for path, item in _items(path, page)]
    problems: list[Problem] = []
    columns: dict[str, Any] = {}
    for name, field in COLUMNS.items():
        found = [item.get(field) for _, item in rows]
        if name in _TIMES:
            columns[name] = _times(found, [f"{path}.{field}" for path, _ in rows], problems)
        else:
            texts = [_via(each) if name == "via" else None if each is None else str(each) for each in found]
            columns[name] = pd.Series(texts, dtype="str")
    refuse(problems[:MOST_TOLD])
    for name in ENTRIES[1]:
        if name not in columns and any(name in item for _, item in rows):
            columns[name] = pd.Series([item.get(name) for _, item in rows], dtype=object)
    return pd.DataFrame(columns)


def _file(path: str | PathLike[str]) -> Any:
    """What a file holds: of a CSV file a page, without the fields that are empty."""
    if not fspath(path).lower().endswith(".csv"):
        return read_json(path)
    if Path(path).is_dir():
        raise SimcoreError(f"{path}: a folder, expected a file")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise SimcoreError(f"{path}: not CSV that can be read: {' '.join(str(error).split())}") from None
    missing = [name for name in ("subscriberId", "enrollmentStartedAt") if name not in frame]
    if missing:
        raise SimcoreError(
            f"{path}: no column {listed(missing, 'or')}; the columns are: {', '.join(map(str, frame))}"
        )
    rows = [
        {name: _value(name, text) for name, text in row.items() if text} for row in frame.to_dict("records")
    ]
    return {"enrollments": rows}


def _value(name: Any, text: str) -> Any:
    """What stands in a field of a CSV file; what should be JSON and is none stays, and is refused when it is used."""
    if name not in OBJECTS:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _named(pages: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Each page, and what stands before the paths of what is in it."""
    for at, page in enumerate(pages):
        yield f"pages[{at}]." if len(pages) > 1 else "", page


def _items(path: str, page: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for at, item in enumerate(page["enrollments"]):
        yield f"{path}enrollments[{at}]", item


def _shapes(pages: Sequence[Any]) -> Iterator[Problem]:
    expected = f"expected what the platform lists, {_LOOK}, or a list of such pages"
    if not pages:
        yield "", expected, "[]"
    seen, so_far = dict[str, str](), 0
    for path, page in _named(pages):
        items = page.get("enrollments") if isinstance(page, Mapping) else None
        if not isinstance(items, list | tuple):
            keys = (
                f"an object with {', '.join(map(str, page))}"
                if isinstance(page, Mapping) and page
                else shown(page)
            )
            yield path.rstrip("."), expected, keys
            return
        told = page.get("pagination") or {}
        start = told.get("offset")
        if start is not None and start != so_far:
            message = f"offset must be {so_far}, where the page before ends: give all pages, in order"
            yield f"{path}pagination.offset", message, shown(start)
        so_far += len(items)
        if told.get("hasMore") and page is pages[-1]:
            message = "the list goes on: get the next pages too, and give all of them in a list"
            yield f"{path}pagination.hasMore", message, shown(told["hasMore"])
        for at, item in enumerate(items):
            yield from _one(f"{path}enrollments[{at}]", item, seen)


def _one(path: str, item: Any, seen: dict[str, str]) -> Iterator[Problem]:
    if not isinstance(item, Mapping):
        yield path, "an enrolment must be an object", shown(item)
        return
    for field in ("subscriberId", "enrollmentStartedAt"):
        if item.get(field) is None:
            yield f"{path}.{field}", f"{field} is required", ""
    own = item.get("enrollmentId")
    if own is not None and seen.setdefault(str(own), path) != path:
        yield f"{path}.enrollmentId", f"enrollmentId has already been taken by {seen[str(own)]}", shown(own)


def _via(given: Any) -> str:
    """Q41: what put somebody in, a word or an object with its kind."""
    kind = given.get("kind") if isinstance(given, Mapping) else given
    return kind if isinstance(kind, str) and kind in _BY_HAND else "trigger"


def _times(values: list[Any], paths: list[str], problems: list[Problem]) -> Any:
    us = np.full(len(values), instants.NAT_US)
    there = [at for at, value in enumerate(values) if value is not None]
    if there:
        read = instants.read(pd.Series([values[at] for at in there], dtype=object), "UTC")
        us[there] = read.us
        for at in read.faults:
            expected = "must be an instant, such as 2026-03-06T21:07:30Z"
            name = paths[there[at]].rpartition(".")[2]
            problems.append((paths[there[at]], f"{name} {expected}", shown(values[there[at]])))
    return instants.show(us, "UTC")
