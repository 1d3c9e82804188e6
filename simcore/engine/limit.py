"""How many mails a subscriber gets within a stretch of time (A6)."""

import numpy as np

from simcore.clock.zones import FAR_US, Ints

_WIDTH = 8  # so many mails of each are held at first


class Limit:
    """At most `most` mails to each of so many `people` within `window_us` [µs], half open; `defers`: whether what
    finds no room waits for it, and is not left out."""

    def __init__(self, most: int, window_us: int, people: int, *, defers: bool) -> None:
        self.most, self.window_us, self.defers = min(most, FAR_US), window_us, defers
        # The last mails of each, in turn. There is no more room than they need, since a cap may be of millions.
        self._sent_us = np.full((people, min(self.most, _WIDTH)), -FAR_US)
        self._oldest = np.zeros(people, np.int64)  # the place of the oldest of each, or of the next one

    def free_us(self, who: Ints) -> Ints:
        """From when on there is room for one more mail to each of some subscribers, as things stand [µs]."""
        place, width = self._oldest[who], self._sent_us.shape[1]
        oldest_us = self._sent_us[who, np.minimum(place, width - 1)]
        free_us: Ints = np.where(place < width, oldest_us, -FAR_US) + self.window_us
        return free_us

    def count(self, who: Ints, at_us: Ints) -> None:
        """A mail goes out to each of some subscribers, each once."""
        place, width = self._oldest[who], self._sent_us.shape[1]
        if (place == width).any():
            more = min(width, self.most - width)
            self._sent_us = np.pad(self._sent_us, ((0, 0), (0, more)), constant_values=-FAR_US)
        self._sent_us[who, place] = at_us
        self._oldest[who] = (place + 1) % self.most
