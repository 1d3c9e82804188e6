"""What a call of an API asks, and what it is answered."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

from simcore.text.wording import halved

LONGEST = 255
"""So many characters a name may have."""


def is_text(value: Any) -> TypeGuard[str]:
    """Whether this is a text that is not too long for a name, and that can be written."""
    return isinstance(value, str) and len(value) <= LONGEST and not halved(value)


class Call(NamedTuple):
    """A call, read: the parts of its path, its query (the last of each name), and its body (None for none)."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None

    def fields(self, status: int, *names: str) -> dict[str, Any]:
        """The body, which must be an object; {} for none; of it the fields with some names, where they are given.

        Raises Refused, with a status, for anything else.
        """
        body = {} if self.body is None else self.body
        if not isinstance(body, dict):
            raise Refused(status, "the body must be a JSON object")
        return {name: body[name] for name in names if name in body} if names else body


class Answer(NamedTuple):
    """An answer: its status and its body, which becomes JSON; None for no body."""

    status: int
    body: Any = None


class Refused(Exception):  # noqa: N818  no error of ours: it is what the platform says
    """A call that is refused, with the platform's texts."""

    def __init__(self, status: int, *errors: str) -> None:
        self.status, self.errors = status, errors
        super().__init__(status, *errors)
