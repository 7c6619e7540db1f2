"""Promises about how a command ends: what its exit code and its report claim. In: a case. Out: a sentence for each
time one was broken.
"""

from collections.abc import Callable, Iterator

from tests.simulation.seen import Case, Part, Request

UNTOUCHED = (2, 5)
"""The exit codes that say that nothing was sent which changes anything."""
STAYS = ("conflicted", "failed", "protected", "not_attempted")
"""The outcomes that say of a number that it is still there."""
IN_FLIGHT = 0.05
"""Seconds after a stop in which what had left, or was just being written down, still arrives."""


def untouched_means_it(case: Case) -> Iterator[str]:
    """2 and 5: the server saw no DELETE of this command."""
    part = case.parts[-1]
    deletes = [request.seq for request in case.deletes(part)]
    if part.exit_code in UNTOUCHED and len(deletes) > 0:
        yield f"{part.command} ended with {part.exit_code}, and the server saw requests {deletes}"


def done_means_it(case: Case) -> Iterator[str]:
    """0: the command looked back, and all is as it reports."""
    part = case.parts[-1]
    if part.exit_code != 0 or part.command not in ("run", "release", "resume", "verify") or part.run_id != case.run_id:
        return
    deletes = case.deletes(part)
    since = case.requests[part.first - 1].arrived if part.last >= part.first else part.ended_at
    if len(deletes) > 0:
        looks = [each for each in case.of(part) if each.method == "GET" and each.seq > deletes[-1].seq]
        if not any(each.status == 200 or each.about_number for each in looks):
            yield f"{part.command} ended with 0 without a look after its last release"
            return
        since = looks[0].arrived
    yield from (f"{part.command} ended with 0, and {words}" for words in _untrue(case, since, part.ended_at))


def _untrue(case: Case, since: float, until: float) -> Iterator[str]:
    """Claims of the report that were untrue all the time between two instants."""
    before, after = case.account(since - 1e-6), case.account(until)
    lag = case.lag()
    fresh = {each.number_id for each in case.removals if since - lag - 1e-6 <= each.at}
    for row in case.rows:
        number_id = row.number_id or ""
        if number_id == "" and row.outcome == "missing" and row.phone_number is not None:
            there = {each for each, number in after.items() if number == row.phone_number and each in before}
            yield from (f"{row.phone_number} is called missing, and {each} is there" for each in there)
        if number_id == "" or row.evidence == "stopped:changed":
            continue
        there_now = number_id in after and before.get(number_id) == after[number_id] == row.phone_number
        gone = number_id not in before and number_id not in after and number_id not in fresh
        if row.outcome in ("released", "missing") and there_now and number_id not in case.truth.pending:
            yield f"{number_id} is called {row.outcome}, and is there"
        if row.outcome in STAYS and gone:
            yield f"{number_id} is called {row.outcome}, and is gone"


def missing_is_missing(case: Case) -> Iterator[str]:
    """`missing` is never said of a number that was on the account from the run's beginning until now."""
    parts = [part for part in case.ours() if part.last >= part.first]
    if len(parts) == 0:
        return
    before, after = case.account(case.requests[parts[0].first - 1].arrived - 1e-6), case.account(parts[-1].ended_at)
    by_number = {number: number_id for number_id, number in after.items()}
    moved = {change.number_id for change in case.changes}
    for row in case.rows:
        number_id = row.number_id or by_number.get(row.phone_number or "", "")
        there = number_id in before and before[number_id] == after.get(number_id) and number_id not in moved
        if row.outcome == "missing" and there:
            yield f"{number_id} is called missing ({row.evidence}), and was there all the time"


def robbed_stops(case: Case) -> Iterator[str]:
    """Once its lock or its home is taken from a command, it releases nothing more."""
    part = case.parts[-1]
    if part.robbed_at is None:
        return
    late = [request.seq for request in case.deletes(part) if request.arrived > part.robbed_at + IN_FLIGHT]
    if len(late) > 0:
        yield f"requests {late} were sent after the lock or the home was taken away"


def throttled_is_not_unknown(case: Case) -> Iterator[str]:
    """A number that was told nothing but 429, or never sent, is not in doubt."""
    for row in case.rows:
        if row.outcome != "unknown":
            continue
        of_run = [line for line in case.lines if line.run_id == case.run_id and line.number_id == row.number_id]
        attempts = [line.body for line in of_run if line.kind == "attempt"]
        intents = sum(1 for line in of_run if line.kind == "intent")
        if intents == len(attempts) and all(each["status"] == 429 or each["proof"] == "not_sent" for each in attempts):
            yield f"{row.number_id} is unknown, and was told 429 at most"


def stays_within_its_age(case: Case) -> Iterator[str]:
    """No release leaves later than the plan's age allows."""
    planning = case.planning()
    if planning is None:
        return
    _, requests, _, _ = planning
    made_by = requests[-1].ended or requests[-1].arrived
    for part in case.ours():
        late = [each.seq for each in case.deletes(part) if _aged(case, made_by, each) > case.truth.plan_ttl + 5.0]
        if len(late) > 0:
            yield f"requests {late} were sent by a plan that was too old"


def _aged(case: Case, made_by: float, request: Request) -> float:
    """How old the plan was by the wall clock, at least: jumps back are let pass."""
    jumped = sum(by for at, by in case.truth.jumps if made_by < at <= request.arrived)
    return request.arrived - made_by + min(0.0, jumped)


def one_does_not_stop_all(case: Case) -> Iterator[str]:
    """One number that is always told to wait is given up after a while."""
    for part in case.ours():
        told = _always_throttled(case, part)
        yield from (
            f"{number_id} was told 429 {count} times by itself" for number_id, count in told.items() if count > 12
        )


def _always_throttled(case: Case, part: Part) -> dict[str, int]:
    """Numbers with nothing but 429, and how many, where other numbers had other answers meanwhile."""
    deletes = case.deletes(part)
    if all(each.status == 429 for each in deletes):
        return {}
    mine: dict[str, list[int | None]] = {}
    for each in deletes:
        if each.fault is None:
            mine.setdefault(each.number_id or "", []).append(each.status)
    return {number_id: len(found) for number_id, found in mine.items() if all(status == 429 for status in found)}


ENDS: tuple[tuple[str, Callable[[Case], Iterator[str]]], ...] = (
    ("E1", untouched_means_it),
    ("E2", done_means_it),
    ("E3", missing_is_missing),
    ("E4", robbed_stops),
    ("E5", throttled_is_not_unknown),
    ("E6", stays_within_its_age),
    ("E7", one_does_not_stop_all),
)
