"""What the shell completes, besides commands, options and files: names and values that simcore knows.

A function for each kind; it is given what is typed so far, and what does not begin with that is left out later.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import fields
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import Any

import simcore
from simcore.errors import SimcoreError
from simcore.files.json_file import read_json
from simcore.plan.platform import Platform, platforms, recognised
from simcore.plan.rules import every
from simcore.plan.switches import LENGTH

_ASKED, _WORDS, _AT = "_SIMCORE_COMPLETE", "COMP_WORDS", "COMP_CWORD"
_BREAKS = "=:"
Offered = list[tuple[str, str]]
"""Values, each with a word of explanation, which zsh and fish show."""


def among(*values: str) -> Callable[[str], list[str]]:
    """Completes one of some values."""

    def offered(incomplete: str) -> list[str]:
        return [*values]

    return offered


def several(*values: str) -> Callable[[str], list[str]]:
    """Completes the last one of some values with commas between them."""

    def offered(incomplete: str) -> list[str]:
        before, comma, _ = incomplete.rpartition(",")
        return [before + comma + value for value in values]

    return offered


def examples(incomplete: str) -> list[str]:
    """Completes the name of an example."""
    return simcore.example()


def platform_names(incomplete: str) -> Offered:
    """Completes the name of a platform."""
    return [(name, platform.title) for name, platform in _platforms().items()]


def rule_numbers(incomplete: str) -> Offered:
    """Completes the number of a rule."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [(rule.name, rule.title) for rule in every().values()]


def switches(incomplete: str) -> Offered:
    """Completes a switch with its value: day_count=elapsed. Lengths of time have none to choose from."""
    return [
        (f"{switch.name}={value}", switch.metadata["meaning"])
        for platform in _platforms().values()
        for switch in fields(platform.assumptions)
        for value in ([""] if switch.metadata["values"][0].startswith(LENGTH) else switch.metadata["values"])
    ]


def zones(incomplete: str) -> list[str]:
    """Completes the name of a time zone."""
    return resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()


def sequences(incomplete: str) -> Offered:
    """Completes FILE# with the sequences of a file that has several; files are completed by the shell itself."""
    file, mark, _ = incomplete.rpartition("#")
    if not mark or not Path(file).is_file():
        return []
    with suppress(SimcoreError, OSError):
        payload = read_json(file)
        platform = recognised(payload)
        found = platform.load(payload, {})
        several = found if isinstance(found, list) else []
        return [(f"{file}#{platform.key(each)}", each.name) for each in several]
    return []


def _platforms() -> dict[str, Platform[Any]]:
    with warnings.catch_warnings():  # which would stand in the middle of what is typed
        warnings.simplefilter("ignore")
        return platforms()


@contextmanager
def whole_words() -> Iterator[None]:
    """In here what bash wants to be completed is a whole word, though bash breaks words at = and at colons.

    What comes before the last of these stands on the line already, so it is left out of the answer.
    """
    if os.environ.get(_ASKED) == "complete_bash":
        there, page = _put_together(), StringIO()
        try:
            with redirect_stdout(page):
                yield
        finally:
            lines = page.getvalue().splitlines(keepends=True)
            sys.stdout.write("".join(_rest(line, there) for line in lines))
    else:
        yield


def _put_together() -> str:
    """Has the words be whole for who reads them next; gives what of the last one is before what bash completes."""
    words = os.environ[_WORDS].split("\n")[: int(os.environ[_AT]) + 1]
    joined: list[str] = []
    after_break = False
    for word in words:
        breaks = bool(word) and not word.strip(_BREAKS)
        if joined and (breaks or after_break):
            joined[-1] += word
        else:
            joined.append(word)
        after_break = breaks
    os.environ[_WORDS], os.environ[_AT] = "\n".join(joined), str(len(joined) - 1)
    return joined[-1].removesuffix(words[-1].strip(_BREAKS)) if len(joined) < len(words) else ""


def _rest(value: str, there: str) -> str:
    """What of a value is not on the line already: `there` ends with its beginning, or with nothing of it."""
    ends = (there[at:] for at in range(len(there)))
    return value.removeprefix(next((end for end in ends if value.startswith(end)), ""))
