"""The key that a twin asks for."""

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from simcore.errors import SimcoreError


class Key:
    """A key, which shows itself nowhere. Raises SimcoreError for what can be none."""

    __slots__ = ("_bytes",)

    def __init__(self, text: str) -> None:
        if not (
            isinstance(text, str) and text.isascii() and text.isprintable() and text.strip() == text and text
        ):
            raise SimcoreError("key: expected a text of ASCII characters, without spaces around it")
        self._bytes = text.encode()

    def __repr__(self) -> str:
        return "<a key>"

    def __reduce__(self) -> Any:
        raise TypeError("a key is not copied")

    def is_in(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a call has it, in either of the ways in which the platforms ask for one."""
        bearer = headers.get(b"authorization", b"")
        given = headers.get(b"x-kit-api-key") or (bearer[7:] if bearer[:7].lower() == b"bearer " else b"")
        return hmac.compare_digest(given.strip(), self._bytes)

    def is_among(self, given: Iterable[Any]) -> bool:
        """Whether it is one of some things."""
        texts = [each.encode("utf-8", "replace") for each in given if isinstance(each, str)]
        return any(hmac.compare_digest(each, self._bytes) for each in texts)

    def reveal(self) -> str:
        """The key itself."""
        return self._bytes.decode()
