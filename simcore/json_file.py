"""JSON files become values, or an error that names the file."""

import json
from os import PathLike
from pathlib import Path
from typing import Any

from simcore.errors import ValidationError


def read_json(path: str | PathLike[str]) -> Any:
    """The value of a JSON file, UTF-8.

    Raises ValidationError where it is not JSON, OSError where the file cannot be read.
    """
    try:
        return json.loads(Path(path).read_bytes().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte {error.start} cannot be read"
    except RecursionError:
        message = "not JSON that can be read: nested too deeply"
    except ValueError as error:  # a number of thousands of digits
        message = f"not JSON that can be read: {error}"
    raise ValidationError([message], [(str(path), message)])
