"""Kit (formerly ConvertKit): its sequences, loaded from its API's JSON or built here."""

from simcore.kit.api import from_api, load, load_all
from simcore.kit.assumptions import Assumptions, assumptions
from simcore.kit.model import Email, Sequence

__all__ = ["Assumptions", "Email", "Sequence", "assumptions", "from_api", "load", "load_all"]
