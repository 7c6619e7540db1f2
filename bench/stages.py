"""One stage on one amount of rows. In: a stage's name, a folder, how many rows. Out: what it took.

Run as a process: `python -m bench.stages STAGE FOLDER ROWS`. `make` writes the input, `plan` the plan that `release`
and `outcomes` take up, and `outcomes` the ledger of a run that released everything, for `report` and the formats.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import httpx

from bench.children import Cost, measuring, peak, tell
from bench.our_part import RUN_ID, Where, carry_out_all, head_for
from bench.peer import BASE_PATH, NUMBERS, RELEASED, Account, number_id, phone_number
from decom.clock import SystemClock, iso
from decom.dialnexa.models import Number
from decom.dialnexa.replies import Proof
from decom.intake.interface import InputFile, Wanted
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.ledger.reader import Reader
from decom.ledger.records import Attempt, Ended, Intent, Settled, Started, entry
from decom.ledger.writer import Writer
from decom.planning.build import build
from decom.planning.plan import Plan
from decom.planning.saved import SavedHead, write_plan
from decom.planning.survey import Findings
from decom.private_files import private_folder
from decom.reporting import table
from decom.reporting.kinds import FORMATS
from decom.reporting.manifest import InputFacts, write_manifest
from decom.reporting.neutral import neutral
from decom.reporting.write import chosen, write_reports
from decom.runs import enter_plan, known
from decom.vocabulary import Evidence, Outcome

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
        _read(folder)
    return cost()


def plan(folder: Path, rows: int) -> Cost:
    """Decide every row, save the plan, enter it into the ledger; the account is as large as the input."""
    source = _read(folder)
    numbers = {number.id: number for number in map(_number, range(rows))}
    head = replace(head_for(rows, BASE_URL), other_columns=source.other_columns)
    with measuring() as cost:
        made = Plan(head, tuple(build(source.rows, Findings(numbers, rows, (), {}), frozenset(), lambda _: None)))
        digest = write_plan(made, private_folder(folder / "run"), neutral)
        enter_plan(private_folder(folder / "home"), made, SavedHead(head, folder / "run", digest), SystemClock())
    return cost()


def release(folder: Path, rows: int) -> Cost:
    """Carry the plan out, against a service that answers from within this process, into a ledger of its own."""
    with Reader(folder / "home") as ledger:
        this = known(ledger, RUN_ID)
    where = Where(1, lambda: _Within(Account(rows)), 64)
    with measuring() as cost:
        carry_out_all(this.saved.head, this.releases, where, private_folder(folder / "released"))
    return cost()


def outcomes(folder: Path, rows: int) -> Cost:
    """What the ledger holds of a run that released everything."""
    at = iso(SystemClock().now())
    with measuring() as cost, Writer(folder / "home", RUN_ID, SystemClock()) as ledger:
        ledger.record(Started("bench@here", 1, "0"))
        entries = (entry(record, at) for number in range(rows) for record in _story(number, at))
        while len(some := list(islice(entries, 30_000))) > 0:
            ledger.write(some)
        ledger.record(Ended(None))
    return cost()


def report(folder: Path, _: int) -> Cost:
    """Every report and the manifest, from the ledger."""
    return _reported(folder, [form.name for form in FORMATS])


def _read(folder: Path) -> InputFile:
    return read_input(folder / "in.csv", Wanted(), readers=READERS)


def _number(at: int) -> Number:
    nickname = f"line {at % 999}"
    return Number(
        number_id(at), phone_number(at), "IN", "mobile", nickname, "plivo", "active", "1.50", "2024-01-01T00:00:00Z"
    )


def _story(at: int, now: str) -> tuple[Intent, Attempt, Settled]:
    """What is recorded of a number that was released at once."""
    name = number_id(at)
    settled = Settled(name, phone_number(at), Outcome.RELEASED, Evidence.ANSWERED_2XX, "the service confirmed it (200)")
    return Intent(name, 1), Attempt(name, 1, Proof.APPLIED, 200, "Phone number released successfully", now), settled


def _reported(folder: Path, words: list[str]) -> Cost:
    target = private_folder(folder / "-".join(words))
    with measuring() as cost, Reader(folder / "home") as ledger:
        audit = table.build(ledger, RUN_ID)
        write_reports(audit, target, chosen(words, FORMATS))
        facts = InputFacts(audit.input_name, audit.input_sha256)
        write_manifest(target, run_id=RUN_ID, ledger_head=audit.ledger_head, input_file=facts)
    return cost()


class _Within(httpx.AsyncBaseTransport):
    """A service without a network."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = {"X-RateLimit-Limit": "999999999", "X-RateLimit-Remaining": "999999990", "X-RateLimit-Reset": "60"}
        if request.method == "DELETE":
            return httpx.Response(200, headers=headers, content=RELEASED)
        if request.url.path == f"{BASE_PATH}{NUMBERS}":
            return httpx.Response(200, headers=headers, content=self._account.page(request.url.query))
        return httpx.Response(404, headers=headers, json={"message": f"Cannot GET {request.url.path}"})


def _one_format(word: str) -> Callable[[Path, int], Cost]:
    return lambda folder, _: _reported(folder, [word])


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
