"""The grammar of texts that are instants: which are read, as what, and what is wrong with the others.

A text is looked at by its shape: in lower case, each digit written 0, each blank a space. `FORMS` says which shapes
are read, and where in them the digits of each number stand; `REFUSALS` says what the commonest of the others are
instead. `clock.texts` takes the numbers out of all texts of a shape together (T25).
"""

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 80
"""So many characters a text may have, blanks around it aside."""

MISSING = "missing"
GUESSWORK = "leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026"
INCOMPLETE = "names no whole date: expected year, month and day"
UNREADABLE = "not a date and time: expected something like 2026-03-06T21:07:30-05:00"
SHORT_YEAR = "gives its year in two digits: write all four, as in 2026-03-06 or 6 March 2026"
APOSTROPHE = "begins with an apostrophe, as a spreadsheet marks a text: leave it out"
LOST_PLUS = (
    "has another number after its time; if that is an offset, "
    "the offset's plus sign became a space: write +00:00"
)
PART_OFFSET = "has an offset that is not written out: write it as +05:30"
TWO_TIMES = "has two times: expected one"
TWO_DATES = "has two dates: expected one"
PERIOD = "a period, not an instant: expected one date and one time"
MINUS = (
    "has a minus sign after its time that is a period's or an offset's: write an offset in full, a space before it, "
    "as 21:07 -05:00"
)
NO_TIME = "has an offset that no time stands before: write the time too, as in 2026-03-06T00:00-05:00"
NAMED_OFFSET = "has an offset beside the name UTC or GMT, which is read both ways: write the offset alone"
NO_CLOCK = "has a number after its date that is no time: write it as 21:07 or 9pm"
SECONDS = 'a number: if it counts seconds since 1970, say so with unit="s"'
MILLISECONDS = 'a number: if it counts milliseconds since 1970, say so with unit="ms"'
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
OTHER_DAY = tuple(f"names a weekday that its date is not: that is a {day}" for day in _DAYS)

FIELDS = {
    "year": 4,
    "month": 2,
    "day": 2,
    "hour": 2,
    "minute": 2,
    "second": 2,
    "fraction": 6,
    "offset_hour": 2,
    "offset_minute": 2,
    "count": 13,
}
"""The numbers in a text, and how many digits of each count: of a fraction the first."""

# ---------------------------------------------------------------- pieces

_MONTHS = (
    *("jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?"),
    *("sep(?:t|tember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?"),
)
_WEEKDAYS = (
    *("mon(?:day)?", "tue(?:s|sday)?", "wed(?:s|nesday)?", "thu(?:r|rs|rsday)?", "fri(?:day)?"),
    *("sat(?:urday)?", "sun(?:day)?"),
)
_NUMBER = {name[:3]: number for names in (_MONTHS, _WEEKDAYS) for number, name in enumerate(names)}
"""The months and the weekdays by their first letters, from 0."""

_NAMED = f"(?P<named>{'|'.join(_MONTHS)})"
_ON = "|".join(_WEEKDAYS)
_BEFORE = rf"(?:(?P<weekday>{_ON})(?:[.,]+ *| +))?"
_AFTER = rf"(?(weekday)|(?:,? *\(?(?P<after>{_ON})\b\.?\)?)?)"
_BETWEEN = rf"{_AFTER}(?: +,? *|, *)(?:at +)?"

_DAY = "(?P<day>00?)(?:st|nd|rd|th)?"
_YEAR = "(?P<year>0000|00)(?!0)"
_ISO = "(?P<year>0000)-(?P<month>00)-(?P<day>00)"
_BASIC = "(?P<year>0000)(?P<month>00)(?P<day>00)"
_YEAR_FIRST = r"(?P<year>0000)(?P<mark>[-/.])(?P<month>00?)(?P=mark)(?P<day>00?)(?!0)"
_YEAR_NAMED = rf"(?P<year>0000)(?:,? *|[-/.]){_NAMED}(?:\.? *|[-/])(?P<day>00?)(?!0)"
_DAY_NAMED = rf"{_DAY}(?: +of +|\.? *|[-/]){_NAMED}(?:[.,]? *|[-/]){_YEAR}"
_NAMED_DAY = rf"{_NAMED}(?:\.? *|[-/]){_DAY}(?: *, *| +|[-/]){_YEAR}"
_NUMBERS = rf"(?P<unordered>)(?P<month>00?)(?P<mark>[-/.])(?P<day>00?)(?P=mark){_YEAR}"

