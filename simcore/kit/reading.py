"""An account of Kit's, read over its API into a folder, and from there (L1, L2)."""

import warnings
from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any

import pandas as pd

from simcore.clock.zones import zone_names
from simcore.engine.frames import warn_of_inactive
from simcore.errors import SimcoreError, ValidationError, shown
from simcore.kit.api import from_api
from simcore.kit.model import Sequence
from simcore.kit.problems import whole
from simcore.kit.subscriber_list import read
from simcore.live.account import Live
from simcore.live.api import Api
from simcore.live.folder import Folder
from simcore.live.key import Key
from simcore.live.pages import Cursors, Part, under
from simcore.live.snapshot import Snapshot, warn
from simcore.text.wording import count

_MOST = {"per_page": "1000"}
_ALL = {"status": "all", **_MOST}
_ACCOUNT = Part(path="/account")
_SEQUENCES = Part(path="/sequences", items="sequences", query=_MOST)
_TAGS = Part(path="/tags", items="tags", query=_MOST)


def live(api_key: str | None = None, *, oauth: bool = False, base_url: str | None = None) -> Live[Sequence]:
    """A Kit account, to be read over API version 4; nothing is ever written to it (L1, L2).

    `api_key`: by default that of the environment's KIT_API_KEY. `oauth`: whether it is the access token of an app,
    which may make 600 calls a minute; a key may make 120. `base_url`: another address than Kit's, such as that of
    a server for tests; plain http only on loopback.

    `live().snapshot(folder)` reads it all: sequences, their emails and subscribers, tags and who has them. Raises
    SimcoreError where there is no key, or no such address; needs the extra `live`.
    """
    key = Key(api_key, KitApi.variable)
    del api_key  # which a traceback with variables would show
    return Live(KitApi(oauth=oauth), key, base_url)


def load_snapshot(folder: str | PathLike[str]) -> Snapshot[Sequence]:
    """What `live().snapshot(folder)` read: no call is made.

    `sequences`: with their emails; one that names no time zone has the account's. `entries`: `sequence_id` and
    `subscriber_id` (int64, Kit's), `entered_at` (str, as it came) and `state`: a row for each subscriber of a
    sequence, the last time that they were added (K29). `events`: `tag_added`, with `at` as it came and the tag's
    id as `ref`; `tags` has their names. Kit says neither which tags were taken away again, nor since when somebody
    is not active.

    Warns of sequences that cannot be used, which are left out with their entries; of subscribers who are not
    active; and where the list of sequences changed while it was read. Raises SimcoreError for a folder that has no
    whole snapshot.
    """
    return KitApi().load(Folder(folder))


class KitApi(Api[Sequence]):
    """Kit's API, version 4."""

    name = "kit"
    title = "Kit"
    variable = "KIT_API_KEY"
    base_url = "https://api.kit.com/v4"
    paging = Cursors
    first = (_ACCOUNT, _SEQUENCES, _TAGS)
    sequences = _SEQUENCES

    def __init__(self, *, oauth: bool = False) -> None:
        self.header = ("Authorization", "Bearer {}") if oauth else ("X-Kit-Api-Key", "{}")
        self.most = 600 if oauth else 120

    def then(self, folder: Folder) -> Iterator[Part]:
        """Each sequence, its emails and subscribers; who has each tag."""
        for sequence in _with_ids(folder, _SEQUENCES):
            yield from _of_sequence(sequence["id"])
        for tag in _with_ids(folder, _TAGS):
            yield _of_tag(tag["id"])

    def load(self, folder: Folder) -> Snapshot[Sequence]:
        """See `load_snapshot`."""
        manifest = folder.finished(self.name)
        zone = _zone(folder)
        sequences: list[Sequence] = []
        refused: dict[Any, ValidationError] = {}
        entries: list[pd.DataFrame] = []
        for each in _with_ids(folder, _SEQUENCES):
            one, emails, people = _of_sequence(each["id"])
            try:
                (answer,) = folder.answers(one)
                sequences.append(from_api(answer, folder.items(emails), time_zone=zone))
            except ValidationError as error:
                refused[each["id"]] = error
                continue
            theirs = read(folder.answers(people))
            if len(theirs):
                states = theirs.get("state", pd.Series([None] * len(theirs), dtype="str"))
                theirs = theirs.assign(sequence_id=each["id"], state=states)
                entries.append(theirs[[*_NO_ENTRIES]])
        found = pd.concat(entries or [_NO_ENTRIES], ignore_index=True)
        warn_of_inactive([found["state"]], "active", stacklevel=4)
        return warn(
            Snapshot(
                platform=self.name,
                sequences=tuple(sequences),
                entries=found,
                events=_events(folder),
                tags=_tags(folder),
                taken_at=manifest.taken_at,
                finished_at=manifest.finished_at or manifest.taken_at,
                differences=manifest.differences,
                refused=refused,
            )
        )


_NO_ENTRIES = pd.DataFrame({
    "sequence_id": pd.Series(dtype="int64"),
    "subscriber_id": pd.Series(dtype="int64"),
    "entered_at": pd.Series(dtype="str"),
    "state": pd.Series(dtype="str"),
})


def _of_sequence(own: int) -> tuple[Part, Part, Part]:
    """A sequence, its emails, its subscribers."""
    path = under(_SEQUENCES.path, own)
    return (
        Part(path=path),
        Part(path=f"{path}/emails", items="emails", query=_MOST),
        Part(path=f"{path}/subscribers", items="subscribers", query=_ALL),
    )


def _of_tag(own: int) -> Part:
    return Part(path=f"{under(_TAGS.path, own)}/subscribers", items="subscribers", query=_ALL)


def _with_ids(folder: Folder, part: Part) -> list[Mapping[str, Any]]:
    """The items of a list, which must have Kit's ids."""
    found = folder.items(part)
    for each in found:
        if not isinstance(each, Mapping) or not whole(each.get("id")):
            raise SimcoreError(
                f"Kit, GET {part.path}: expected objects with an integer as id, found {shown(each)}"
            )
    return found


def _zone(folder: Folder) -> str | None:
    """The account's time zone, if it says one."""
    (answer,) = folder.answers(_ACCOUNT)
    found = answer
    for name in ("account", "timezone", "name"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) and found in zone_names() else None


def _tags(folder: Folder) -> pd.DataFrame:
    found = _with_ids(folder, _TAGS)
    return pd.DataFrame({
        "id": pd.Series([each["id"] for each in found], dtype="int64"),
        "name": pd.Series([each.get("name") for each in found], dtype="str"),
    })


def _events(folder: Folder) -> pd.DataFrame:
    """When who was given which tag; of one who comes twice in a list the last."""
    rows: dict[tuple[int, int], str] = {}
    undated = 0
    for tag in _with_ids(folder, _TAGS):
        for each in _with_ids(folder, _of_tag(tag["id"])):
            if isinstance(each.get("tagged_at"), str):
                rows[each["id"], tag["id"]] = each["tagged_at"]
            else:
                undated += 1
    if undated:
        warnings.warn(
            f"{count(undated, 'tag')} of subscribers without tagged_at: since when they have them is not said, so "
            "they are no events",
            stacklevel=4,
        )
    return pd.DataFrame({
        "subscriber_id": pd.Series([who for who, _ in rows], dtype="int64"),
        "at": pd.Series([*rows.values()], dtype="str"),
        "event": pd.Series(["tag_added"] * len(rows), dtype="str"),
        "ref": pd.Series([tag for _, tag in rows], dtype="int64"),
    })
