"""Every notebook runs, without a warning, and gives what it shows."""

import os
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

if missing := [name for name in ("nbclient", "ipykernel", "matplotlib") if find_spec(name) is None]:
    pytest.skip(f"the extra dev has {', '.join(missing)}", allow_module_level=True)

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="session")
def jupyter():
    """The modules nbclient and nbformat: they take so long to be imported that only who uses them does it."""
    with warnings.catch_warnings():  # of Jupyter's own
        warnings.simplefilter("ignore")
        import nbclient
        import nbformat
        from matplotlib import font_manager  # noqa: F401  looks for fonts once, and says so
    return nbclient, nbformat


def texts(notebook):
    """The plain texts that each cell shows, and whatever it writes or raises."""
    return [
        [
            output["data"].get("text/plain") if "data" in output else dict(output)
            for output in cell.get("outputs", [])
        ]
        for cell in notebook.cells
    ]


def test_there_are_some():
    assert [path.stem for path in NOTEBOOKS] == [
        "1-first-preview",
        "10-best-schedule",
        "2-why-then",
        "3-what-if",
        "4-blast-radius",
        "5-years-load",
        "6-sequenzy",
        "7-regression-tests",
        "8-calibrate",
        "9-one-person",
        "lifecycle",
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Jupyter's own: those of the notebook are errors in its kernel
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_shows_the_same(path, tmp_path, monkeypatch, jupyter):
    nbclient, nbformat = jupyter
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    committed = nbformat.read(path, as_version=4)
    strict = nbformat.v4.new_code_cell("import warnings; warnings.simplefilter('error')")
    notebook = nbformat.from_dict(committed | {"cells": [strict, *committed.cells]})
    run = nbclient.NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        shutdown_kernel="immediate",  # nothing in it is to be kept
        resources={"metadata": {"path": str(tmp_path)}},
        coalesce_streams=True,  # what is printed may come in any number of pieces
    ).execute()
    assert texts(run)[1:] == texts(committed)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_the_same_file_on_every_machine(path, jupyter):
    _, nbformat = jupyter
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [*range(1, len(code) + 1)]
    assert not any(cell.metadata for cell in notebook.cells)
    assert os.fspath(path.parent.parent) not in path.read_text(encoding="utf-8")
