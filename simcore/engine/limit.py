"""How many mails a subscriber gets within a stretch of time (A6)."""

import numpy as np

from simcore.clock.zones import FAR_US, Ints


class Limit:
    """At most `most` mails to each of so many `people` within `window_us` [µs], half open; `defers`: whether what
    finds no room waits for it, and is not left out."""

    def __init__(self, most: int, window_us: int, people: int, *, defers: bool) -> None:
        self.most, self.window_us, self.defers = most, window_us, defers
        self._sent_us = np.full(people * most, -FAR_US)  # the last mails of each, in turn
        self._oldest = np.arange(people) * most  # the place of the oldest of each among them

    def free_us(self, who: Ints) -> Ints:
        """From when on there is room for one more mail to each of some subscribers, as things stand [µs]."""
        free_us: Ints = self._sent_us[self._oldest[who]] + self.window_us
        return free_us

    def count(self, who: Ints, at_us: Ints) -> None:
        """A mail goes out to each of some subscribers, each once."""
        place = self._oldest[who]
        self._sent_us[place] = at_us
        place += 1
        self._oldest[who] = np.where(place == (who + 1) * self.most, place - self.most, place)
