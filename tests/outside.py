"""Packages of platforms as though they were installed: found by their entry points, and gone again afterwards."""

import importlib
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest

from simcore.plan import platform as room

PARCELPOST = Path(__file__).parent / "parcelpost"


@contextmanager
def installed(folder, points, source=None, version="1.0", dist="outside"):
    """With a package whose metadata, in `folder`, has some entry points, by their names; `source`: where it is."""
    info = Path(folder) / f"{dist}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{room.GROUP}]", *lines, ""]))
    before = {*sys.modules}
    with pytest.MonkeyPatch.context() as patch, as_shipped():
        for path in filter(None, (source, folder)):
            patch.syspath_prepend(str(path))
        yield
    for name in {*sys.modules} - before:
        if name.partition(".")[0] in {
            dist,
            *(value.partition(":")[0].partition(".")[0] for value in points.values()),
        }:
            del sys.modules[name]
    importlib.invalidate_caches()


@contextmanager
def as_shipped():
    """With the platforms that come with simcore, and none that was met since; nobody has looked for others."""
    known = room._Known()
    shipped = {"kit", "sequenzy"}
    known.by_name = {name: each for name, each in room._known.by_name.items() if name in shipped}
    known.by_class = {kind: each for kind, each in room._known.by_class.items() if each.name in shipped}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_known", known)
        yield known


def points_of(folder):
    """The entry points that a package's pyproject.toml says."""
    project = tomllib.loads((Path(folder) / "pyproject.toml").read_text("utf-8"))["project"]
    return project["entry-points"][room.GROUP]
