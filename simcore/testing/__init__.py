"""For tests of your own sequences: assertions and hypothesis strategies; the extra `testing`."""

from simcore.testing.proof import Send, assert_for_all_entries
from simcore.testing.strategies import entry_instants, kit_sequences, sequenzy_sequences
from simcore.testing.timelines import assert_timeline, check_golden

__all__ = [
    "Send",
    "assert_for_all_entries",
    "assert_timeline",
    "check_golden",
    "entry_instants",
    "kit_sequences",
    "sequenzy_sequences",
]
