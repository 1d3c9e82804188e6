"""Every Python block of the README runs and gives what it says, its picture too."""

import doctest
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the extra plot has it")

from matplotlib import __version_info__ as version_info
from matplotlib.testing.compare import compare_images

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_python_blocks_of_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0
    shown = tmp_path / "shown.png"
    shown.write_bytes((ROOT / "notebooks" / "compare.png").read_bytes())
    # Before 3.11 texts are set a little wider, which moves all that stands beside them.
    if version_info >= (3, 11):
        assert compare_images(str(shown), str(tmp_path / "compare.png"), tol=10) is None
