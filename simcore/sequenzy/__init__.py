"""Sequenzy: its sequences, loaded from the JSON of its API or built here."""

from simcore.plan.platform import register
from simcore.sequenzy.api import from_api, load
from simcore.sequenzy.assumptions import Assumptions, assumptions
from simcore.sequenzy.changes import Change, disable, enable, update
from simcore.sequenzy.enrollments import enrollments
from simcore.sequenzy.model import Sequence
from simcore.sequenzy.platform import platform

__all__ = [
    "Assumptions",
    "Change",
    "Sequence",
    "assumptions",
    "disable",
    "enable",
    "enrollments",
    "from_api",
    "load",
    "platform",
    "update",
]

register(platform)
