"""Kit (formerly ConvertKit): its sequences, loaded from its API's JSON or built here."""

from simcore.kit.api import from_api, load, load_all
from simcore.kit.assumptions import Assumptions, assumptions
from simcore.kit.calibrate import calibrate
from simcore.kit.changes import Change, create_email, delete_email, update, update_email
from simcore.kit.model import Email, Sequence
from simcore.kit.platform import platform
from simcore.plan.platform import register

__all__ = [
    "Assumptions",
    "Change",
    "Email",
    "Sequence",
    "assumptions",
    "calibrate",
    "create_email",
    "delete_email",
    "from_api",
    "load",
    "load_all",
    "platform",
    "update",
    "update_email",
]

register(platform)
