"""What changed in a list while the account was read (L2)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from simcore.errors import shown
from simcore.text.wording import listed


def differences(before: Iterable[Any], after: Iterable[Any]) -> Iterator[str]:
    """A sentence for each sequence that is gone, is new or has changed, by its id."""
    old, new = _by_id(before), _by_id(after)
    for own, each in old.items():
        if own not in new:
            yield f"{_named(each)} is gone"
            continue
        fields = [name for name in {**each, **new[own]} if each.get(name) != new[own].get(name)]
        if fields:
            told = (f"{name} was {shown(each.get(name))}, now {shown(new[own].get(name))}" for name in fields)
            yield f"{_named(each)}: {listed(told)}"
    for own, each in new.items():
        if own not in old:
            yield f"{_named(each)} is new"


def _by_id(those: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    return {repr(each.get("id")): each for each in those if isinstance(each, Mapping)}


def _named(each: Mapping[str, Any]) -> str:
    return f"sequence {shown(each.get('id'))} ({shown(each.get('name'))})"
