"""Every Python block of the README runs and gives what it says."""

import doctest
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_python_blocks_of_the_readme():
    result = doctest.testfile(str(README), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0
