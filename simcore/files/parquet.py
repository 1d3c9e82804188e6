"""Parquet, by the extra `parquet` (pyarrow), which is imported only when it is used."""

import errno
import importlib
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from simcore.errors import SimcoreError
from simcore.files.inputs import named
from simcore.plan.columns import Columns, plain

MAGIC = b"PAR1\x15"
"""How every Parquet file begins: its sign, and the first field of a page or of the footer."""


def pyarrow(path: Path) -> tuple[ModuleType, ModuleType]:
    """The modules pyarrow and pyarrow.parquet, for this file; SimcoreError where they are not installed."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        raise SimcoreError(f'{named(path)}: Parquet needs pyarrow: pip install "simcore[parquet]"') from None


def arrow_or_none() -> ModuleType | None:
    """The module pyarrow with its functions; None where it is not installed."""
    try:
        importlib.import_module("pyarrow.compute")
        return importlib.import_module("pyarrow")
    except ModuleNotFoundError:
        return None


def check_memory(error: Exception) -> None:
    """Raises MemoryError where an error of pyarrow's comes from a lack of it, not from what stands in a file."""
    lacks = map(os.strerror, (errno.ENOMEM, errno.EAGAIN))  # the second of a thread that cannot be begun
    if isinstance(error, MemoryError) or any(each in str(error) for each in lacks):
        raise MemoryError from None


def flat(arrow: ModuleType, table: Any, columns: Columns) -> Any:
    """A table of Parquet in whose columns objects and lists are JSON texts, as in a CSV file.

    Without what pandas noted about it, which is of no use here, and may be broken.
    """
    table = table.replace_schema_metadata(None)
    for at, (name, kind) in enumerate(zip(table.column_names, table.schema.types, strict=True)):
        if name in sum(columns, ()) and arrow.types.is_nested(kind):
            pairs = arrow.types.is_map(kind)
            rows = [
                plain(dict(each) if pairs and each is not None else each)
                for each in table.column(at).to_pylist()
            ]
            texts = [None if each is None else json.dumps(each, ensure_ascii=False) for each in rows]
            table = table.set_column(at, name, arrow.array(texts, arrow.string()))
    return table
