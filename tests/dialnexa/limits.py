"""A client under a limit, on a virtual clock. In: a `Scenario`. Out: a `Run`: its time against the ideal, its 429s.

The same scenario always gives the same run; 10,000 requests over an hour of virtual time take half a second.
`efficiencies` runs one client against every kind of limit, for tests and for a bench.
"""

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import AUTO, Pace, Rate
from decom.sandbox.limit import Verdict
from tests.dialnexa.virtual_time import VirtualClock, virtually
from tests.service.limits import ANNOUNCING, KINDS, SILENT, FromFirst, LimitKind, Style, http_date

EPOCH = 1_800_003_600.37
"""The server's Unix time at the virtual clock's zero: no whole second, and no clock of ours agrees with it."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A server with a limit, and what is asked of it."""

    kinds: tuple[Callable[[], LimitKind], ...] = (FromFirst,)
    """Usually one limit; of several all must accept, and each has a name of its own in the headers."""
    style: Style = ANNOUNCING["seconds, rounded up"]
    our_clock: float | None = None
    """The answers have no `Date`, and our wall clock is so many seconds ahead of the server's. None: they have one."""
    blocks: bool = False
    """Past the limit the key is refused for a whole window from that moment on."""
    per_route: bool = False
    """Each route has limits of its own."""
    requests: int = 1_000
    workers: int = 32
    routes: tuple[str, ...] = ("DELETE numbers",)
    """Taken in turn."""
    rate: Rate = AUTO
    reserve: float = 0.0
    latency: tuple[float, float] = (0.05, 0.45)
    """Seconds there and back, drawn evenly and split anywhere."""
    others: tuple[float, ...] = ()
    """When somebody else spends one request from the same limit."""
    changes: tuple[tuple[float, int], ...] = ()
    """(seconds, the limit from then on)."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a scenario."""

    seconds: float
    """From the start to the last answer."""
    ideal: float
    """The fastest that any client could be under this limit, if answers took no time."""
    throttled: int
    """How many 429s we got."""
    excess: int
    """By how many requests, ours and others', the worst window was exceeded at the server."""
    answered: tuple[float, ...]
    """When each accepted request was answered: seconds since the start."""
    refused: tuple[float, ...]
    """When each 429 came."""
    arrivals: tuple[float, ...]
    """When our requests, the refused ones too, arrived at the server."""
    others_refused: int
    given_up: int
    """How many 429s were taken for the affair of one number alone, and so often that it was given up."""
    forecast: float
    """When the pacer expected to be done, asked after a tenth of the requests."""

    @property
    def ratio(self) -> float:
        """Time taken / ideal time; infinity where no time was needed."""
        return self.seconds / self.ideal if self.ideal > 0.0 else math.inf


