"""simcore's plugin of pytest: the fixture `kit_twin`. What it needs is imported when a test asks for it (rule W5)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from simcore.twin.running import Twin


@pytest.fixture
def kit_twin() -> Iterator["Twin"]:
    """A running twin of Kit's and Sequenzy's APIs, empty, for one test: see `simcore.twin`."""
    import simcore

    with simcore.twin() as found:
        yield found
