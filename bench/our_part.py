"""A part of a run, as the product carries it out. In: rows, a transport, a home. Out: all of them are released."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.peer import BASE_PATH, number_id, phone_number
from decom.clock import SystemClock, iso
from decom.dialnexa.connection import Endpoint, Key, TransportMaker
from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import Pace
from decom.dialnexa.retrying import RetryPolicy
from decom.dialnexa.service import Service
from decom.ledger.writer import Writer
from decom.planning.guards import Extent, planned_limits
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import PlanHead, PlannedRow
from decom.releasing.events import Done, Event
from decom.releasing.part import Session, carry_out
from decom.releasing.stopping import StopSignal
from decom.vocabulary import Decision, Outcome

RUN_ID = "20261123T185757Z-1a2b3c"


@dataclass(frozen=True, slots=True)
class Where:
    """Where the numbers are, and how many requests may be in flight."""

    port: int
    make_transport: TransportMaker
    concurrency: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}{BASE_PATH}"


def head_for(rows: int, base_url: str) -> PlanHead:
    """The head of a plan that releases every one of its rows."""
    return PlanHead(
        run_id=RUN_ID,
        made_at=iso(SystemClock().now()),
        workspace="ws-bench",
        base_url=base_url,
        input_name="bench.csv",
        input_sha256="0" * 64,
        input_rows=rows,
        input_blank_rows=0,
        other_columns=(),
        account_size=rows,
        max_release=rows,
        max_share=1.0,
        sources=(),
    )


def rows_for(count: int) -> list[PlannedRow]:
    """Rows that are all to be released."""
    return [
        PlannedRow(2 + at, number_id(at), Decision.RELEASE, "free", number_id(at), phone_number(at))
        for at in range(count)
    ]


def carry_out_all(head: PlanHead, rows: Sequence[PlannedRow], where: Where, home: Path) -> None:
    """The look just before, every release and the end on record; each step as in a run of the product.

    Raises RuntimeError where any number was not released.
    """
    clock, chance = SystemClock(), random.Random(1)
    endpoint = Endpoint(where.base_url, Key("key_1:secret"))
    service = Service(endpoint, Pacer(Pace(), clock, chance), RetryPolicy(clock, chance), where.make_transport)
    part = Session(
        head,
        rows,
        planned=Extent(len(rows), head.account_size, missing=0, asked=len(rows)),
        stories={},
        others={},
        holds=HOLDS,
        concurrency=where.concurrency,
        timeout=endpoint.timeout,
        settle=60.0,
        limits=planned_limits(head),
        plan_ttl=timedelta(hours=1),
        protected=frozenset(),
    )
    released = 0

    def count(event: Event) -> None:
        nonlocal released
        released += isinstance(event, Done) and event.settled.outcome is Outcome.RELEASED

    stop = StopSignal()
    with Writer(home, head.run_id, clock) as ledger:
        asyncio.run(carry_out(part, service, ledger, stop, count))
    if released != len(rows):
        raise RuntimeError(f"{released} of {len(rows)} numbers were released: {stop.detail}")
