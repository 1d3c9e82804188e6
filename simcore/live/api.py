"""An API as it is read: where it is, what a call carries, how often it may be asked, and what there is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Generic

from simcore.live.folder import Folder
from simcore.live.pages import Paging, Part
from simcore.live.snapshot import S, Snapshot


class Api(ABC, Generic[S]):
    """An API, and what keys it takes.

    `name` and `title`: the platform's. `variable`: of the environment, which has the key. `header`: the one that
    carries the key, and the form of its value. `most`: so many calls in any 60 seconds. `paging`: how the pages of
    a list follow each other. `first`: what is read first; one of it is the list of `sequences`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    variable: ClassVar[str]
    base_url: ClassVar[str]
    paging: ClassVar[type[Paging]]
    first: ClassVar[Sequence[Part]]
    sequences: ClassVar[Part]
    header: tuple[str, str]
    most: int

    @abstractmethod
    def then(self, folder: Folder) -> Iterator[Part]:
        """What is read besides, as what was read first tells it."""

    @abstractmethod
    def load(self, folder: Folder) -> Snapshot[S]:
        """What is in a folder. Raises SimcoreError where that is not whole."""
