"""Sequenzy: its sequences, loaded from the JSON of its API or built here."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from simcore.plan.platform import register
from simcore.sequenzy.api import from_api, load
from simcore.sequenzy.assumptions import Assumptions, assumptions
from simcore.sequenzy.changes import Change, disable, enable, update
from simcore.sequenzy.enrollments import enrollments
from simcore.sequenzy.model import Sequence
from simcore.sequenzy.platform import platform

if TYPE_CHECKING:
    from simcore.sequenzy.reading import live, load_snapshot
    from simcore.sequenzy.reconciliation import reconcile
else:
    # Each when it is first asked for, as in simcore itself.
    _ROOMS = {"live": "reading", "load_snapshot": "reading", "reconcile": "reconciliation"}

    def __getattr__(name):
        if name in _ROOMS:
            globals()[name] = getattr(import_module(f"simcore.sequenzy.{_ROOMS[name]}"), name)
            return globals()[name]
        raise AttributeError(
            f"module 'simcore.sequenzy' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
        )

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "Assumptions",
    "Change",
    "Sequence",
    "assumptions",
    "disable",
    "enable",
    "enrollments",
    "from_api",
    "live",
    "load",
    "load_snapshot",
    "platform",
    "reconcile",
    "update",
]

register(platform)
