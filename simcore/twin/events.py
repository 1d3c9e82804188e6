"""What happens to the subscribers of one account, as it is written down: the log that `simcore.simulate` takes."""

from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.errors import shown
from simcore.plan.log import Vocabulary
from simcore.twin.answers import Refused


def frame_of_instants(at_us: "array[int]") -> Any:
    """Instants [µs] as a column, in UTC."""
    return instants.show(np.array(at_us, np.int64), "UTC")


def check(known: Vocabulary, by_calls: frozenset[str], event: Any, ref: Any, status: int) -> None:
    """Raises Refused, with a status, for what is no event of a platform's, or is done by a call of its API."""
    if not isinstance(event, str) or event not in known.names or event in by_calls:
        names = sorted(known.names - by_calls)
        raise Refused(status, f"event must be one of: {', '.join(names)} (found {shown(event)})")
    if (event in known.about) != (ref is not None) or (ref is not None and known.ref(ref) is None):
        raise Refused(status, f"ref must be the id of what {event} is about, if it is about something")


class Events:
    """An event log that only grows."""

    def __init__(self) -> None:
        self.subscribers: list[Any] = []
        self.names: list[str] = []
        self.refs: list[Any] = []
        self.properties: list[Mapping[str, Any] | None] = []
        self.at_us = array("q")
        self._frame: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.names)

    def add(
        self,
        subscriber: Any,
        at_us: int,
        name: str,
        ref: Any = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        """One more."""
        self.subscribers.append(subscriber)
        self.names.append(name)
        self.refs.append(ref)
        self.properties.append(properties)
        self.at_us.append(at_us)

    def frame(self) -> pd.DataFrame | None:
        """All of them, as `events` of `simcore.simulate`; None for none."""
        if not self.names:
            return None
        if self._frame is None or len(self._frame) != len(self.names):
            self._frame = pd.DataFrame({
                "subscriber_id": pd.Series(self.subscribers),
                "at": frame_of_instants(self.at_us),
                "event": pd.Series(self.names, dtype="str"),
                "ref": pd.Series(self.refs, dtype=object),
                "properties": pd.Series(self.properties, dtype=object),
            })
        return self._frame
