"""Promises about what is kept: by the service's own memory, and by what the list's writer meant. In: a case. Out:
a sentence for each time one was broken.

Nothing here knows how an answer, a cell or a writing of a number is read. `Hold` and `Row` know what they mean.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from tests.simulation.seen import Case, Part, Removal, Request

if TYPE_CHECKING:
    from tests.simulation.world import Hold

MATCHED = ("campaigns", "batch-calls")
"""The sources that name their numbers."""
PAUSE = 300.0
"""Seconds without any request after which a part must look again before it sends."""


def ours(case: Case) -> Iterator[tuple[Removal, Request, Part]]:
    """Every number that a request of this run removed, with the request and its command."""
    removed = {each.by: each for each in case.removals if each.by is not None}
    for part in case.ours():
        for request in case.of(part):
            if request.seq in removed:
                yield removed[request.seq], request, part


def listed(case: Case) -> Iterator[str]:
    """No number goes that no row of the list means in every reading."""
    planning = case.planning()
    if planning is None or len(case.truth.rows) == 0:
        return
    wanted = [row for row in case.truth.rows if case.truth.operations != "only" or row.operation == "Delete"]
    if case.truth.operations == "column" and any(row.operation != "Delete" for row in case.truth.rows):
        wanted = []
    accounts = [case.account(at) for at in planning[2:]]
    may_go = {number_id for row in wanted for account in accounts for number_id in row.costs(account)}
    for removal, request, _ in ours(case):
        if removal.number_id not in may_go:
            kinds = sorted({row.kind for row in case.truth.rows if removal.phone_number in row.readings})
            yield f"{removal.number_id} {removal.phone_number} went by request {request.seq}; its rows: {kinds}"


def protected_stay(case: Case) -> Iterator[str]:
    """What on the protect list: stays, however the file writes it."""
    for removal, request, _ in ours(case):
        if not case.truth.protected.isdisjoint((removal.number_id, removal.phone_number)):
            yield f"{removal.phone_number} is protected, and went by request {request.seq}"


def in_use_stays(case: Case) -> Iterator[str]:
    """No number goes that an open campaign or batch call named, in any writing, when this command looked last.

    Where a person accepted that a source stays unread, what it did show to this command still counts.
    """
    for removal, request, part in ours(case):
        if part.leave is None or part.leave > len(case.requests):
            continue
        looked = case.requests[part.leave - 1].arrived
        for hold in case.truth.holds:
            if not hold.holds(removal.phone_number, looked, request.arrived):
                continue
            named = f"{removal.phone_number} is named by {hold.source} {hold.id} ({hold.status})"
            if hold.source not in case.truth.accepted:
                yield f"{named}, and went by request {request.seq}"
            elif _was_shown(case, part, request, hold, removal.phone_number):
                yield f"{named}, which {part.command} was shown, and went by request {request.seq}"


def _was_shown(case: Case, part: Part, sent: Request, hold: "Hold", number: str) -> bool:
    """Whether answers that could be read named the number as this hold's, before the request left."""
    heard = [each for each in case.of(part) if each.ended is not None and each.ended < sent.arrived - 0.05]
    rows = any(hold in each.holds for each in heard)
    mine = set(map(id, hold.calls))
    return rows and any(
        id(call) in mine and call.readable and call.number == number for each in heard for call in each.calls
    )


def came_to_be_held(case: Case) -> Iterator[str]:
    """After a long pause nothing is sent before the sources of conflicts were looked at again."""
    for removal, request, part in ours(case):
        paused = _last_pause(case, part, request)
        if paused is None:
            continue
        for hold in case.truth.holds:
            fresh = hold.since >= case.requests[part.first - 1].arrived and hold.source not in case.truth.accepted
            if fresh and hold.holds(removal.phone_number, paused, request.arrived):
                yield (
                    f"{removal.phone_number} came to be held at {hold.since:.0f}, {part.command} paused until"
                    f" {paused:.0f}, and it went by request {request.seq}"
                )


def _last_pause(case: Case, part: Part, before: Request) -> float | None:
    """When the last long silence of a command before a request ended; None: there was none."""
    found, previous = None, None
    for each in case.of(part):
        if each.seq > before.seq:
            break
        if previous is not None and each.arrived - previous > PAUSE and each.seq > (part.leave or 0):
            found = each.arrived
        previous = each.arrived
    return found


def ported_stay(case: Case) -> Iterator[str]:
    """No number goes whose own status said, when this command looked last, that somebody else has it in hand."""
    for removal, request, part in ours(case):
        if part.leave is None or part.leave > len(case.requests):
            continue
        looked = case.requests[part.leave - 1].arrived
        for change in case.changes:
            if change.kind == "ported" and change.number_id == removal.number_id and change.at < looked:
                yield f"{removal.number_id} was being ported out, and went by request {request.seq}"


