"""The controls of a Kit sequence: its schedule, and each email's wait."""

from simcore.kit.model import Sequence
from simcore.plan.controls import Control

_LONGEST = 87_600  # in the shorter unit (K5)


def controls(sequence: Sequence) -> list[Control]:
    """The controls of a sequence: its own first, then each email's, with days if the email has its own (K10)."""
    found = [
        Control("send_hour", "Send hour", "whole", sequence.send_hour, (0, 23)),
        Control("send_days", "Send days", "weekdays", sequence.send_days),
        Control("time_zone", "Zone", "zone", sequence.time_zone),
    ]
    for at, email in enumerate(sequence.emails):
        part = f"{at} {email.subject}{'' if email.published else ' (draft)'}"
        path = f"emails[{at}]"
        found += [
            Control(f"{path}.delay_value", "Wait", "whole", email.delay_value, (0, _LONGEST), part),
            Control(f"{path}.delay_unit", "", "choice", email.delay_unit, ("days", "hours"), part),
        ]
        if email.send_days is not None:
            found.append(Control(f"{path}.send_days", "Own days", "weekdays", email.send_days, (), part))
    return found
