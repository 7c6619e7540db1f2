"""A ledger that another program keeps is waited for. In: what is to be done. Out: its result, or SQLite's error.

The waiting has an end, is told in the log, and is cut short where the run is to stop.
"""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import structlog

from decom.ledger.troubles import is_busy, said

T = TypeVar("T")

log = structlog.get_logger()

ONE_TRY = 0.5
"""Seconds that SQLite waits for its turn before it says that the ledger is another program's; signals are heard
between two tries."""
USUALLY = 30.0
"""Seconds that a command waits where nothing was sent yet."""
DURING_A_RUN = 300.0
"""Seconds that a run waits: what is in flight has to be recorded."""
AFTER_A_STOP = 5.0
"""Seconds that a run which is to stop still waits, over all that it has to write."""
TOLD_EVERY = 30.0
"""Seconds between two lines in the log."""


class Waiting:
    """How long to wait, and for how long it was waited already."""

    def __init__(self, longest: float = USUALLY, stopping: Callable[[], bool] = lambda: False) -> None:
        """`longest` in seconds; `stopping` says whether the run is to stop."""
        self._longest = longest
        self._stopping = stopping
        self._after_stop = 0.0

    def out(self, work: Callable[[], T]) -> T:
        """Do the work, again and again while the ledger is another program's. Raises sqlite3.Error."""
        waited = told = 0.0
        while True:
            try:
                result = work()
            except sqlite3.OperationalError as error:
                # SQLite has waited for ONE_TRY itself: counting its tries needs no clock.
                waited += ONE_TRY
                if not is_busy(error) or not self._may_go_on(waited):
                    raise
                if told == 0.0 or waited - told >= TOLD_EVERY:
                    told = waited
                    log.warning("ledger_busy", why=said(error), waited_seconds=waited, at_most=self._longest)
            else:
                if waited > 0:
                    log.warning("ledger_free", waited_seconds=waited)
                return result

    def _may_go_on(self, waited: float) -> bool:
        if not self._stopping():
            return waited < self._longest
        self._after_stop += ONE_TRY
        return self._after_stop < AFTER_A_STOP
