"""Events of a run in, a live view on the terminal out: how far it is, how fast it goes, and what it waits for.

A listener: it can never change or stop a release. The facts are asked for in the event loop's own thread, because the
pacer belongs to that thread; where the loop is not yet running only the bar moves.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from types import TracebackType

from rich import progress as bars
from rich.console import Console, RenderableType
from rich.text import Text

from decom.clock import Clock
from decom.output.screen import COLOURS, DONE, HELD, QUIET, counted, harmless
from decom.releasing.events import Asking, Began, Done, Event, Paused, WorkState, seconds_in_words
from decom.vocabulary import Outcome

EVERY = 0.5
"""Seconds between two drawings."""
MINUTE = 60.0
"""Seconds over which the pace is counted."""
_BAR_WIDTH = 40
_BESIDE_THE_BAR = 6
_FEWEST_FOR_RATE = 3


class Progress:
    """Shows how a run goes on. Use as a context manager around all of it; does nothing where nothing may move."""

    def __init__(self, console: Console, clock: Clock, *, live: bool) -> None:
        self._console = console
        self._clock = clock
        self._may_move = live
        self._board: _Board | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._began: Began | None = None
        self._asking: Asking | None = None
        self._words = ""
        """What goes on where nothing can be counted."""
        self._pause: tuple[str, float] | None = None
        """What is waited for beside what the pacer knows, and until when."""
        self._counts: Counter[Outcome] = Counter()
        self._recent: deque[float] = deque()
        """When each number of the last minute was settled."""
        self._stopping = ""

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def waiting(self, words: str) -> None:
        """Show that something goes on that cannot be counted."""
        self.end()
        self._began, self._words, self._since = None, harmless(words), self._clock.monotonic()
        self._start(None, [Text(self._words, style=QUIET)])

    def end(self) -> None:
        """Take away what moves; what was counted last stays on the screen."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._board is not None:
            has_counted = self._began is not None
            if has_counted:
                self._board.show(self._done, list(self._lines(ended=True)))
            self._board.live.transient = not has_counted
            self._board.stop()
            self._board = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Began):
            self._begin(event)
        elif isinstance(event, Asking):
            if self._board is None or self._began is None:
                self.waiting(event.what)
            self._asking = event
            self._tick()
        elif isinstance(event, Paused):
            self._pause = (event.why, self._clock.monotonic() + event.seconds)
        elif isinstance(event, Done):
            self._counts[event.settled.outcome] += 1
            if event.settled.outcome is not Outcome.NOT_ATTEMPTED:
                self._recent.append(self._clock.monotonic())
        else:
            self._stopping = event.detail
            self.draw()  # at once: whoever pressed Ctrl-C is waiting to see that it was heard

    def _begin(self, began: Began) -> None:
        self.end()
        self._began, self._since = began, self._clock.monotonic()
        self._counts.clear()
        self._recent.clear()
        if began.numbers > 0:
            self._start(began.numbers, list(self._lines()))
            self._tick()
        else:
            self._began = None

    def _start(self, numbers: int | None, lines: list[Text]) -> None:
        if not self._may_move:
            return
        self._board = _Board(self._console, self._clock, numbers, lines)
        self._board.start()
        # A process that is ended by a second signal cannot give the cursor back, so it is not taken away.
        self._console.show_cursor(True)

    def draw(self) -> None:
        """Draw how things stand now; happens by itself every `EVERY` seconds."""
        if self._board is not None:
            self._board.show(self._done, list(self._lines()))

    def _tick(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._may_move:
            self.draw()
            self._timer = asyncio.get_running_loop().call_later(EVERY, self._tick)

    @property
    def _done(self) -> int:
        return self._counts.total() - self._counts[Outcome.NOT_ATTEMPTED]

    def _lines(self, *, ended: bool = False) -> Iterator[Text]:
        state = self._state()
        if self._began is None:
            yield Text(f"{self._words}, {seconds_in_words(self._elapsed)} so far", style=QUIET)
        else:
            yield Text(self._how_far(self._began, ended=ended or self._stopping != ""))
            yield Text(self._how_fast(state))
            if self._counts.total() > 0:
                yield self._outcomes()
        if not ended:
            yield self._waits_for(state)

    def _state(self) -> WorkState | None:
        """How the work stands now; None where nobody knows."""
        if self._began is not None:
            return None if self._began.state is None else self._began.state()
        return None if self._asking is None else WorkState(self._asking.pacer.state())

    @property
    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._since

    def _how_far(self, began: Began, *, ended: bool) -> str:
        left = began.numbers - self._done
        words = f"{self._done:,} of {counted(began.numbers, 'number')} done, {left:,} left"
        if ended or self._done < _FEWEST_FOR_RATE or self._elapsed <= 0.0 or left == 0:
            return words
        return f"{words}, about {seconds_in_words(self._seconds_left(began, left))} to go"

    def _seconds_left(self, began: Began, left: int) -> float:
        """By the pacer; where nothing limits it, by the answers so far."""
        by_pace = 0.0 if began.pacer is None else began.pacer.forecast(left)
        return max(by_pace, left * self._elapsed / self._done) if by_pace < 1.0 else by_pace

    def _how_fast(self, state: WorkState | None) -> str:
        """How long it has taken, how many numbers the last minute brought, and what had to be sent again."""
        while len(self._recent) > 0 and self._recent[0] <= self._clock.monotonic() - MINUTE:
            self._recent.popleft()
        words = f"{seconds_in_words(self._elapsed)} elapsed, {len(self._recent):,} in the last minute"
        if state is None:
            return words
        if state.retries > 0:
            words += f", {state.retries:,} {'retry' if state.retries == 1 else 'retries'}"
        return f"{words}, {state.pace.throttled:,} × 429" if state.pace.throttled > 0 else words

    def _outcomes(self) -> Text:
        parts = [
            Text(f"{outcome.value.replace('_', ' ')} {self._counts[outcome]:,}", COLOURS[outcome])
            for outcome in Outcome
            if self._counts[outcome] > 0
        ]
        return Text(" · ").join(parts)

    def _waits_for(self, state: WorkState | None) -> Text:
        """What holds everything up; after a stop, what is still finished."""
        if self._stopping != "":
            in_flight = 0 if state is None else state.pace.in_flight
            rest = f"waiting for {counted(in_flight, 'request')} already sent; " if in_flight > 0 else ""
            return Text(f"stopping ({harmless(self._stopping)}): {rest}Ctrl-C again quits now", style=HELD)
        what = "" if state is None else state.waits_for()
        if self._pause is not None and self._pause[1] > self._clock.monotonic():
            why, until = self._pause
            what = f"{why}: {seconds_in_words(until - self._clock.monotonic())}"
        words = "" if what == "" else f"waiting for {harmless(what)}"
        if self._began is not None and self._done == self._began.numbers:
            words = f"verifying against the account{'' if words == '' else ', '}{words}"
        elif words == "" and state is not None and self._began is not None:
            words = f"rate limit: {state.pace.limit_in_words()}"
        return Text(words, style=QUIET)


class _Board(bars.Progress):
    """A bar, and lines of words below it."""

    def __init__(self, console: Console, clock: Clock, numbers: int | None, lines: list[Text]) -> None:
        """`numbers` is how many there are to do; None: that cannot be counted, and the bar only moves."""
        self._bar = bars.BarColumn(_BAR_WIDTH, complete_style=DONE, finished_style=DONE)
        columns = [self._bar] if numbers is None else [self._bar, bars.TaskProgressColumn()]
        self._screen, self._lines = console, lines
        super().__init__(
            *columns,
            console=console,
            auto_refresh=numbers is None,
            get_time=clock.monotonic,
            redirect_stdout=False,
        )
        self._numbers = self.add_task("", total=numbers)

    def show(self, done: int, lines: list[Text]) -> None:
        """Draw anew."""
        self._lines = lines
        self.update(self._numbers, completed=done)
        self.refresh()

    def get_renderables(self) -> Iterator[RenderableType]:
        self._bar.bar_width = min(_BAR_WIDTH, self._screen.width - _BESIDE_THE_BAR)
        yield self.make_tasks_table(self.tasks)
        yield from self._lines
