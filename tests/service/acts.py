"""Carries faults out: a fault and an exchange in, trouble out.

Here are the faults of the account, of time and of the way; `ACTS` has one for each name in `faults.KINDS`.
"""

import asyncio
from collections.abc import Mapping

from tests.service.below_http import BELOW_HTTP
from tests.service.exchange import Exchange
from tests.service.faults import Fault
from tests.service.half_truths import HALF_TRUTHS
from tests.service.odd_api import SHIFT
from tests.service.other_answers import OTHER_ANSWERS, Act


async def act(exchange: Exchange, fault: Fault) -> None:
    """Let the fault happen to this request."""
    exchange.record.fault = fault.kind
    await ACTS[fault.kind](exchange, fault)


async def late_apply(exchange: Exchange, fault: Fault) -> None:
    await exchange.load()
    await exchange.cut()
    exchange.later(lambda: apply_later(exchange, fault))


async def apply_later(exchange: Exchange, fault: Fault) -> None:
    await asyncio.sleep(fault.amount_or(0.3))
    await exchange.ask()


async def gateway_retry(exchange: Exchange, fault: Fault) -> None:
    await exchange.ask()
    await exchange.give(await exchange.ask())


async def stale_read(exchange: Exchange, fault: Fault) -> None:
    row = exchange.world.numbers.get(exchange.record.number_id or "")
    answer = await exchange.ask()
    if row is not None and exchange.record.applied:
        exchange.world.keep_showing(row, reads=int(fault.amount_or(1)))
    await exchange.give(answer)


async def reappear(exchange: Exchange, fault: Fault) -> None:
    row = exchange.world.numbers.get(exchange.record.number_id or "")
    answer = await exchange.ask()
    if row is not None and exchange.record.applied:
        exchange.world.put_back(row)
    await exchange.give(answer)


async def revoke_after(exchange: Exchange, fault: Fault) -> None:
    if exchange.record.seq > fault.amount_or(0):
        exchange.world.revoke_key()
    else:
        exchange.record.fault = None
    await exchange.give(await exchange.ask())


async def page_drift(exchange: Exchange, fault: Fault) -> None:
    await exchange.give(await exchange.ask(**{SHIFT: int(fault.amount_or(1))}))


async def latency(exchange: Exchange, fault: Fault) -> None:
    await asyncio.sleep(fault.amount_or(0.05))
    await exchange.give(await exchange.ask())


ACTS: Mapping[str, Act] = {
    **OTHER_ANSWERS,
    **HALF_TRUTHS,
    **BELOW_HTTP,
    "late_apply": late_apply,
    "gateway_retry": gateway_retry,
    "stale_read": stale_read,
    "reappear": reappear,
    "revoke_after": revoke_after,
    "page_drift": page_drift,
    "latency": latency,
}
"""What each kind of fault does, by its name."""
