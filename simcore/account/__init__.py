"""Several sequences of the same subscribers at once; RULES.md has the rules (A1 to A9)."""

from simcore.account.account import Account
from simcore.account.cap import Cap
from simcore.account.simulation import AccountSimulation, Pressure

__all__ = ["Account", "AccountSimulation", "Cap", "Pressure"]
