"""For tests of your own sequences: assertions, and hypothesis strategies, which need the extra `testing`."""

from importlib import import_module
from typing import TYPE_CHECKING

from simcore.testing.proof import Send, assert_for_all_entries
from simcore.testing.timelines import assert_timeline, check_golden

if TYPE_CHECKING:
    from simcore.testing.strategies import entry_instants, kit_sequences, sequenzy_sequences
else:

    def __getattr__(name):
        # The strategies when they are first asked for: assertions need no hypothesis.
        if name in __all__:
            return getattr(import_module("simcore.testing.strategies"), name)
        raise AttributeError(f"module 'simcore.testing' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "Send",
    "assert_for_all_entries",
    "assert_timeline",
    "check_golden",
    "entry_instants",
    "kit_sequences",
    "sequenzy_sequences",
]
