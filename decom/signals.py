"""SIGINT, SIGTERM and SIGHUP in, a polite stop out; a second one ends the process at once.

The first asks the run to stop: what is in flight is finished and recorded, the reports are written. The second leaves
everything as it is: the ledger is whole at any instant, and `resume` goes on from there.
"""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from decom.releasing.stopping import Stop
from decom.vocabulary import SIGNALS, Stopped

log = structlog.get_logger()

_WORDS = {signal.SIGINT: Stopped.SIGINT, signal.SIGTERM: Stopped.SIGTERM, signal.SIGHUP: Stopped.SIGHUP}


@contextmanager
def stopping_on_signals(stop: Stop) -> Iterator[None]:
    """While the block runs, the three signals ask `stop`; must be entered inside a running event loop."""
    loop = asyncio.get_running_loop()

    def heard(number: signal.Signals) -> None:
        why = _WORDS[number]
        if stop.why in SIGNALS:
            os._exit(SIGNALS[why])  # no clean-up on purpose: it could hang, and nothing depends on it
        log.warning("stopping", signal=number.name)
        stop.ask(why, f"stopped by {number.name}")

    # What nohup told the process to ignore stays ignored.
    heeded = [number for number in _WORDS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, heard, number)
    try:
        yield
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
