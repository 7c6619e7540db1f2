"""Promises about what is sent, and when. In: a case. Out: a sentence for each time one was broken.

See `checker.py` for those about what is said.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tests.simulation.faults import UNTRUE_SUCCESSES
from tests.simulation.seen import NUMBERS, Case, Part, Request

AT_ONCE = 0.05
"""Seconds: what left so soon after an answer was on its way before it could be heard."""
AT_THE_SAME_TIME = 1e-6
MOST_ATTEMPTS = 4
FEWEST_RETRIES = 10
SILENT_AT_MOST = 5
"""DELETEs in a row without an answer before the service is asked whether it is there."""
FORBIDDEN_AT_MOST = 3
REFUSALS = frozenset({400, 401, 403, 405, 409, 413, 421, 422, 431, 451})


def definite(request: Request, before: Sequence[Request] = ()) -> bool:
    """Whether the client was told, for good, what its DELETE did.

    A 409 after another DELETE that is in doubt may only say that this one is being carried out; a success that says
    of itself that it is none, or not yet, is not one for good.
    """
    if not request.told or request.page or request.status is None:
        return False
    if request.fault in UNTRUE_SUCCESSES or request.status == 202:
        return False
    if request.status == 409 and any(map(doubtful, before)):
        return False
    return 200 <= request.status < 300 or request.status in REFUSALS or request.about_number


def doubtful(request: Request) -> bool:
    """Whether the number may be gone because of this DELETE, as far as its client could know."""
    if not request.told or request.status is None:
        return True
    unclear = 300 <= request.status < 400 or request.status in (408, 423, 425) or request.status >= 500
    return unclear or (request.page and 200 <= request.status < 300)


def only_approved(case: Case) -> Iterator[str]:
    """Every DELETE is, byte for byte, the path of a number that the plan releases."""
    ids = {row.get("number_id") for row in case.plan() if row.get("decision") == "release"}
    approved = {f"{case.base_path}{NUMBERS}/{number_id}" for number_id in ids}
    for request in case.sent():
        if request.method == "DELETE" and request.target not in approved:
            yield f"request {request.seq} is DELETE {request.target}, which nobody approved"


def reading_only_reads(case: Case) -> Iterator[str]:
    """Nothing but GET before leave is given, and never from a command that changes nothing."""
    for part in case.ours():
        for request in case.of(part):
            releasing = part.leave is not None and request.seq >= part.leave
            if request.method not in ("GET", "DELETE") or (request.method == "DELETE" and not releasing):
                yield f"request {request.seq} is a {request.method}, sent by {part.command} without leave"


def intent_before_request(case: Case) -> Iterator[str]:
    """At the arrival of a number's nth DELETE its nth intent was on the disk."""
    sent: Counter[str] = Counter()
    for request in case.requests:
        if request.method == "DELETE" and request.number_id is not None:
            sent[request.number_id] += 1
            if request.intents is not None and request.intents < sent[request.number_id]:
                yield f"request {request.seq} arrived with {request.intents} intents on the disk"


def one_at_a_time(case: Case) -> Iterator[str]:
    """One DELETE in flight a number, and none after a definite answer that the client lived to hear."""
    for part in case.ours():
        for number_id, deletes in _by_number(case.deletes(part)).items():
            for before, after in pairwise(deletes):
                if before.ended is None or before.ended > after.arrived:
                    yield f"{number_id}: request {after.seq} was sent while {before.seq} was in flight"
                if definite(before, [each for each in deletes if each.seq < before.seq]):
                    yield f"{number_id}: request {after.seq} was sent although {before.seq} had {before.status}"


def never_again(case: Case) -> Iterator[str]:
    """What the ledger knows for good is not asked for again: after a release in no run, else not in this run."""
    released: set[str] = set()
    settled: set[str] = set()
    for line in case.lines:
        number_id = line.number_id or ""
        if line.kind == "intent" and number_id in released:
            yield f"{number_id} was released, and run {line.run_id} intended another DELETE"
        if line.kind == "intent" and line.run_id == case.run_id and number_id in settled:
            yield f"{number_id} was settled for good, and another DELETE was intended"
        if line.kind == "attempt" and line.body["proof"] == "applied" and line.run_id not in case.truth.elsewhere:
            released.add(number_id)
        if line.kind == "settled" and line.body["outcome"] == "failed":
            released.discard(number_id)  # the service had only said so, and the number was seen again
        final = line.kind == "settled" and line.body["outcome"] not in ("unknown", "not_attempted")
        if final and line.run_id == case.run_id:
            settled.add(number_id)


def few_in_flight(case: Case) -> Iterator[str]:
    """No more requests at once than were allowed."""
    for part in case.ours():
        ends: list[float] = []
        for request in case.of(part):
            ends = [end for end in ends if end > request.arrived]
            ends.append(1e18 if request.ended is None else request.ended)
            if len(ends) > case.concurrency:
                yield f"request {request.seq} was the {len(ends)}th in flight"


def waits_as_told(case: Case) -> Iterator[str]:
    """After a 429 that says how long to wait nothing is sent for so long."""
    for part in case.ours():
        requests = case.of(part)
        for told in requests:
            if told.status != 429 or told.retry_after is None or told.ended is None:
                continue
            for request in requests[told.seq - part.first + 1 :]:
                if told.ended + AT_ONCE < request.arrived < told.ended + told.retry_after:
                    yield f"request {request.seq} was sent {told.ended:g} + {request.arrived - told.ended:g} s"


