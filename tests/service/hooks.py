"""For tests that must strike at one exact instant: phases in, an action of theirs out."""

import os
from collections.abc import Callable
from typing import Literal

from tests.service.request_log import Record

Phase = Literal["arrival", "applied", "answered"]
"""A request has arrived · it has changed the account · the last byte of its answer was handed to the socket."""

Hook = Callable[[Phase, Record], None]
"""Called in the server's thread; everything waits until it returns."""


def when(phase: Phase, nth: int, action: Callable[[], None], *, method: str = "DELETE") -> Hook:
    """A hook that calls `action` at `phase` of the `nth` (from 1) request with `method`."""

    def hook(reached: Phase, record: Record) -> None:
        if reached == phase and record.nth == nth and record.method == method:
            action()

    return hook


def kill(pid: int, signal_number: int) -> Callable[[], None]:
    """An action for `when`: send the signal to one process. A process that is gone already is left alone."""

    def action() -> None:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return

    return action
