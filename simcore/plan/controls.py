"""Controls of a sequence, as data: the platform lists them, and any code can show them."""

from typing import Any, NamedTuple


class Control(NamedTuple):
    """A field of a sequence that people can change, and its value.

    `path`: of the field, as `with_fields` of the sequence takes it. `part`: the email or step that it belongs to (""
    for the sequence itself). `label`: its name within that part; "" if it goes with the control before it. `kind`
    says what `value` is, and what the values in `among` mean:

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