def nothing_past_unread(case: Case) -> Iterator[str]:
    """Where a source was not checked, and nobody accepted that by its name, nothing is sent."""
    unread = {name for name, state in case.states().items() if state == "not_checked"} - case.truth.accepted
    deletes = [request.seq for request in case.sent() if request.method == "DELETE"]
    if len(unread) > 0 and len(deletes) > 0:
        yield f"{sorted(unread)} were not checked, and requests {deletes} were sent"


def states_are_true(case: Case) -> Iterator[str]:
    """`checked` is said of what was read whole, `not_applicable` of what the account has not, and nothing is blamed."""
    planning = case.planning()
    if planning is None:
        return
    _, requests, began, ended = planning
    states = case.states()
    for name, state in states.items():
        there = name in case.truth.sources
        if state == "not_applicable" and there:
            yield f"{name} are called not applicable, and this account has them"
        if state == "checked" and name in MATCHED:
            yield from _unseen(case, name, requests, began, ended)
        if state == "checked" and name == "workflows" and case.truth.workflows:
            yield "workflows are called checked, and one is active"
    well = all(each.fault is None and each.status in (200, 404, 405, 400) for each in requests)
    moved = [each.at for each in case.changes] + [each.at for each in case.removals]
    quiet = not any(began <= at <= ended for at in moved)
    for name in MATCHED if well and quiet else ():
        if states.get(name) == "not_checked" and name not in case.truth.ills and _all_readable(case, name):
            yield f"{name} are called not checked, and nothing was wrong with them"


def _unseen(case: Case, name: str, requests: Sequence[Request], began: float, ended: float) -> Iterator[str]:
    """What was open all the while, and was not shown or could not be read.

    Of a number without its dialling code the rest may do: whoever holds all that end so misses none.
    """
    shown = {id(hold) for each in requests for hold in each.holds}
    calls = {id(call) for each in requests for call in each.calls}
    for hold in case.truth.holds:
        if hold.source != name or not hold.open or hold.since >= began or (hold.until or ended + 1) <= ended:
            continue
        read = {call.number for call in hold.calls if id(call) in calls and (call.readable or call.in_part)}
        if id(hold) not in shown or read != hold.numbers():
            yield f"{name} are called checked, and {hold.id} ({hold.status}) was not read"


def _all_readable(case: Case, name: str) -> bool:
    every = [hold for hold in case.truth.holds if hold.source == name]
    of_source = [hold for hold in every if hold.open]
    if len({hold.id for hold in every}) < len(every):  # an ID twice: no total can be right
        return False
    return all(len(hold.calls) > 0 and all(call.readable for call in hold.calls) for hold in of_source)


def plan_says_what_was_read(case: Case) -> Iterator[str]:
    """No number is called missing that was there all the time, none free that was held, no clear cell invalid."""
    planning = case.planning()
    if planning is None:
        return
    _, _, began, ended = planning
    before, after = case.account(began - 1e-6), case.account(ended)
    there = {
        name for number_id, number in before.items() if after.get(number_id) == number for name in (number_id, number)
    }
    states = case.states()
    rows = case.plan()
    for row in rows:
        names = {row.get("number_id"), row.get("phone_number")}
        if row.get("decision") == "missing" and len(names & there) > 0:
            yield f"row {row['row']} is planned as missing, and it was on the account"
        if row.get("decision") != "release":
            continue
        for hold in case.truth.holds:
            if hold.holds(row["phone_number"], began, ended) and states.get(hold.source) == "checked":
                yield f"row {row['row']} is free, and was in use by {hold.source} {hold.id} ({hold.status})"
    if case.truth.operations == "only":  # one number in a row to be deleted and in another that is not
        return
    for row, meant in zip(rows, case.truth.rows, strict=False):
        if row.get("decision") == "invalid" and meant.clear and len(meant.costs(before) & meant.costs(after)) == 1:
            yield f"{meant.number_id or meant.number!r} is called invalid: {row.get('reason')}"


def guards_the_workspace(case: Case) -> Iterator[str]:
    """A list that is mostly another workspace's releases nothing, whatever this home knows of that workspace."""
    deletes = [request.seq for request in case.sent() if request.method == "DELETE"]
    if case.truth.foreign and len(deletes) > 0:
        yield f"most of the list is another workspace's, and requests {deletes} were sent"


def remembers_one_workspace(case: Case) -> Iterator[str]:
    """No row rests on what was done in another workspace."""
    words = [row.evidence for row in case.rows] + [str(row.get("evidence", "")) for row in case.plan()]
    for run_id in case.truth.elsewhere:
        count = Counter(words)[f"earlier_run:{run_id}"]
        if count > 0:
            yield f"{count} rows are explained by {run_id}, which was another workspace's"


HOLDING: tuple[tuple[str, Callable[[Case], Iterator[str]]], ...] = (
    ("H1", listed),
    ("H2", protected_stay),
    ("H3", in_use_stays),
    ("H4", came_to_be_held),
    ("H5", ported_stay),
    ("H6", nothing_past_unread),
    ("H7", states_are_true),
    ("I33", plan_says_what_was_read),
    ("H8", guards_the_workspace),
    ("H9", remembers_one_workspace),
)
