"""Kit (formerly ConvertKit): load sequences from the JSON of its API, or build them."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from simcore.kit.api import from_api, load, load_all
from simcore.kit.assumptions import Assumptions, assumptions
from simcore.kit.changes import Change, create_email, delete_email, update, update_email
from simcore.kit.model import Email, Sequence
from simcore.kit.platform import platform
from simcore.plan.platform import register

if TYPE_CHECKING:
    from simcore.kit.calibration import calibrate
    from simcore.kit.experiments import experiment
    from simcore.kit.reading import live, load_snapshot
    from simcore.kit.subscriber_list import subscribers
else:
    # Each when it is first asked for, as in simcore itself: one needs all that verbs need.
    _ROOMS = {
        "calibrate": "calibration",
        "experiment": "experiments",
        "live": "reading",
        "load_snapshot": "reading",
        "subscribers": "subscriber_list",
    }

    def __getattr__(name):
        if name in _ROOMS:
            globals()[name] = getattr(import_module(f"simcore.kit.{_ROOMS[name]}"), name)
            return globals()[name]
        raise AttributeError(
            f"module 'simcore.kit' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
        )

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "Assumptions",
    "Change",
    "Email",
    "Sequence",
    "assumptions",
    "calibrate",
    "create_email",
    "delete_email",
    "experiment",
    "from_api",
    "live",
    "load",
    "load_all",
    "load_snapshot",
    "platform",
    "subscribers",
    "update",
    "update_email",
]

register(platform)
