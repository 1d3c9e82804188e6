"""simcore's plugin of pytest: fixtures `golden`, `kit_twin` and `sequenzy_twin`, and the option `--simcore-update`.

What they need is imported when a test asks for them (rule W5).
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import pandas as pd

    from simcore.twin.running import Twin


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option."""
    told = "write the files of the fixture golden again, with what the tests give now"
    parser.getgroup("simcore").addoption("--simcore-update", action="store_true", help=told)


@pytest.fixture
def kit_twin() -> Iterator["Twin"]:
    """A running twin of Kit's and Sequenzy's APIs, empty, for one test: see `simcore.twin`."""
    import simcore

    with simcore.twin() as found:
        yield found


@pytest.fixture
def sequenzy_twin(kit_twin: "Twin") -> "Twin":
    """The same twin, which answers as both APIs do, for tests that call Sequenzy's."""
    return kit_twin


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[["pd.DataFrame", str], None]:
    """`golden(timeline, "welcome.csv")`: sees to it that a timeline is that of a file beside the test.

    See `simcore.testing.check_golden`; with `--simcore-update` the file is written instead.
    """
    from simcore.testing import timelines

    def check(timeline: "pd.DataFrame", name: str) -> None:
        __tracebackhide__ = True
        path = request.path.parent / name
        update = bool(request.config.getoption("--simcore-update"))
        timelines.golden(timeline, path, update, "pytest --simcore-update")

    return check