def few_attempts(case: Case) -> Iterator[str]:
    """At most four attempts a number, and a share of retries, 429s apart; a dead service is left alone."""
    for part in case.ours():
        deletes = case.deletes(part)
        counts = Counter(request.number_id for request in deletes if request.status != 429)
        yield from (f"{number_id} was tried {n} times" for number_id, n in counts.items() if n > MOST_ATTEMPTS)
        retries = sum(n - 1 for n in counts.values())
        if retries > max(FEWEST_RETRIES, len(deletes) // 10):
            yield f"{retries} of {len(deletes)} DELETEs were retries"
        silent = 0
        for request in deletes:
            silent = silent + 1 if request.status is None else 0
            if silent > SILENT_AT_MOST + case.concurrency and not _asked_between(case, part, request, silent):
                yield f"request {request.seq} was the {silent}th DELETE in a row without an answer"


def stops_at_once(case: Case) -> Iterator[str]:
    """Nothing is released once the key was refused, or a signal came, but what was in flight."""
    for part in case.ours():
        deletes = case.deletes(part)
        refused = [request.ended for request in case.of(part) if request.status == 401]
        stops = [("the key was refused", at) for at in refused if at is not None]
        if part.stopped_at is not None:
            stops.append(("a signal came", part.stopped_at))
        for why, at in stops:
            late = [request.seq for request in deletes if request.arrived > at + AT_THE_SAME_TIME]
            if len(late) > 0:
                yield f"requests {late} were sent after {why}"
        forbidden = 0
        for request in deletes:
            forbidden = forbidden + 1 if request.status == 403 else 0
            if forbidden > FORBIDDEN_AT_MOST + case.concurrency:
                yield f"request {request.seq} was the {forbidden}th in a row that was forbidden"


def guards_hold(case: Case) -> Iterator[str]:
    """Over all parts together no more numbers can have gone than the guards allow, of the account as it was then.

    What this run removed itself, or may have, does not make the account smaller. Let pass: what somebody else removed
    so shortly before that a copy of the account may not have shown it.
    """
    head = case.head()
    ours = {line.number_id for line in case.lines if line.run_id == case.run_id and line.kind == "intent"}
    gone: set[str | None] = set()
    for part in case.ours():
        deletes = case.deletes(part)
        gone |= {each.number_id for each in deletes if doubtful(each) or (each.status or 0) < 300}
        if len(deletes) == 0 or part.leave is None:
            continue
        began = case.requests[part.leave - 1].arrived
        before = [each for each in case.removals if each.at < began - case.lag()]
        theirs = sum(1 for each in before if each.number_id not in ours)
        size = len(case.known) + _arrived(case, began) - theirs if len(case.known) > 0 else head["account_size"]
        if len(gone) > head["max_release"] or len(gone) > head["max_share"] * size + 1e-9:
            yield f"{part.command} brought it to {len(gone)} numbers of {size}, against the guards"


def _arrived(case: Case, before: float) -> int:
    return sum(1 for change in case.changes if change.kind == "arrived" and change.at < before)


def looks_before_it_sends(case: Case) -> Iterator[str]:
    """A change that could be seen before a command began to look again is heeded by that command.

    A number that a DELETE in doubt may have taken is looked for by itself: its first request must be a GET.
    """
    planned = {row["number_id"]: row["phone_number"] for row in case.plan() if row.get("decision") == "release"}
    for part in case.ours():
        deletes = case.deletes(part)
        if len(deletes) == 0 or part.leave is None or part.leave > len(case.requests):
            continue
        began = case.requests[part.leave - 1].arrived
        changed = {change.number_id: change for change in case.changes if change.at < began}
        for request in deletes:
            change = changed.get(request.number_id or "")
            if change is None:
                continue
            if change.phone_number != planned.get(change.number_id):
                yield f"request {request.seq} was sent although its number was {change.kind} before {part.command}"
        for number_id in _in_doubt(case, part):
            about = [each for each in case.of(part) if each.number_id == number_id]
            if len(about) > 0 and about[0].method == "DELETE":
                yield f"{number_id} was in doubt, and {part.command} sent request {about[0].seq} before looking"


def _in_doubt(case: Case, now: Part) -> set[str]:
    """Numbers with a DELETE of an earlier part of this run that ended without a definite answer."""
    doubt = set()
    for part in case.ours():
        if part.first >= now.first:
            break
        doubt |= {each.number_id or "" for each in case.deletes(part) if doubtful(each)}
    return doubt


def _asked_between(case: Case, part: Part, request: Request, silent: int) -> bool:
    """Whether the service answered a question since the silence began."""
    deletes = [each for each in case.deletes(part) if each.seq <= request.seq]
    began = deletes[-silent].seq
    return any(each.method == "GET" and each.told for each in case.requests[began : request.seq - 1])


def _by_number(requests: Sequence[Request]) -> dict[str, list[Request]]:
    found: dict[str, list[Request]] = {}
    for request in requests:
        found.setdefault(request.number_id or "", []).append(request)
    return found


SENDING: tuple[tuple[str, Callable[[Case], Iterator[str]]], ...] = (
    ("I1", only_approved),
    ("I2", reading_only_reads),
    ("I3", intent_before_request),
    ("I9", one_at_a_time),
    ("I9", never_again),
    ("I11", few_in_flight),
    ("I11", waits_as_told),
    ("I12", few_attempts),
    ("I13", stops_at_once),
    ("I14", guards_hold),
    ("I16", looks_before_it_sends),
)
