"""What a call of an API asks, and what it is answered."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Call(NamedTuple):
    """A call, read: the parts of its path, its query (the last of each name), and its body (None for none)."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None

    def fields(self, status: int) -> dict[str, Any]:
        """The body, which must be an object; {} for none. Raises Refused, with a status, for anything else."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise Refused(status, "the body must be a JSON object")
        return self.body


class Answer(NamedTuple):
    """An answer: its status and its body, which becomes JSON; None for no body."""

    status: int
    body: Any = None


class Refused(Exception):  # noqa: N818  no error of ours: it is what the platform says
    """A call that is refused, with the platform's texts."""

    def __init__(self, status: int, *errors: str) -> None:
        self.status, self.errors = status, errors
        super().__init__(status, *errors)
