"""The errors that simcore raises. All are ValueErrors and keep their parts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class SimcoreError(ValueError):
    """The base of all errors that simcore raises on purpose; a ValueError too.

    >>> import simcore
    >>> try:
    ...     simcore.example("nothing")
    ... except simcore.SimcoreError as error:
    ...     print(str(error).partition(";")[0])
    no example 'nothing'
    """


class ValidationError(SimcoreError):
    """A sequence, an email, a change or assumptions that are not valid.

    `errors`: the messages in the platform's own words. `problems`: (path, message) pairs in the same order.
    `found` (optional, same order): the values that were found there, for the text.

    >>> error = ValidationError(["subject can't be blank"], [("emails[0].subject", "subject can't be blank")])
    >>> print(error)
    1 problem
      emails[0].subject: subject can't be blank
    """

    def __init__(
        self, errors: Sequence[str], problems: Sequence[tuple[str, str]], found: Sequence[str] | None = None
    ) -> None:
        self.errors = list(errors)
        self.problems = list(problems)
        self.found = list(found) if found is not None else [""] * len(self.problems)
        # All three go to the base, so that the error pickles and copies.
        super().__init__(self.errors, self.problems, self.found)

    def __str__(self) -> str:
        count = len(self.problems)
        lines = [f"{count} problem{'s' if count != 1 else ''}"]
        for (path, message), found in zip(self.problems, self.found, strict=True):
            where = f"{path}: " if path else ""
            lines.append(f"  {where}{message}{f' (found {found})' if found else ''}")
        return "\n".join(lines)


class EntryError(SimcoreError):
    """Entries, events or instants that cannot be read.

    `rows`: the positions (from 0) of the rows with errors, in order. Empty if a single value was given.

    >>> import simcore
    >>> from simcore import kit
    >>> try:
    ...     simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00", "03/06/2026"])
    ... except simcore.EntryError as error:
    ...     print(error.rows)
    [1]
    """

    def __init__(self, message: str, rows: Sequence[int] = ()) -> None:
        self.message = message
        self.rows = list(rows)
        super().__init__(message, self.rows)

    def __str__(self) -> str:
        return self.message


class TooLateError(EntryError):
    """Entries whose emails would fall due after the last instant that simcore knows."""


class TooManyError(SimcoreError):
    """More instants than can be held at once: `count` of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(count)

    def __str__(self) -> str:
        return f"{self.count:,} instants are more than can be held at once"


Problem = tuple[str, str, str]
"""A path, a message in the platform's style, and the value found there ("" where the message says it all)."""


def refuse(problems: Sequence[Problem]) -> None:
    """Raises ValidationError where there is a problem."""
    if problems:
        raise ValidationError(
            [message for _, message, _ in problems],
            [(path, message) for path, message, _ in problems],
            [found for *_, found in problems],
        )


@contextmanager
def inside(prefix: str, note: str = "") -> Iterator[None]:
    """Puts `prefix` before the paths of errors raised in here, and adds `note` to the values found."""
    try:
        yield
    except ValidationError as error:
        problems = zip(error.problems, error.found, strict=True)
        refuse([
            (prefix + path, text, ", ".join(filter(None, (found, note)))) for (path, text), found in problems
        ])


def typed(value: object) -> str:
    """A value that is of a wrong type, as an error shows it: 5 (an int), a polars LazyFrame."""
    if value is None:
        return "None"
    kind = type(value)
    room = kind.__module__.partition(".")[0]
    name = kind.__name__ if room == "builtins" else f"{room} {kind.__name__}"
    called = f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
    plain = kind in {str, bytes, bool, int, float, list, tuple, dict, set}
    return f"{shown(value)} ({called})" if plain else called


def shown(value: object, limit: int = 60) -> str:
    """A value as an error shows it: its repr, cut to one line and `limit` characters."""
    try:
        text = repr(value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value)
    except (ValueError, RecursionError):  # an integer of thousands of digits; lists in lists in lists
        return f"a {type(value).__name__} too long to show"
    except NotImplementedError:  # a Timestamp of Arrow's, in the year 148108
        return f"a {type(value).__name__} too far away to show"
    line, _, more = text.partition("\n")
    return line if len(line) <= limit and not more else f"{line[: limit - 1]}…"
