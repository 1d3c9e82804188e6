"""What decides when, or to whom, something is sent is never passed over: such objects say which fields they have.

A platform declares of each object that decides a `Known`: its fields that are read, and those that decide nothing.
Whatever else stands there is refused by name (Q26, K3). Two kinds of objects are told apart: those that do nothing but
decide (a wait, a window, a filter), in which every other field is refused; and `open` ones, which hold content too (a
sequence, an email), in which another field is kept unless it looks as if it decides.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from simcore.errors import Problem, shown

NOTES = ("x-", "_")
"""Fields that begin so are people's own notes, and may stand anywhere."""
CAPTIONS = ("id", "name", "label", "title", "description", "note", "notes", "comment")
"""What an object is called decides nothing, and may stand anywhere too."""
_NO_HINTS: Mapping[str, str] = MappingProxyType({})
_MOST = 8  # so many fields are named in a message


class Known(NamedTuple):
    """The fields of an object that decides: those that are `read`, and those that are `kept`, as they do not decide.

    `instead`: of fields that are known and not modelled, what to do in place of removing them. `is_open`: whether
    others are kept too, but for those that begin with one of `stems`, or are spelled almost like one that is read.

    >>> offset = Known(("days", "hours"))
    >>> list(offset.unknown("offset", {"days": 1, "weeks": 2}))
    [('offset.weeks', 'weeks is not modelled: remove it, or say the same by: days, hours', '2')]
    """

    read: tuple[str, ...]
    kept: tuple[str, ...] = ()
    instead: Mapping[str, str] = _NO_HINTS
    is_open: bool = False
    stems: tuple[str, ...] = ()

    def unknown(self, path: str, item: Mapping[Any, Any]) -> Iterator[Problem]:
        """A problem for each field of an object that may decide something, and is not read.

        What is null or empty says nothing, and neither do notes. `path`: where the object is, "" for the top.
        """
        names = {*self.read, *self.kept, *CAPTIONS}
        for name, value in item.items():
            if name in names or says_nothing(value) or str(name).startswith(NOTES):
                continue
            nearest = self._nearest(str(name))
            if self.is_open and not (
                name in self.instead or nearest or str(name).startswith(self.stems or "\0")
            ):
                continue
            told = f"{name} is not modelled: remove it{self._way_out(str(name), nearest)}"
            yield f"{path}.{name}" if path else str(name), told, shown(value)

    def _nearest(self, name: str) -> str:
        """The field that was meant, perhaps; of an open object only where nothing but case and hyphens differ."""
        alike = {_bare(each): each for each in self.read}
        if self.is_open:
            return alike.get(_bare(name), "")
        from difflib import get_close_matches  # it takes time to import, and is needed only here

        return next((alike[each] for each in get_close_matches(_bare(name), alike, 1, 0.8)), "")

    def _way_out(self, name: str, nearest: str) -> str:
        if name in self.instead:
            return f", or {self.instead[name]}"
        if nearest:
            return f", or write {nearest}"
        few = not self.is_open and 0 < len(self.read) <= _MOST
        return f", or say the same by: {', '.join(self.read)}" if few else ""


def says_nothing(value: Any) -> bool:
    """Whether a value is null, or empty."""
    return value is None or (isinstance(value, str | list | tuple | Mapping) and not value)


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