class Server:
    """Limits in front of something that always answers 200."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._kinds: dict[str, list[LimitKind]] = {}
        self._blocked_until: dict[str, float] = {}
        self._arrivals: dict[str, list[float]] = {}

    def kinds(self, route: str) -> list[LimitKind]:
        return self._kinds.setdefault(self._bucket(route), [make() for make in self._scenario.kinds])

    def take(self, now: float, route: str) -> tuple[int, dict[str, str]]:
        """Status and headers for a request that arrives now."""
        bucket, kinds = self._bucket(route), self.kinds(route)
        self._arrivals.setdefault(bucket, []).append(now)
        blocked = self._blocked_until.get(bucket, -math.inf) - now
        if blocked > 0.0:
            verdicts = [Verdict(accepted=False, remaining=0, reset=blocked, retry=blocked)] * len(kinds)
        else:
            verdicts = [kind.take(now) for kind in kinds]
            if self._scenario.blocks and not all(verdict.accepted for verdict in verdicts):
                window = max(kind.window for kind in kinds)
                self._blocked_until[bucket] = now + window
                verdicts = [Verdict(accepted=False, remaining=0, reset=window, retry=window)] * len(kinds)
        unix = EPOCH + now
        headers = {"Date": http_date(unix)} if self._scenario.our_clock is None else {}
        for number, (kind, verdict) in enumerate(zip(kinds, verdicts, strict=True)):
            said = self._scenario.style(kind, verdict, unix)
            headers |= {f"{name}-{number}" if len(kinds) > 1 else name: value for name, value in said.items()}
        return (200 if all(verdict.accepted for verdict in verdicts) else 429), headers

    def excess(self) -> int:
        return max(
            (kind.excess(at) for bucket, at in self._arrivals.items() for kind in self._kinds[bucket]), default=0
        )

    def _bucket(self, route: str) -> str:
        return route if self._scenario.per_route else "key"


@dataclass(slots=True)
class Client:
    """Workers that share one pacer. A 429 is tried again, and uses nothing up."""

    scenario: Scenario
    server: Server
    pacer: Pacer
    clock: VirtualClock
    chance: random.Random
    todo: deque[str] = field(default_factory=deque)
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    forecast: float = math.nan
    given_up: int = 0

    async def work(self) -> None:
        while self.todo:
            route, number = self.todo.popleft(), f"phn_{len(self.todo)}"
            while await self._send(route, number) == 429:
                self.refused.append(self.clock.monotonic())
                self.given_up += self.pacer.is_given_up(number)
            self.answered.append(self.clock.monotonic())
            if len(self.answered) * 10 == self.scenario.requests:
                self.forecast = self.clock.monotonic() + self.pacer.forecast(len(self.todo))

    async def _send(self, route: str, number: str) -> int:
        turn = await self.pacer.turn(route, number)
        whole = self.chance.uniform(*self.scenario.latency)
        there = whole * self.chance.random()
        await self.clock.sleep(there)
        self.arrivals.append(self.clock.monotonic())
        status, headers = self.server.take(self.clock.monotonic(), route)
        await self.clock.sleep(whole - there)
        self.pacer.answered(turn, status, headers)
        return status


def simulate(scenario: Scenario) -> Run:
    """Send a scenario's requests as workers do."""
    return virtually(_simulate(scenario))


async def _simulate(scenario: Scenario) -> Run:
    clock = VirtualClock(None if scenario.our_clock is None else EPOCH + scenario.our_clock)
    server = Server(scenario)
    pacer = Pacer(Pace(scenario.rate, scenario.reserve), clock, random.Random(scenario.seed))
    client = Client(scenario, server, pacer, clock, random.Random(scenario.seed))
    client.todo.extend(scenario.routes[n % len(scenario.routes)] for n in range(scenario.requests))
    others_refused = 0

    async def beside() -> None:
        """What happens at the server meanwhile, in the order of time."""
        nonlocal others_refused
        events = [(at, 0) for at in scenario.others] + list(scenario.changes)
        for at, limit in sorted(events):
            await clock.sleep(max(0.0, at - clock.monotonic()))
            if limit == 0:
                others_refused += server.take(clock.monotonic(), scenario.routes[0])[0] == 429
                continue
            for kind in (kind for route in scenario.routes for kind in server.kinds(route)):
                kind.limit = limit

    async with asyncio.TaskGroup() as group:
        world = group.create_task(beside())
        await asyncio.wait([group.create_task(client.work()) for _ in range(scenario.workers)])
        world.cancel()
    return Run(
        seconds=client.answered[-1],
        ideal=max(make().fastest(scenario.requests) for make in scenario.kinds),
        throttled=len(client.refused),
        excess=server.excess(),
        answered=tuple(client.answered),
        refused=tuple(client.refused),
        arrivals=tuple(client.arrivals),
        others_refused=others_refused,
        given_up=client.given_up,
        forecast=client.forecast,
    )


@dataclass(frozen=True, slots=True)
class Efficiency:
    """One line of a table."""

    kind: str
    style: str
    requests: int
    ratio: float
    """Time taken / ideal time."""
    throttled: int
    """How many 429s we got."""


def efficiencies(
    requests: int, kinds: Mapping[str, Callable[[], LimitKind]] = KINDS, styles: Sequence[str] = (*ANNOUNCING, *SILENT)
) -> list[Efficiency]:
    """150 a minute kept in every way and announced in every style, past which the key is blocked for a minute.

    Nothing is kept in reserve, and 32 workers send over a network that takes 0.05 … 0.45 s.
    """
    every = {**ANNOUNCING, **SILENT}
    lines = []
    for kind, make in kinds.items():
        for style in styles:
            run = simulate(Scenario((make,), every[style], blocks=True, requests=requests))
            lines.append(Efficiency(kind, style, requests, run.ratio, run.throttled))
    return lines
