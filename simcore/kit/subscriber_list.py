"""The subscribers of a sequence as Kit's API gives them, read as entries (K29)."""

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.engine.frames import warn_of_inactive
from simcore.errors import Problem, SimcoreError, ValidationError, refuse, shown
from simcore.files.json_file import MOST_TOLD, read_json
from simcore.kit.api import whole_list
from simcore.kit.problems import whole
from simcore.text.wording import listed

_NAMES = {"id": "subscriber_id", "added_at": "entered_at"}
_SHAPE = (
    'expected {"subscribers": [...], "pagination": {...}} as Kit gives it of the subscribers of a sequence'
)
_NO_PAGE = "expected a page, a list of pages, or the path of a JSON or CSV file"


def subscribers(source: Mapping[str, Any] | Iterable[Any] | str | PathLike[str]) -> pd.DataFrame:
    """The subscribers of a sequence as entries: what `GET /v4/sequences/{id}/subscribers` gives (K29).

    `source`: a page, or the path of a JSON file that holds one or a list of them, or of a CSV file with the same
    columns (a name that ends in .csv); or a list of these, in order. Gives a DataFrame for `entries`: the
    columns `subscriber_id` (int64, Kit's id) and `entered_at` (str, `added_at` as it came), then all others that
    stand there; a row a subscriber, in the order of the list. Of one who stands there twice, as pages may overlap
    while the list grows, the row with the latest `added_at` is kept; earlier runs cannot be seen.

    Warns of subscribers who are not active: since when is not said, so they are entries like the others. Raises
    ValidationError with all problems, one of which is a last page that says there are more; SimcoreError for what is
    no file of this kind, OSError where one cannot be read.

    >>> import simcore
    >>> subscribers(simcore.example("kit_subscribers"))["entered_at"].tolist()[:2]
    ['2026-03-02T14:05:31Z', '2026-03-03T22:40:10Z']
    """
    frame = read(source)
    if "state" in frame:
        warn_of_inactive([frame["state"]], "active", stacklevel=3)
    return frame


def read(source: Mapping[str, Any] | Iterable[Any] | str | PathLike[str]) -> pd.DataFrame:
    """See `subscribers`; without its warning."""
    pages = _pages(source)
    problems: list[Problem] = []
    rows: list[Mapping[Any, Any]] = []
    for number, page in enumerate(pages):
        path = "" if len(pages) == 1 else f"pages[{number}]."
        if isinstance(page, pd.DataFrame):
            rows += page.to_dict("records")
            continue
        for at, item in enumerate(page["subscribers"]):
            if len(problems) < MOST_TOLD:
                problems += _problems(f"{path}subscribers[{at}]", item)
            rows.append(item)
        if number == len(pages) - 1:
            problems += [(path + at, message, found) for at, message, found in whole_list(page)]
    refuse(problems)
    columns = list(dict.fromkeys(["id", "added_at", *(name for row in rows for name in row)]))
    frame = pd.DataFrame({name: pd.Series([row.get(name) for row in rows]) for name in columns})
    frame["id"] = frame["id"].astype("int64")
    return _latest(frame.rename(columns=_NAMES))


def _pages(source: Any) -> list[Any]:
    """The pages of a source: objects as the API gives them, or tables of CSV files."""
    given = (
        [source]
        if isinstance(source, str | PathLike | Mapping) or not isinstance(source, Iterable)
        else source
    )
    found: list[Any] = []
    for each in given:
        if isinstance(each, str | PathLike):
            each = _csv(each) if fspath(each).lower().endswith(".csv") else read_json(each)
        found += each if isinstance(each, list) else [each]
    for number, page in enumerate(found):
        path = "" if len(found) == 1 else f"pages[{number}]"
        if isinstance(page, Mapping) and not isinstance(page.get("subscribers"), list):
            keys = f"an object with {', '.join(map(str, page))}" if page else "{}"
            raise ValidationError([_SHAPE], [(path, _SHAPE)], [keys])
        if not isinstance(page, Mapping | pd.DataFrame):
            raise ValidationError([_NO_PAGE], [(path, _NO_PAGE)], [shown(page)])
    return found


def _csv(path: str | PathLike[str]) -> pd.DataFrame:
    """The table of a CSV file, texts but for the ids."""
    if Path(path).is_dir():
        raise SimcoreError(f"{path}: a folder, expected a file")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:
        raise SimcoreError(f"{path}: empty: expected a header with id and added_at") from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise SimcoreError(f"{path}: not CSV that can be read: {' '.join(str(error).split())}") from None
    missing = [name for name in _NAMES if name not in frame]
    if missing:
        raise SimcoreError(
            f"{path}: no column {listed(missing, 'or')}; the columns are: {', '.join(map(str, frame))}"
        )
    wrong = np.flatnonzero(~frame["id"].str.fullmatch(r"\d{1,18}").astype(bool))
    if wrong.size:
        found = shown(frame["id"].iloc[wrong[0]])
        raise SimcoreError(f"{path}: id in row {wrong[0]} (from 0) must be an integer: found {found}")
    frame["id"] = frame["id"].astype("int64")
    return frame


def _problems(path: str, item: Any) -> list[Problem]:
    if not isinstance(item, Mapping):
        return [(path, "a subscriber must be an object", shown(item))]
    found: list[Problem] = []
    if not whole(item.get("id")) or not 0 <= item["id"] < 2**63:
        found.append((f"{path}.id", "id must be an integer", shown(item.get("id"))))
    if "added_at" not in item:
        message = "added_at is missing: expected the subscribers of a sequence, not those of the account"
        found.append((f"{path}.added_at", message, ""))
    return found


def _latest(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a subscriber: the latest of several, in the place of the first."""
    if frame["subscriber_id"].is_unique:
        return frame
    at_us, _ = instants.read(frame["entered_at"], None)
    order = np.lexsort((at_us, frame["subscriber_id"]))
    ids = frame["subscriber_id"].to_numpy()[order]
    last = order[np.append(ids[1:] != ids[:-1], True)]
    first = frame["subscriber_id"].drop_duplicates()
    rows = pd.Series(last, index=frame["subscriber_id"].to_numpy()[last])
    return frame.iloc[rows[first].to_numpy()].reset_index(drop=True)
