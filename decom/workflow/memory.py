"""What a home knows of one workspace. In: its name, a ledger. Out: all its names, its runs, what they removed.

A workspace is known by a name that comes from its key (see `workspace.py`). A key that was replaced gives another name:
where a new key has proved that it is of the same workspace, the part that it carried out is on record under its name,
and from then on both names are one.
"""

from collections.abc import Set
from dataclasses import dataclass

from decom.ledger.reader import Reader
from decom.planning.removed import Removed
from decom.planning.saved import names_in_row, saved_head


@dataclass(frozen=True, slots=True)
class Memory:
    """What a home knows of one workspace."""

    names: frozenset[str]
    """All names of the workspace, the one that was asked for included."""
    run_ids: frozenset[str]
    """Its runs; those of every other workspace, and of every other base URL, are not among them."""


def memory_of(ledger: Reader, workspace: str, base_url: str) -> Memory:
    """All that the home knows of a workspace, under whichever of its names it was recorded."""
    of_runs: dict[str, set[str]] = {}
    for run_id, body in ledger.plans():
        head = saved_head(body).head
        if head.base_url == base_url:
            of_runs[run_id] = {head.workspace}
    for run_id, started in ledger.starts():
        if run_id in of_runs and started.workspace is not None:
            of_runs[run_id].add(started.workspace)
    names = {workspace}
    while True:
        ours = {run_id for run_id, several in of_runs.items() if not names.isdisjoint(several)}
        found = names.union(*(of_runs[run_id] for run_id in ours))
        if found == names:
            return Memory(frozenset(names), frozenset(ours))
        names = found


def removed_numbers(ledger: Reader, among: Set[str]) -> tuple[Removed, ...]:
    """What the runs of `among`, those of one workspace, released or may have released, the latest first."""
    removals = ledger.removals(among)
    phones: dict[str, str | None] = {}
    written: dict[str, tuple[str, ...]] = {}
    for run_id in dict.fromkeys(run_id for run_id, _ in removals.values()):
        for number_id, phone, text in map(names_in_row, ledger.plan_rows(run_id)):
            if number_id is not None and removals.get(number_id, ("",))[0] == run_id:
                phones[number_id] = phone
                written[number_id] = (*written.get(number_id, ()), text)
    return tuple(
        Removed(number_id, phones.get(number_id), run_id, is_certain, written.get(number_id, ()))
        for number_id, (run_id, is_certain) in removals.items()
    )
