"""Reads an account into a folder (L1 to L3)."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic

from simcore.errors import SimcoreError
from simcore.files.folders import alone
from simcore.live.api import Api
from simcore.live.differences import differences
from simcore.live.folder import ANEW, MANIFEST, Folder, Manifest
from simcore.live.key import Key
from simcore.live.pace import Clock, MachineClock, Pace
from simcore.live.pages import ListChangedError, Part, items_of
from simcore.live.snapshot import S, Snapshot
from simcore.text.progress import reporting

if TYPE_CHECKING:
    from simcore.live.calls import Calls

_PASSES = 3
"""So many times a list is read from its beginning, where it changes so that rows may be lost between its pages."""


_PACES: dict[tuple[str, Key], Pace] = {}
"""The calls of this process by address and key: who is called counts them together, whatever they are for."""
_Get = Callable[[str, Mapping[str, str]], tuple[str, Any]]
"""What gets the JSON of a path: its text, and its value."""


class Live(Generic[S]):
    """An account that is read, never written to."""

    def __init__(
        self, api: Api[S], key: Key, base_url: str | None = None, clock: Clock | None = None
    ) -> None:
        self._api, self._clock = api, clock or MachineClock()
        self._base_url = api.base_url if base_url is None else base_url
        key.check()
        self._calls = _calls(api, key, self._base_url, self._clock)
        self._base_url = str(self._calls.base)
        pace = Pace(api.most, self._clock)
        self._pace = pace if clock else _PACES.setdefault((self._base_url, key), pace)

    def __repr__(self) -> str:
        return f"<{self._api.title} at {self._base_url}, to be read only>"

    def snapshot(self, folder: str | PathLike[str], progress: bool = True) -> Snapshot[S]:
        """Reads the account into a folder, made if it is not there, and gives what is in it.

        Every page is written as it came, whole or not at all. If reading was stopped, for any reason, the same
        call goes on, and reads no page again that is there; once all is read, the call only loads it. `progress`
        shows a bar on standard error.

        Warns where the list of sequences is another one after reading than before; and of what loading warns of.
        Raises SimcoreError where the platform cannot be read (the message says why; what was read stays), for a
        folder that has other files or another snapshot, and where another process writes to it.
        """
        place = Folder(folder)
        with alone(place.path, MANIFEST):
            manifest = self._begin(place)
            if manifest.finished_at is not None:
                if progress:
                    print(f"{place.path}: already finished, nothing to do", file=sys.stderr)
            else:
                now_s, now = self._clock.seconds(), self._clock.now().timestamp()
                self._pace.seen([now - at for at in place.written()], now_s)
                self._read_all(place, progress)
                api = self._api
                before, after = (place.items(api.sequences, again=each) for each in (False, True))
                changed = tuple(differences(before, after))
                place.keep(manifest._replace(finished_at=self._clock.now(), differences=changed))
        return self._api.load(place)

    def _begin(self, folder: Folder) -> Manifest:
        """The manifest of the folder; a new one where it has none."""
        found = folder.manifest()
        if found is None:
            found = Manifest(self._api.name, self._base_url, self._clock.now())
            folder.keep(found)
        if (found.platform, found.base_url) != (self._api.name, self._base_url):
            raise SimcoreError(
                f"{folder.path}: has a snapshot of {found.platform} at {found.base_url}, not of {self._api.name} at "
                f"{self._base_url}: {ANEW}"
            )
        return found

    def _read_all(self, folder: Folder, progress: bool) -> None:
        with self._calls.client(self._pace) as client:
            get = partial(self._calls.get, client)
            for part in self._api.first:
                self._read(get, folder, part)
            parts = [*self._api.then(folder)]
            with reporting(progress, len(parts) + 1, "lists") as report:
                for done, part in enumerate(parts):
                    report("Reading", done)
                    self._read(get, folder, part)
                report("Reading", len(parts))
                self._read(get, folder, self._api.sequences, again=True)
                report("Reading", len(parts) + 1)

    def _read(self, get: _Get, folder: Folder, part: Part, *, again: bool = False) -> None:
        """Reads those pages of a list, or of an object, that are not there."""
        for _ in range(_PASSES):
            try:
                return self._read_pages(get, folder, part, again)
            except ListChangedError:
                folder.clear(part, again=again)
        raise SimcoreError(
            f"{self._api.title}, GET {part.path}: the list changes while it is read, {_PASSES} times: try again when "
            "less happens"
        )

    def _read_pages(self, get: _Get, folder: Folder, part: Part, again: bool) -> None:
        paging, number, more = self._api.paging(part), 1, dict[str, str]()
        while True:
            query = {**part.query, **more}
            answer = folder.page(part, number, query, again=again)
            text = ""
            if answer is None:
                text, answer = get(part.path, query)
            wrong = ""
            try:
                items = items_of(part, answer)
                following = None if part.items is None else paging.next_query(answer, items)
            except ListChangedError:
                raise
            except SimcoreError as error:
                wrong = f"{self._api.title}, GET {part.path}, page {number}: {error}"
            if wrong:
                raise SimcoreError(wrong)
            if text:
                folder.add(part, number, query, text, self._clock.now(), again=again)
            if following is None:
                return
            number, more = number + 1, dict(following)


def _calls(api: Api[Any], key: Key, base_url: str, clock: Clock) -> "Calls":
    """The calls, by libraries that are imported only here."""
    try:
        from simcore.live.calls import Calls
    except ModuleNotFoundError as absent:
        if (absent.name or "").partition(".")[0] not in {"httpx2", "tenacity"}:
            raise
        raise SimcoreError(
            'reading an account needs httpx2 and tenacity: pip install "simcore[live]"'
        ) from None
    return Calls(api, key, base_url, clock)
