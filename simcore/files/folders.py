"""Folders that hold a long piece of work, which can be stopped and resumed."""

import importlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from simcore.errors import SimcoreError

_LOCK = ".lock"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Errors of the system in here become a SimcoreError that names the folder."""
    try:
        yield
    except OSError as error:
        raise SimcoreError(f"{folder}: cannot be written: {error.strerror}") from None


@contextmanager
def alone(folder: Path, manifest: str) -> Iterator[None]:
    """Makes sure that the folder exists, holds no half-written files, and that nobody else writes to it.

    `manifest`: the name of the file that a folder of such work has; one that has others, and not this, is refused. The
    lock ends with its process, however that ends.
    """
    with ExitStack() as stack:
        with writing(folder):
            folder.mkdir(exist_ok=True)
            names = [path.name for path in folder.iterdir()]
            if manifest not in names and not all(name.startswith(".") for name in names):
                raise SimcoreError(
                    f"{folder}: the folder has other files and no {manifest} of a run to resume: choose a new folder"
                )
            lock = stack.enter_context(open(folder / _LOCK, "wb"))
            with suppress(ModuleNotFoundError):  # where there is no such lock, nothing keeps two apart
                fcntl = importlib.import_module("fcntl")
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise SimcoreError(f"{folder}: another process is writing to it: let it finish") from None
            for half in folder.rglob(".????????????????.part"):  # of `replacing`
                half.unlink()
        yield


def settle(sink: BinaryIO) -> None:
    """Makes sure that the data is on the disk before the file gets its name."""
    sink.flush()
    os.fsync(sink.fileno())
