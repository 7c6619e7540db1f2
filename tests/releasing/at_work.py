"""One run's tools on a ledger of its own, and a sandbox to work on."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from decom.dialnexa.account import Account
from decom.ledger.records import Settled
from decom.ledger.schema import FILE
from decom.ledger.writer import Writer
from decom.releasing.decide import LookLater, SendLater
from decom.releasing.one_number import Task, Tools, listed, work_on
from decom.releasing.stopping import CircuitBreaker, StopSignal
from decom.releasing.whole_listing import look_through
from tests.quick_clock import QuickClock
from tests.service.world import World, a_number

RUN = "20261123T185757Z-0a1b2c"
SETTLE = 60.0


def small(count: int = 3, **others: object) -> World:
    """An account of `phn_1`, `phn_2` and so on."""
    rows = [a_number(f"phn_{n}", phone(n)) for n in range(1, count + 1)]
    return World(rows, **others)  # type: ignore[arg-type]  # whatever a world may be told


def phone(number: int) -> str:
    return f"+1415555{number:04}"


def task(number: int = 1) -> Task:
    return Task(f"phn_{number}", phone(number))


async def there() -> bool:
    return True


async def not_there() -> bool:
    return False


@contextmanager
def tools_on(
    home: Path, clock: QuickClock | None = None, probe: Callable[[], Awaitable[bool]] = there
) -> Iterator[Tools]:
    """What all workers of a run share; `probe` as the `Watch` has it."""
    clock = clock or QuickClock()
    stop = StopSignal()
    with Writer(home, RUN, clock) as ledger:
        yield Tools(ledger, stop, CircuitBreaker(stop, clock, probe), clock, SETTLE)


async def to_its_end(work: Task, account: Account, tools: Tools) -> Settled:
    """Work on one number until it is settled: let the time pass that it must wait, read the listing that it needs."""
    while not isinstance(result := await work_on(work, account, tools), Settled):
        if isinstance(result, SendLater | LookLater):
            await tools.clock.sleep(max(0.0, work.not_before - tools.clock.monotonic()))
            continue
        sights = await look_through(account, [work.number_id])
        settled = await listed(work, sights[work.number_id], tools)
        if settled is not None:
            return settled
    return result


def kinds(home: Path) -> list[str]:
    """The kinds of all entries, in order, as another process sees them."""
    with closing(sqlite3.connect(f"file:{home / FILE}?mode=ro", uri=True)) as connection:
        return [kind for (kind,) in connection.execute("SELECT kind FROM entries ORDER BY seq")]
