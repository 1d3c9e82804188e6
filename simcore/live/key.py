"""The key of an account, which nothing shows (L4)."""

import os
from typing import NoReturn

from simcore.errors import SimcoreError

_SHOWN = "***"


class Key:
    """A key: it has no repr, cannot be pickled, and is taken out of every text that others wrote.

    `given`: the key, or None for that of the environment's `variable`. What is wrong with it is said by `check`, when
    nobody holds it any more as a text, which a traceback with variables would show.
    """

    __slots__ = ("_text", "_wrong", "variable")

    def __init__(self, given: str | None, variable: str) -> None:
        where = variable if given is None else "api_key"
        text = os.environ.get(variable, "") if given is None else given
        self.variable, self._text, self._wrong = variable, "", ""
        if not isinstance(text, str):
            self._wrong = f"{where}: expected a text, found {type(text).__name__}"
        elif not text.strip():
            self._wrong = f"no key: set {variable} in the environment, or give api_key="
        elif not (text.strip().isascii() and text.strip().isprintable()) or " " in text.strip():
            self._wrong = f"{where}: not a key: it has a blank, a line break or a letter that no key has"
        else:
            self._text = text.strip()

    def check(self) -> None:
        """Raises SimcoreError where there is no key, and for what cannot be one."""
        if self._wrong:
            raise SimcoreError(self._wrong)

    def __repr__(self) -> str:
        return f"Key({_SHOWN})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written anywhere")

    def header(self, form: str) -> str:
        """The value of a header, such as `Bearer {}`."""
        return form.format(self._text)

    def out_of(self, text: str) -> str:
        """A text without the key."""
        return text.replace(self._text, _SHOWN)

    def stands_in(self, text: str) -> bool:
        """Whether JSON has the key in it, which may have slashes escaped there.

        A short one, as of a server for tests, may be a word like others.
        """
        return len(self._text) > 15 and (self._text in text or self._text in text.replace("\\/", "/"))
