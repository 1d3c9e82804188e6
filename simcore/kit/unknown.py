"""Fields that Kit's objects may have and simcore does not know: which of them would decide when or to whom something
is sent, and so are refused by name (K3)."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from simcore.errors import Problem, shown
from simcore.plan.known import Known

_SEQUENCE = Known(
    (
        *("send_days", "send_hour", "time_zone", "active", "repeat", "hold"),
        *("exclude_subscriber_sources", "emails", "name"),
    ),
    is_open=True,
)
_EMAIL = Known(
    ("subject", "delay_value", "delay_unit", "published", "position", "send_days"),
    is_open=True,
)
_WAIT = "say the same by delay_value and delay_unit of the emails"
_WHEN = "say the same by send_days, send_hour and time_zone of the sequence, and send_days of the emails"
_FROM_TO = "turn active of the sequence on and off at an instant, by changes"
_WHOM = "say the same by exclude_subscriber_sources of the sequence"
_INSTEAD = MappingProxyType({
    **dict.fromkeys(("delay", "wait"), _WAIT),
    **dict.fromkeys(("send", "sending", "schedule", "scheduled", "window", "time_zone", "timezone"), _WHEN),
    **dict.fromkeys(("start", "end", "stop", "pause", "paused", "resume", "expire", "expires"), _FROM_TO),
    **dict.fromkeys(("exclude", "skip", "audience", "condition", "conditions", "filter", "filters"), _WHOM),
    "repeat": "say the same by repeat of the sequence",
    "hold": "say the same by hold of the sequence",
    "publish": "say the same by published of the emails, which changes turn on at an instant",
})
"""Words with which the name of a field begins that decides, and what to do in place of removing it."""
_WORDS = re.compile(rf"({'|'.join(sorted(_INSTEAD, key=len, reverse=True))})(?![a-z])")
_ELSEWHERE = {"active": "put it into the sequence", "published": "put it into an email"}
_TOLD = re.compile(r".*_(count|rate|url)")
"""What a field is called that only tells something."""


def unknown_of_sequence(extra: Any) -> Iterator[Problem]:
    """A problem for each unknown field of a sequence that may decide something."""
    return _unknown(_SEQUENCE, extra)


def unknown_of_email(extra: Any) -> Iterator[Problem]:
    """A problem for each unknown field of an email that may decide something."""
    return _unknown(_EMAIL, extra)


def unknown_beside(envelope: Mapping[Any, Any]) -> Iterator[Problem]:
    """A problem for each field beside the sequence, in the whole of a response, that may decide something."""
    for name, value in envelope.items():
        if value is not None and (name in _SEQUENCE.read or _way_out(name)):
            yield (
                str(name),
                f"{name} decides nothing beside the sequence: remove it, or put it inside",
                shown(value),
            )


def _unknown(known: Known, extra: Any) -> Iterator[Problem]:
    if isinstance(extra, Mapping) and extra:
        spelled = {each.replace("_", "") for each in known.read}  # of those Known says what to write
        others = (name for name in extra if re.sub("[_-]", "", str(name)).lower() not in spelled)
        instead = {name: found for name in others if (found := _way_out(name))}
        yield from known._replace(instead=instead).unknown("", extra)


def _way_out(name: Any) -> str:
    """What to do in place of removing a field of this name, where it looks as if it decides; or nothing."""
    word = _WORDS.match(str(name))
    if word and not _TOLD.fullmatch(str(name)):
        return _INSTEAD[word[1]]
    return _ELSEWHERE.get(str(name), "")
