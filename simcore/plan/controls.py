"""What can be turned on a sequence, as data: a platform lists it, whoever shows it need not know the platform."""

from typing import Any, NamedTuple


class Control(NamedTuple):
    """A field of a sequence that people turn, and how it stands.

    `path` is what the sequence's `with_fields` takes. `label`: what it is called beside the others of its `part` (an
    email, a step; "" for the sequence itself); "" where it goes with the one before it. By `kind`, what `value` is,
    and what it may be `among`:

    - "whole", an int, and "number", an int or float: among (least, most);
    - "choice", one of the strings among;
    - "weekdays", a tuple of `simcore.text.wording.WEEKDAYS`;
    - "time", HH:mm: among (first, last);
    - "zone", an IANA name; "text", any other str.

    >>> Control("send_hour", "Send hour", "whole", 9, (0, 23)).part
    ''
    """

    path: str
    label: str
    kind: str
    value: Any
    among: tuple[Any, ...] = ()
    part: str = ""
