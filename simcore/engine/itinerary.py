"""The itinerary: a plan by place."""

import numpy as np

from simcore.engine.rounds import NONE
from simcore.plan.plan import ByNode, Plan


class Itinerary:
    """A plan by place, in terms of the numbers that emails have throughout (`number` int64 [steps])."""

    def __init__(self, plan: Plan, numbers: dict[int | str, int]) -> None:
        self.plan = plan
        self.steps = plan.steps
        self.number = np.array([numbers[step.email_id] for step in plan.steps], np.int64)
        self.by_node = isinstance(plan.on_change, ByNode)
        # Where each email stands; none at all stands nowhere, and is the last by its number.
        place = np.full(len(numbers), NONE)
        place[self.number] = np.arange(len(plan.steps))
        self.place = np.append(place, NONE)
        # From each place on, the first step that runs wait for; one behind the last where there is none.
        self.next = [len(plan.steps)] * (len(plan.steps) + 1)
        for at, step in reversed([*enumerate(plan.steps)]):
            self.next[at] = at if step.queued else self.after(at)
        self.published = {step.email_id for step in plan.steps if step.sends}

    def after(self, place: int) -> int:
        """The step that runs wait for once they have passed the one at a place, where no branch says otherwise."""
        paths = self.steps[place].paths
        return self.next[paths[0] if paths else place + 1]
