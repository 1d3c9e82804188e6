"""What Parcel Post does not say of itself."""

from dataclasses import dataclass

from simcore.platform import check, switch


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """How to read Parcel Post where its own words leave it open."""

    month_end: str = switch(
        "last_day",
        ("last_day", "next_month"),
        "when a month is over that began on a day which the later month has not: on its last day, or the day after",
        "PP3",
    )

    def __post_init__(self) -> None:
        check(self)
