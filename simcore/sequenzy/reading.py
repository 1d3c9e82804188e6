"""An account of Sequenzy's, read over its API into a folder, and from there (L1, L3)."""

from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any

import pandas as pd

from simcore.errors import SimcoreError, ValidationError, shown
from simcore.live.account import Live
from simcore.live.api import Api
from simcore.live.folder import Folder
from simcore.live.key import Key
from simcore.live.pages import Offsets, Part, under
from simcore.live.snapshot import Snapshot, warn
from simcore.sequenzy.api import from_api
from simcore.sequenzy.enrollments import enrollments
from simcore.sequenzy.model import Sequence

_SEQUENCES = Part(path="/sequences", items="sequences", query={"limit": "100", "offset": "0"})
_ENROLLED = {
    "status": "active,waiting,paused,completed,failed,cancelled",
    "sort": "enrolled_at_asc",  # so that who enrols meanwhile comes last, and moves nobody
    "limit": "500",
    "offset": "0",
}


def live(api_key: str | None = None, *, base_url: str | None = None) -> Live[Sequence]:
    """A Sequenzy account, to be read over its API; nothing is ever written to it (L1, L3).

    `api_key`: by default that of the environment's SEQUENZY_API_KEY. `base_url`: another address than Sequenzy's,
    such as that of a server for tests; plain http only on loopback.

    `live().snapshot(folder)` reads all sequences, and who was ever enrolled in them. Raises SimcoreError where
    there is no key, or no such address; needs the extra `live`.
    """
    key = Key(api_key, SequenzyApi.variable)
    del api_key  # which a traceback with variables would show
    return Live(SequenzyApi(), key, base_url)


def load_snapshot(folder: str | PathLike[str]) -> Snapshot[Sequence]:
    """What `live().snapshot(folder)` read: no call is made.

    `sequences`: as their graphs say. `entries`: `sequence_id`, which is the sequence's name, and the columns of
    `sequenzy.enrollments`: a row for each enrolment, however it ended (Q41). `events` and `tags` have no rows: the
    API lists nothing else that has a date and decides when something is sent.

    Warns of sequences that cannot be used, which are left out with their entries; and where the list of sequences
    changed while it was read. Raises SimcoreError for a folder that has no whole snapshot.
    """
    return SequenzyApi().load(Folder(folder))


class SequenzyApi(Api[Sequence]):
    """Sequenzy's API."""

    name = "sequenzy"
    title = "Sequenzy"
    variable = "SEQUENZY_API_KEY"
    base_url = "https://api.sequenzy.com/api/v1"
    paging = Offsets
    first = (_SEQUENCES,)
    sequences = _SEQUENCES
    header = ("Authorization", "Bearer {}")
    most = 100

    def then(self, folder: Folder) -> Iterator[Part]:
        """Each sequence, and who is enrolled in it."""
        for sequence in _with_ids(folder):
            yield from _of_sequence(sequence["id"])

    def load(self, folder: Folder) -> Snapshot[Sequence]:
        """See `load_snapshot`."""
        manifest = folder.finished(self.name)
        sequences: list[Sequence] = []
        refused: dict[Any, ValidationError] = {}
        entries: list[pd.DataFrame] = []
        for each in _with_ids(folder):
            one, people = _of_sequence(each["id"])
            try:
                (answer,) = folder.answers(one)
                sequences.append(from_api(answer))
            except ValidationError as error:
                refused[each.get("name", each["id"])] = error
                continue
            theirs = enrollments(folder.answers(people))
            theirs.insert(0, "sequence_id", pd.Series([sequences[-1].name] * len(theirs), dtype="str"))
            entries.append(theirs)
        some = [each for each in entries if len(each)]
        no_events = {name: pd.Series(dtype="str") for name in ("subscriber_id", "at", "event", "ref")}
        return warn(
            Snapshot(
                platform=self.name,
                sequences=tuple(sequences),
                entries=pd.concat(some, ignore_index=True) if some else _nobody(),
                events=pd.DataFrame(no_events),
                tags=pd.DataFrame({name: pd.Series(dtype="str") for name in ("id", "name")}),
                taken_at=manifest.taken_at,
                finished_at=manifest.finished_at or manifest.taken_at,
                differences=manifest.differences,
                refused=refused,
            )
        )


def _of_sequence(own: str) -> tuple[Part, Part]:
    """A sequence, and who is enrolled in it."""
    path = under(_SEQUENCES.path, own)
    return Part(path=path), Part(
        path=f"{path}/enrollments", items="enrollments", own="enrollmentId", query=_ENROLLED
    )


def _with_ids(folder: Folder) -> list[Mapping[str, Any]]:
    """The sequences, which must have ids."""
    found = folder.items(_SEQUENCES)
    for each in found:
        if not isinstance(each, Mapping) or not isinstance(each.get("id"), str) or not each["id"]:
            raise SimcoreError(
                f"Sequenzy, GET {_SEQUENCES.path}: expected objects with a text as id, found {shown(each)}"
            )
    return found


def _nobody() -> pd.DataFrame:
    found = enrollments({"enrollments": []})
    found.insert(0, "sequence_id", pd.Series(dtype="str"))
    return found
