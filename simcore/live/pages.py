"""What there is to read of an account: single objects, and lists that come in pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from simcore.errors import SimcoreError, shown


class ListChangedError(SimcoreError):
    """A list whose pages do not belong together, since it changed while they were read."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """An object of the API, or a list of them.

    `path`; `items`: under which name an answer has its items, None for an object; `own`: the field of an item that
    tells it from others, if it is there; `query`: what is asked besides.
    """

    path: str
    items: str | None = None
    own: str = "id"
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Where its pages are kept: the path, in names that every system takes."""
        return "/".join(quote(each).replace(".", "%2E") for each in self.path.split("/")[1:])


def under(path: str, one: Any) -> str:
    """The path of what belongs to an object, by its id."""
    return f"{path}/{quote(str(one), safe='')}"


class Paging(Protocol):
    """How the pages of a list follow each other. One object of it goes through one list."""

    def __init__(self, part: Part) -> None: ...

    def next_query(self, page: Mapping[str, Any], items: list[Any]) -> Mapping[str, str] | None:
        """What to ask for the page after this one, as well; None after the last.

        Raises SimcoreError for a page that cannot be followed.
        """
        ...


class Cursors:
    """By cursors: `after` the end of the page before, as long as that says that there are more (L2)."""

    def __init__(self, part: Part) -> None:
        self._seen = set[str]()

    def next_query(self, page: Mapping[str, Any], items: list[Any]) -> Mapping[str, str] | None:
        """See `Paging`."""
        told = _pagination(page)
        more = told.get("has_next_page")
        if not isinstance(more, bool):
            raise SimcoreError(f"pagination.has_next_page must be true or false: found {shown(more)}")
        if not more:
            return None
        cursor = told.get("end_cursor")
        if not isinstance(cursor, str) or not cursor:
            raise SimcoreError(
                f"the list goes on, but end_cursor does not say from where: found {shown(cursor)}"
            )
        if cursor in self._seen:
            raise SimcoreError(f"the cursor {shown(cursor)} comes again, so the list would have no end")
        self._seen.add(cursor)
        return {"after": cursor}


class Offsets:
    """By offsets: how many items there were before, as long as a page says that there are more (L3).

    Where something was taken out of the list meanwhile, what follows has moved up and may be missed; where an item
    comes twice, others have moved too.
    """

    def __init__(self, part: Part) -> None:
        self._part, self._before, self._total, self._seen = part, 0, 0, set[str]()

    def next_query(self, page: Mapping[str, Any], items: list[Any]) -> Mapping[str, str] | None:
        """See `Paging`."""
        told = _pagination(page)
        more, start = told.get("hasMore"), told.get("offset", self._before)
        if not isinstance(more, bool):
            raise SimcoreError(f"pagination.hasMore must be true or false: found {shown(more)}")
        if start != self._before:
            raise SimcoreError(f"offset must be {self._before}, as was asked for: found {shown(start)}")
        self._before += len(items)
        ids = [own for each in items if (own := own_of(self._part, each))]
        total = told.get("total")
        if not self._seen.isdisjoint(ids) or (isinstance(total, int) and total < self._total):
            raise ListChangedError
        self._seen.update(ids)
        self._total = total if isinstance(total, int) else self._total
        if more and not items:
            raise SimcoreError("the list goes on, but this page of it is empty")
        return {"offset": str(self._before)} if more else None


def items_of(part: Part, answer: Any) -> list[Any]:
    """The items of a page; of an object, none. Raises SimcoreError for an answer of another form."""
    if not isinstance(answer, Mapping):
        raise SimcoreError(f"expected an object, found {shown(answer)}")
    if part.items is None:
        return []
    found = answer.get(part.items)
    if not isinstance(found, list):
        raise SimcoreError(f'expected a list under "{part.items}", found {shown(found)}')
    return found


def own_of(part: Part, item: Any) -> str:
    """What tells an item from others; "" where nothing does."""
    own = item.get(part.own) if isinstance(item, Mapping) else None
    return "" if own is None else repr(own)


def _pagination(page: Mapping[str, Any]) -> Mapping[str, Any]:
    told = page.get("pagination")
    if not isinstance(told, Mapping):
        raise SimcoreError(
            f"expected pagination beside the list, found {shown(told)}: whether it is whole cannot be told"
        )
    return told