_FRACTION = "(?:[.,](?P<fraction>0+))?"
_HALF = r" *(?P<half>[ap])\.?m\.?(?![a-z])"
_CLOCK = rf"(?P<hour>00?)(?::(?P<minute>00)(?::(?P<second>00){_FRACTION})?)?(?:{_HALF})?"
_TIME = rf"(?=00?(?::| *[ap]\.?m)){_CLOCK}"  # a number alone is no time
_BASIC_TIME = rf"(?P<hour>00)(?:(?P<minute>00)(?:(?P<second>00){_FRACTION})?)?"
_UTC = r" *(?:utc?|gmt|z)"
_OFFSET = r"(?P<offset_hour>00)(?::?(?P<offset_minute>00))?(?: *\((?P<note>[a-z]+)\)| +(?P<beside>utc|gmt))?"
# People write 10:00-11:00, 9am-10 and 9am -10 for a period.
_PLUS = r" *\+|(?<=[m.]) +-(?=00:?00)"
_ISO_ZONE = rf"(?P<zone>{_UTC}|(?P<sign>{_PLUS}|(?<=0) *-){_OFFSET})?"
_ZONE = rf"(?P<zone>{_UTC}|(?P<sign>{_PLUS}|(?<=0) +-|(?<=:00:00)-){_OFFSET})?"


class Form(NamedTuple):
    """One way to write an instant: its name, the pattern of its shapes, and an example."""

    name: str
    pattern: str
    example: str


def _typed(name: str, date: str, example: str) -> tuple[Form, Form]:
    """A date as people type it, alone or before a time; and after one."""
    between = rf"(?:{_BETWEEN}|t)" if date is _YEAR_FIRST else _BETWEEN
    first = rf"{_TIME}(?P<zone>{_UTC})?(?: +,? *|, *)(?:on +)?{_BEFORE}{date}(?(zone)|(?P<end>{_UTC})?)"
    return (
        Form(name, rf"{_BEFORE}{date}(?:{between}{_TIME}{_ZONE})?", f"{example} 21:07"),
        Form(f"time, {name}", first, f"9pm {example}"),
    )


_COUNT = Form("count", r"(?P<sign>-?)(?P<count>0{1,13})(?:\.(?P<fraction>0+))?", "1772830800.5")
"""What is read only where a unit is given, and then comes first."""

FORMS = (
    Form("ISO 8601", rf"{_ISO}(?:t{_TIME}{_ISO_ZONE})?", "2026-03-06T21:07:30-05:00"),
    Form("ISO 8601, space", rf"{_BEFORE}{_ISO}{_BETWEEN}{_TIME}{_ISO_ZONE}", "2026-03-06 21:07:30 UTC"),
    Form("ISO 8601, basic time", rf"{_ISO}t{_BASIC_TIME}{_ISO_ZONE}", "2026-03-06T2107Z"),
    Form("ISO 8601, hour", rf"{_ISO} +(?P<hour>00)(?P<zone>{_UTC})?", "2026-03-06 21"),
    Form(
        "ISO 8601, basic date", rf"{_BEFORE}{_BASIC}(?:t|{_BETWEEN}){_TIME}{_ISO_ZONE}", "20260306 21:07:30"
    ),
    Form(
        "ISO 8601, basic",
        rf"{_BASIC}(?:(?:t| +(?=0000)|(?=0{{6}})){_BASIC_TIME}{_ISO_ZONE})?",
        "20260306T210730Z",
    ),
    *_typed("year, month, day", _YEAR_FIRST, "2026/3/6"),
    *_typed("year, month by name, day", _YEAR_NAMED, "2026-Mar-06"),
    *_typed("day, month by name, year (RFC 2822)", _DAY_NAMED, "6 March 2026"),
    *_typed("month by name, day, year", _NAMED_DAY, "March 6, 2026"),
    *_typed("two numbers, year", _NUMBERS, "13/03/2026"),
    Form("ctime", rf"{_BEFORE}{_NAMED} +{_DAY} +{_TIME}{_ZONE} +{_YEAR}", "Fri Mar  6 21:07:30 UTC 2026"),
    Form(
        "ctime, offset last",
        rf"{_BEFORE}{_NAMED} +{_DAY} +{_TIME} +{_YEAR}{_ZONE}",
        "Fri Mar 6 21:07:30 2026 -0500",
    ),
    Form(
        "ctime, day first",
        rf"{_BEFORE}{_DAY} +{_NAMED} +{_TIME}{_ZONE} +{_YEAR}",
        "Fri  6 Mar 21:07:30 UTC 2026",
    ),
)

# ---------------------------------------------------------------- what is no form


def _bare(pattern: str) -> str:
    """A pattern without its names, and with years of four digits."""
    return re.sub(r"\?P<\w+>", "?:", pattern.replace("(?P=mark)", "[-/.]").replace("0000|00", "0000"))


_DATES = "|".join(map(_bare, (_YEAR_FIRST, _YEAR_NAMED, _DAY_NAMED, _NAMED_DAY, _NUMBERS, _BASIC)))
_TOKENS = (
    rf"(?P<D>(?<!0)(?:{_DATES})(?!0))"
    rf"|(?P<H>(?<!0)00?(?::00(?::00)?)?{_bare(_HALF)})"
    r"|(?P<T>(?<!0)00?:00(?::00(?:[.,]0+)?)?(?![:0])(?:(?: *\+| +-|(?<=:00:00)-)00:?00(?! *[ap]\.?m|[:0]))?)"
    rf"|(?<![a-z])(?:(?P<M>{'|'.join(_MONTHS)})|(?P<W>{_ON})|(?P<Z>utc|gmt|z))(?![a-z])"
    r"|(?P<N>0+)"
    r"|(?P<to> *(?:/|--| - |\.\.+|(?<![a-z])(?:to|until|till|through)(?![a-z])) *)"
)
"""What can be told in a shape that is not read: D a date, T a time (H with am or pm), M a month, W a weekday, Z a
name of UTC, N another number; and what stands between the ends of a period, which becomes a slash."""

