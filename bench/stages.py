"""One stage on one amount of rows. In: a stage's name, a folder, how many rows. Out: what it took.

Run as a process: `python -m bench.stages STAGE FOLDER ROWS`. `make` writes the input, `plan` the plan that `release`
and `outcomes` take up, and `outcomes` the ledger of a run that released everything, for `report` and the formats.
"""

import asyncio
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import httpx

from bench.children import Cost, measuring, peak, tell
from bench.our_part import Where, carry_out_all
from bench.peer import BASE_PATH, CAMPAIGNS, NO_CAMPAIGNS, NUMBERS, RELEASED, Account, no_route, number_id, phone_number
from decom.clock import SystemClock, iso
from decom.dialnexa.replies import Proof
from decom.files import private_dir
from decom.intake.interface import ReadOptions
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.ledger.reader import Reader
from decom.ledger.records import Attempt, Ended, Intent, Settled, Started, entry
from decom.ledger.writer import Writer
from decom.reporting.audit import build
from decom.reporting.kinds import FORMATS
from decom.reporting.write import chosen, write_reports
from decom.settings.load import Settings, load
from decom.vocabulary import Decision, Evidence, Outcome
from decom.workflow import job
from decom.workflow.context import Context
from decom.workflow.runs import load_run

BASE_URL = f"http://127.0.0.1:1{BASE_PATH}"
"""Nobody listens there: the answers come from this process."""


def make(folder: Path, rows: int) -> Cost:
    """Write an input with two columns beside the IDs."""
    with measuring() as cost, (folder / "in.csv").open("w", encoding="utf-8") as stream:
        stream.write("number id,cost centre,note\n")
        for at in range(rows):
            stream.write(f"{number_id(at)},centre {at % 50},some note {at % 1000}\n")
    return cost()


def read(folder: Path, _: int) -> Cost:
    """The input as rows."""
    with measuring() as cost:
        read_input(folder / "in.csv", ReadOptions(), readers=READERS)
    return cost()


def plan(folder: Path, rows: int) -> Cost:
    """The command: read the file, list an account as large, decide every row, save the plan, enter it."""
    clock, chance = SystemClock(), random.Random(1)
    context = Context(clock, chance, lambda: _Within(Account(rows)), lambda _: None, lambda _: True, "bench@here")
    with measuring() as cost:
        made = asyncio.run(job.plan(_settings(folder, rows), context))
    if (releases := made.plan.counts()[Decision.RELEASE]) != rows:
        raise RuntimeError(f"{releases} of {rows} rows are to be released")
    return cost()


def release(folder: Path, rows: int) -> Cost:
    """Carry the plan out, against a service that answers from within this process, into a ledger of its own."""
    with Reader(folder / "home") as ledger:
        this = load_run(ledger, _run_id(folder))
    where = Where(1, lambda: _Within(Account(rows)), 64)
    with measuring() as cost:
        carry_out_all(this.saved.head, this.releases, where, private_dir(folder / "released"))
    return cost()


def outcomes(folder: Path, rows: int) -> Cost:
    """What the ledger holds of a run that released everything."""
    clock = SystemClock()
    at = iso(clock.now())
    with measuring() as cost, Writer(folder / "home", _run_id(folder), clock) as ledger:
        ledger.record(Started("bench@here", 1, "0"))
        entries = (entry(record, at) for number in range(rows) for record in _story(number, at))
        while len(some := list(islice(entries, 30_000))) > 0:
            ledger.write(some)
        ledger.record(Ended(None))
    return cost()


def report(folder: Path, rows: int) -> Cost:
    """The command: every report and the manifest, from the ledger."""
    with measuring() as cost:
        job.report(_settings(folder, rows), _run_id(folder), SystemClock())
    return cost()


def _one_format(word: str) -> Callable[[Path, int], Cost]:
    """One report alone."""

    def write(folder: Path, _: int) -> Cost:
        with measuring() as cost, Reader(folder / "home") as ledger:
            audit = build(ledger, _run_id(folder))
            write_reports(audit, private_dir(folder / word), chosen([word], FORMATS))
        return cost()

    return write


def _settings(folder: Path, rows: int) -> Settings:
    flags = {"input": folder / "in.csv", "home": folder / "home", "output": folder / "runs", "max_release": rows}
    account = {"base_url": BASE_URL, "max_share": 1.0}
    return load(flags | account, None, {"DIALNEXA_API_KEY": "key_1:secret"}, folder)


def _run_id(folder: Path) -> str:
    """The only run of the folder's home."""
    with Reader(folder / "home") as ledger:
        return ledger.run_ids()[0]


def _story(at: int, now: str) -> tuple[Intent, Attempt, Settled]:
    """What is recorded of a number that was released at once."""
    name = number_id(at)
    settled = Settled(name, phone_number(at), Outcome.RELEASED, Evidence.ANSWERED_2XX, "the service confirmed it (200)")
    return Intent(name, 1), Attempt(name, 1, Proof.APPLIED, 200, "Phone number released successfully", now), settled


_LIMIT = {"X-RateLimit-Limit": "999999999", "X-RateLimit-Remaining": "999999990", "X-RateLimit-Reset": "60"}


class _Within(httpx.AsyncBaseTransport):
    """A service without a network."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return _answer(200, RELEASED)
        if request.url.path == f"{BASE_PATH}{NUMBERS}":
            return _answer(200, self._account.page(request.url.query))
        if request.url.path == f"{BASE_PATH}{CAMPAIGNS}":
            return _answer(200, NO_CAMPAIGNS)
        return _answer(404, no_route(request.url.path))


def _answer(status: int, body: bytes) -> httpx.Response:
    """An answer whose body is still to be read, as it is on a network."""
    return httpx.Response(status, headers=_LIMIT, stream=httpx.ByteStream(body))


STAGES: dict[str, Callable[[Path, int], Cost]] = {
    **{stage.__name__: stage for stage in (make, read, plan, release, outcomes, report)},
    **{form.name: _one_format(form.name) for form in FORMATS},
}


def main() -> None:
    before = peak()
    cost = STAGES[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
    tell(replace(cost, before=before))


if __name__ == "__main__":
    main()
