"""What is installed: the shipped examples, the platforms' schemas, and the versions that results depend on."""

import platform
from importlib import resources
from pathlib import Path
from typing import Any, overload

from simcore.errors import SimcoreError, shown
from simcore.plan.platform import platform_named


@overload
def example(name: str) -> Path: ...
@overload
def example(name: None = None) -> list[str]: ...
def example(name: str | None = None) -> Path | list[str]:
    """The path of a shipped example, or without a name the list of them. An account is a folder, all others are files.

    Raises SimcoreError for a name that is not in the list.

    >>> example("welcome").name
    'welcome.json'
    """
    folder = Path(str(resources.files("simcore").joinpath("examples")))
    shipped = {
        path.stem: path
        for path in sorted(folder.iterdir())
        if path.suffix in {".json", ".csv"} or path.is_dir()
    }
    if name is None:
        return list(shipped)
    if not isinstance(name, str) or name not in shipped:
        raise SimcoreError(f"no example {shown(name)}; there are: {', '.join(shipped)}")
    return shipped[name]


def schema(platform: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a platform's files, such as "kit", for editors and validators.

    It knows what can be said of fields one by one, and a little more; loading a file knows all. Raises SimcoreError
    where there is no platform of that name, or it gives none.

    >>> sorted(schema("kit")["$defs"])
    ['email', 'sequence']
    """
    return platform_named(platform).schema()


def versions() -> dict[str, str]:
    """What a result depends on: the versions of simcore, Python, pandas, numpy and tzdata (the zone data).

    >>> sorted(versions())
    ['Python', 'numpy', 'pandas', 'simcore', 'tzdata']
    """
    from importlib import metadata  # slow to import, and seldom needed

    packages = ("pandas", "numpy", "tzdata")
    return {
        "simcore": metadata.version("simcore"),
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
    }
