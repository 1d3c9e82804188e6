"""The folder of a snapshot: a file for each page, as it came, and `snapshot.json`, which says what it is (L1)."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from simcore.errors import SimcoreError, ValidationError, shown
from simcore.files.folders import settle, writing
from simcore.files.inputs import path_of
from simcore.files.json_file import read_json
from simcore.files.writing import replacing
from simcore.live.pages import Part, items_of, own_of

MANIFEST = "snapshot.json"
ANEW = "choose another folder, or delete this one and start again"
_PAGE = ("taken_at", "path", "query", "answer")


class Manifest(NamedTuple):
    """What a snapshot is of, when it was begun and finished (None before), and what changed meanwhile."""

    platform: str
    base_url: str
    taken_at: datetime
    finished_at: datetime | None = None
    differences: tuple[str, ...] = ()


class Folder:
    """The folder of a snapshot. Each file is written whole or not at all, so those that are there are whole."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = path_of("folder", path, "a folder")

    def manifest(self) -> Manifest | None:
        """What it is of; None where it was not begun. Raises SimcoreError for another file of that name."""
        path = self.path / MANIFEST
        if not path.exists():
            return None
        try:
            told = dict(read_json(path))
            begun, ended = (
                each and datetime.fromisoformat(each) for each in (told["taken_at"], told["finished_at"])
            )
            return Manifest(told["platform"], told["base_url"], begun, ended, tuple(told["differences"]))
        except (ValidationError, ValueError, LookupError, TypeError):
            raise SimcoreError(f"{path}: not a snapshot that simcore wrote: {ANEW}") from None

    def keep(self, manifest: Manifest) -> None:
        """Writes the manifest."""
        ended = manifest.finished_at
        told = manifest._asdict() | {
            "taken_at": manifest.taken_at.isoformat(),
            "finished_at": ended and ended.isoformat(),
        }
        self._write(self.path / MANIFEST, json.dumps(told, indent=1, ensure_ascii=False))

    def finished(self, platform: str) -> Manifest:
        """The manifest of a whole snapshot of a platform. Raises SimcoreError where it is none."""
        found = self.manifest()
        if found is None:
            raise SimcoreError(f"{self.path}: no snapshot: there is no {MANIFEST} in it")
        if found.platform != platform:
            raise SimcoreError(
                f"{self.path}: a snapshot of {shown(found.platform)}, expected one of {platform!r}: "
                f"load it by simcore.{found.platform}.load_snapshot"
            )
        if found.finished_at is None:
            raise SimcoreError(
                f"{self.path}: the snapshot is not finished: read on with simcore pull {platform} {self.path}"
            )
        return found

    def page(
        self, part: Part, number: int, query: Mapping[str, str], *, again: bool = False
    ) -> Mapping[str, Any] | None:
        """The answer of a page, from 1, that was asked for so; None where it was not read."""
        path = self._path(part, number, again)
        if not path.exists():
            return None
        found = self._page(path, part)
        if found["query"] != dict(query):
            raise SimcoreError(
                f"{path}: of another call, found {shown(found['query'])}, expected {shown(dict(query))}: {ANEW}"
            )
        answer: Mapping[str, Any] = found["answer"]
        return answer

    def add(
        self,
        part: Part,
        number: int,
        query: Mapping[str, str],
        text: str,
        at: datetime,
        *,
        again: bool = False,
    ) -> None:
        """Writes a page: `text`, the JSON as it came, and around it when it was taken and what was asked."""
        head = json.dumps({"taken_at": at.isoformat(), "path": part.path, "query": dict(query)})
        path = self._path(part, number, again)
        with writing(self.path):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._write(path, f'{head[:-1]}, "answer": {text}}}\n')

    def clear(self, part: Part, *, again: bool = False) -> None:
        """Forgets the pages of a list."""
        with writing(self.path):
            for path in self._path(part, 1, again).parent.glob("*.json"):
                path.unlink()

    def answers(self, part: Part, *, again: bool = False) -> list[Any]:
        """The answers of all pages, in order. Raises SimcoreError where one is missing."""
        folder = self._path(part, 1, again).parent
        names = {path.name for path in folder.glob("*.json")}
        paths = [self._path(part, number, again) for number in range(1, max(len(names), 1) + 1)]
        for path in paths:
            if path.name not in names:
                raise SimcoreError(f"{path}: missing: {ANEW}")
        return [self._page(path, part)["answer"] for path in paths]

    def items(self, part: Part, *, again: bool = False) -> list[Any]:
        """The items of all pages, in order; of those with one id the last, in the place of the first.

        A list that grows while it is read may have an item on two pages.
        """
        found: dict[Any, Any] = {}
        for answer in self.answers(part, again=again):
            for item in items_of(part, answer):
                found[own_of(part, item) or len(found)] = item
        return [*found.values()]

    def written(self) -> Iterator[float]:
        """When each page was written, in seconds since 1970."""
        for path in self.path.rglob("[0-9]*.json"):
            yield path.stat().st_mtime

    def _path(self, part: Part, number: int, again: bool) -> Path:
        return self.path / ("again" if again else "pages") / part.folder / f"{number:05}.json"

    def _page(self, path: Path, part: Part) -> Mapping[str, Any]:
        try:
            found = read_json(path)
        except ValidationError:
            found = None
        if not isinstance(found, Mapping) or not all(name in found for name in _PAGE):
            raise SimcoreError(f"{path}: not a page that simcore wrote: {ANEW}")
        if found["path"] != part.path:  # as where the disk takes seq_A and seq_a for one name
            raise SimcoreError(
                f"{path}: of another call, found {shown(found['path'])}, expected {shown(part.path)}: {ANEW}"
            )
        return found

    def _write(self, path: Path, text: str) -> None:
        with replacing(path) as sink:
            sink.write(text.encode())
            settle(sink)
