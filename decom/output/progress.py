"""Events of a release in, a live view on the terminal out: done, left, rate, time left, outcomes, the pace in words.

A listener: it can never change or stop a release. Everything is drawn from the event loop's own thread, because the
pacer that it asks belongs to that thread.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from decom.clock import Clock
from decom.output.screen import COLOURS, DONE, HELD, QUIET, counted, harmless
from decom.releasing.events import Began, Done, Event
from decom.vocabulary import Outcome

EVERY = 0.2
"""Seconds between two drawings."""
_BAR_WIDTH = 40
_FEWEST_FOR_RATE = 3


@dataclass(frozen=True, slots=True)
class PaceInWords:
    """What the pacer says, asked anew for each drawing."""

    words: Callable[[], str]
    """`135 per minute`, `paused 12 s: the service returned 429`."""
    forecast: Callable[[int], float]
    """Seconds until the last of so many more requests may leave."""


class Progress:
    """Shows how releasing goes on. Use as a context manager around all of it; does nothing where nothing may move."""

    def __init__(self, console: Console, clock: Clock, *, live: bool) -> None:
        self._console = console
        self._clock = clock
        self._may_move = live
        self._live: Live | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began_at = 0.0
        self._numbers = 0
        self._counts: Counter[Outcome] = Counter()
        self._stopping = ""
        self.pace: PaceInWords | None = None
        """None: not known, and nothing is said of it."""

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def waiting(self, words: str) -> None:
        """Show that something goes on that cannot be counted."""
        self.end()
        if self._may_move:
            self._start(Spinner("dots", Text(harmless(words))), auto_refresh=True)

    def end(self) -> None:
        """Take away what moves; what was counted last stays on the screen."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._live is not None:
            counted = self._numbers > 0
            if counted:
                self._live.update(self._drawn(ended=True), refresh=True)
            self._live.transient = not counted
            self._live.stop()
            self._live = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Began):
            if event.pacer is not None:
                pacer = event.pacer
                self.pace = PaceInWords(lambda: pacer.state().words(), pacer.forecast)
            self._begin(event.numbers)
        elif isinstance(event, Done):
            self._counts[event.settled.outcome] += 1
        else:
            self._stopping = event.detail

    def _begin(self, numbers: int) -> None:
        self.end()
        self._numbers, self._began_at = numbers, self._clock.monotonic()
        self._counts.clear()
        if self._may_move and numbers > 0:
            self._start(self._drawn(), auto_refresh=False)
            self._tick()

    def _start(self, what: RenderableType, *, auto_refresh: bool) -> None:
        self._live = Live(what, console=self._console, auto_refresh=auto_refresh, redirect_stdout=False)
        self._live.start()
        # A process that is ended by a second signal cannot give the cursor back, so it is not taken away.
        self._console.show_cursor(True)

    def draw(self) -> None:
        """Draw how things stand now; happens by itself every `EVERY` seconds."""
        if self._live is not None:
            self._live.update(self._drawn(), refresh=True)

    def _tick(self) -> None:
        self.draw()
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._tick)

    def _drawn(self, *, ended: bool = False) -> RenderableType:
        done = self._counts.total() - self._counts[Outcome.NOT_ATTEMPTED]
        lines = Table.grid()
        width = min(_BAR_WIDTH, self._console.width - 2)
        lines.add_row(ProgressBar(max(1, self._numbers), done, width, complete_style=DONE, finished_style=DONE))
        lines.add_row(Text(self._how_far(done, ended=ended or self._stopping != "")))
        lines.add_row(self._outcomes())
        if not ended:
            lines.add_row(self._state(done))
        return lines

    def _state(self, done: int) -> Text:
        """What is waited for."""
        if self._stopping != "":
            return Text(f"stopping: {harmless(self._stopping)}; what is in flight is finished", style=HELD)
        if done == self._numbers:
            return Text("asking the account again whether all is as it should be", style=QUIET)
        return Text("" if self.pace is None else f"pace: {self.pace.words()}", style=QUIET)

    def _how_far(self, done: int, *, ended: bool) -> str:
        left = self._numbers - done
        words = f"{done:,} of {counted(self._numbers, 'number')} done, {left:,} left"
        seconds = self._clock.monotonic() - self._began_at
        if ended or done < _FEWEST_FOR_RATE or seconds <= 0.0 or left == 0:
            return words
        a_second = done / seconds
        rate = f"{a_second:.0f} a second" if a_second >= 10 else f"{a_second * 60:.0f} a minute"
        return f"{words}, {rate}, about {duration(self._seconds_left(left, a_second))} to go"

    def _seconds_left(self, left: int, a_second: float) -> float:
        """By the pacer; where nothing limits it, by the answers so far."""
        by_pace = 0.0 if self.pace is None else self.pace.forecast(left)
        return max(by_pace, left / a_second) if self.pace is None or by_pace < 1.0 else by_pace

    def _outcomes(self) -> Text:
        parts = [
            (f"{outcome.value.replace('_', ' ')} {self._counts[outcome]:,}", COLOURS[outcome])
            for outcome in Outcome
            if self._counts[outcome] > 0
        ]
        words = Text()
        for number, (part, colour) in enumerate(parts):
            words.append(" · " if number > 0 else "")
            words.append(part, style=colour)
        return words


def duration(seconds: float) -> str:
    """`45 s`, `9 min`, `2.5 h`"""
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