REFUSALS = (
    (r"[DMN]/[DNp]|[THZ]/[THNp]|D.*/D|D.*N/H|[DN]-D|[HN]-[HN].*D|D.*(?:[HN]-[HN]|T-H)|T-H.*D", PERIOD),
    (r"[TH] *-[TN]", MINUS),
    (r"D.*D", TWO_DATES),
    (r"Z *[+-]", NAMED_OFFSET),
    (r"(?:[TH]|tN) [TN]$", LOST_PLUS),
    (r"[TH] *[+-] *[TN]", PART_OFFSET),
    (r"[TH][^?]*[TH]", TWO_TIMES),
    (r"^(?:W[., ]+)?D *(?:Z$|[+-][TN])", NO_TIME),
    (r"D,? (?:at )?N(?:[.h]N)?$", NO_CLOCK),
)
"""What is wrong with a shape that has a date but is no form, by its tokens: the first that is found in them."""


def _fault(text: str) -> str:
    """What is wrong with a shape that no form has."""
    if not text:
        return MISSING
    if text[0] == "'":
        return FAULTS[shape_of(text[1:], counts=False).fault] or APOSTROPHE
    if count := re.fullmatch(r"(0{9,13})(?:\.0+)?", text):
        return SECONDS if len(count[1]) < 11 else MILLISECONDS
    tokens = re.sub(_TOKENS, lambda found: "/" if found.lastgroup == "to" else str(found.lastgroup), text)
    if "D" in tokens:
        return next((fault for pattern, fault in REFUSALS if re.search(pattern, tokens)), UNREADABLE)
    if re.search("M N[-/]N", tokens):
        return PERIOD
    if re.search(r"(?<!0)(?:000|0{5,})(?!0)", text) or "N N N" in tokens:
        return UNREADABLE
    return INCOMPLETE if re.fullmatch(r"(?=.*[THMWN])[THMWNZ ,./-]+", tokens) else UNREADABLE


# ---------------------------------------------------------------- what a shape says


FAULTS = (
    *(
        "",
        MISSING,
        UNREADABLE,
        GUESSWORK,
        INCOMPLETE,
        SHORT_YEAR,
        APOSTROPHE,
        LOST_PLUS,
        PART_OFFSET,
        TWO_TIMES,
    ),
    *(TWO_DATES, PERIOD, MINUS, NO_TIME, NAMED_OFFSET, NO_CLOCK, SECONDS, MILLISECONDS, *OTHER_DAY),
)
"""All that can be wrong with a text, after the first, which is nothing."""


class Shape(NamedTuple):
    """What all texts of a shape have in common.

    `fault`: what is wrong with them, by its place in `FAULTS`. `spans`: where in them the digits of each of `FIELDS`
    begin and end, the same where there are none. `month` and `weekday` by name, 0 and -1 where none is named. `noon`:
    the hours that am or pm adds, -1 without them. `sign`: of the offset, 0 where there is none. `unordered`: month
    and day are numbers before the year. `short`: the year has two digits. `utc`: an offset must be zero. `counts`: a
    number that counts a unit.
    """

    fault: int
    spans: tuple[tuple[int, int], ...] = ((0, 0),) * len(FIELDS)
    month: int = 0
    weekday: int = -1
    noon: int = -1
    sign: int = 0
    unordered: bool = False
    short: bool = False
    utc: bool = False
    counts: bool = False


@lru_cache(maxsize=1 << 14)
def shape_of(shape: str, *, counts: bool) -> Shape:
    """What a shape says. `counts`: whether a number counts a unit of time."""
    text = shape.strip(" ")
    forms = (_COUNT, *FORMS) if counts else FORMS
    found = next(filter(None, (re.fullmatch(form.pattern, text) for form in forms)), None)
    if found is None:
        return Shape(FAULTS.index(_fault(text)))
    said = {name: value for name, value in found.groupdict().items() if value is not None}
    ahead = len(shape) - len(shape.lstrip(" "))
    day = said.get("weekday", said.get("after"))
    zoned = not said.keys().isdisjoint({"zone", "end", "count"})
    return Shape(
        fault=0,
        spans=tuple(
            (ahead + found.start(name), ahead + found.end(name)) if said.get(name) else (0, 0)
            for name in FIELDS
        ),
        month=_NUMBER[said["named"][:3]] + 1 if "named" in said else 0,
        weekday=-1 if day is None else _NUMBER[day[:3]],
        noon={"": -1, "a": 0, "p": 12}[said.get("half", "")],
        sign=0 if not zoned else -1 if "-" in said.get("sign", "") else 1,
        unordered="unordered" in said,
        short=len(said.get("year", "")) == 2,
        utc="beside" in said or said.get("note") in {"utc", "ut", "gmt", "z"},
        counts="count" in said,
    )
