"""Merge tags in subjects: what the run's event and its latest discount fill in (Q25)."""

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from simcore.clock import instants
from simcore.clock.zones import SECOND_US
from simcore.errors import shown
from simcore.sequenzy import waits
from simcore.sequenzy.properties import as_json

_PART = r"[^\s{}|.](?:[^{}|.]*[^\s{}|.])?"
_TAG = re.compile(
    rf"\{{\{{\s*(?:event\.(?P<path>{_PART}(?:\.{_PART})*)"
    r"|discount\.(?P<name>code|percentOff|amountOff|currency|expiresAt))"
    r"\s*(?:\|(?P<fallback>[^{}]*))?\}\}"
)


def render(subject: str, event: Mapping[str, Any] | None, discount: Mapping[str, Any] | None) -> str:
    """A subject with its event and discount tags filled in; what is no such tag stays as it is.

    `event`: the properties of the run's event. `discount`: as `discount_values` gives it, None before any
    discount step. What is missing or null becomes the tag's fallback, or nothing.

    >>> render("{{event.city|There}}: {{discount.percentOff}}% off", {"city": "Lviv"}, {"percentOff": 20.0})
    'Lviv: 20% off'
    """

    def filled(tag: re.Match[str]) -> str:
        of, path = (discount, [tag["name"]]) if tag["name"] else (event, tag["path"].split("."))
        value: Any = of
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        text = _written(value)
        return (tag["fallback"] or "").strip() if text is None else text

    return _TAG.sub(filled, subject)


def used(subject: str) -> set[str]:
    """Which kinds of tags a subject has: "event", "discount", both or none."""
    return {"discount" if tag["name"] else "event" for tag in _TAG.finditer(subject)}


def unbalanced(subject: str) -> bool:
    """Whether a tag is opened and not closed, or closed and not opened."""
    rest = re.sub(r"\{\{[^{}]*\}\}", " ", subject)
    return "{{" in rest or "}}" in rest


def discount_values(discount: Mapping[str, Any], code: str, made_us: int) -> dict[str, Any]:
    """What the discount tags say once a step has made `code` at an instant [µs UTC] (Q5, Q12).

    >>> discount_values({"discountType": "percent", "percentOff": 20, "expiresInHours": 48}, "BACK-1", 0)
    {'code': 'BACK-1', 'percentOff': 20, 'amountOff': None, 'currency': None, 'expiresAt': '1970-01-03T00:00:00Z'}
    """
    hours, expires = discount.get("expiresInHours"), discount.get("expiresAt")
    expires_us = None
    if hours is not None:
        expires_us = int(made_us) + waits.microseconds(0, hours)
    elif expires is not None:
        expires_us = instants.read_one(expires, "expiresAt", "UTC")
    amount = discount["discountType"] == "amount"
    currency = discount.get("currency")
    return {
        "code": code,
        "percentOff": None if amount else discount.get("percentOff"),
        "amountOff": discount.get("amountOff") if amount else None,
        "currency": "usd" if amount and currency is None else currency,
        "expiresAt": None if expires_us is None else _iso(expires_us),
    }


def _iso(instant_us: int) -> str:
    """To the second, and for any year."""
    return f"{np.datetime_as_string(np.datetime64(instant_us // SECOND_US, 's'))}Z"


def _plain(value: Any) -> Any:
    """A part of a value that JSON does not know, as one that it does."""
    plain = as_json(value)
    return str(value) if plain is value else plain


def _written(value: Any) -> str | None:
    """A value as it stands in a text; None where there is none."""
    value = as_json(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    try:
        if isinstance(value, Mapping | list | tuple):
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
        else:
            text = str(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists without bottom
        return shown(value)
    return text.encode(errors="replace").decode()  # half a character (a lone surrogate) is none


def lone_event_path(value: Any) -> str | None:
    """The path of a text that is one event tag and nothing else; None for any other value (Q35)."""
    tag = _TAG.fullmatch(value) if isinstance(value, str) else None
    return None if tag is None or tag["path"] is None or tag["fallback"] is not None else str(tag["path"])
