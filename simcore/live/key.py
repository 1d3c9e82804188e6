"""The key of an account, which nothing shows (L4)."""

import os
from typing import NoReturn

from simcore.errors import SimcoreError

_SHOWN = "***"


class Key:
    """A key: it has no repr, cannot be pickled, and is taken out of every text that others wrote.

    `given`: the key, or None for that of the environment's `variable`. Raises SimcoreError where there is none,
    and for what cannot be one.
    """

    __slots__ = ("_text", "variable")

    def __init__(self, given: str | None, variable: str) -> None:
        text = os.environ.get(variable, "") if given is None else given
        where = variable if given is None else "api_key"
        if not isinstance(text, str):
            raise SimcoreError(f"{where}: expected a text, found {type(text).__name__}")
        text = text.strip()
        if not text:
            raise SimcoreError(f"no key: set {variable} in the environment, or give api_key=")
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise SimcoreError(
                f"{where}: not a key: it has a blank, a line break or a letter that no key has"
            )
        self._text, self.variable = text, variable

    def __repr__(self) -> str:
        return f"Key({_SHOWN})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written anywhere")

    def header(self, form: str) -> str:
        """The value of a header, such as `Bearer {}`."""
        return form.format(self._text)

    def out_of(self, text: str) -> str:
        """A text without the key."""
        return text.replace(self._text, _SHOWN)

    def stands_in(self, text: str) -> bool:
        """Whether a text has the key in it; a short one, as of a server for tests, may be a word like others."""
        return len(self._text) > 15 and self._text in text
