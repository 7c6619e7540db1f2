"""A run's entries as frames: the plan's rows, and what became of each number.

Bodies are read by Python's own JSON, a few thousand at a time, and only what a column wants is kept of them. Not by
SQLite's `json_extract`: that ends a text at its first NUL.
"""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from typing import Any

import pandas as pd

from decom.dialnexa.replies import Proof
from decom.errors import LedgerTrouble
from decom.ledger.reader import Reader
from decom.ledger.records import Kind
from decom.tables import GrowingTable, Places, SharedTexts, of, shaped

_AT_ONCE = 5_000
"""Entries that are taken apart at once."""

_ALWAYS_SAID = frozenset({"row", "input_value", "decision", "reason"})
"""What every row of a plan has, also where it is at its default."""

_NOT_OURS = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading JSON that we did not write can raise."""

_Entry = tuple[Any, ...]
"""Its place in the ledger, when it was written, the number that it speaks of, its body."""


def plan_frames(
    ledger: Reader, run_id: str, others: int, *, with_age: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The plan's rows in the input's order (table `P`), and the input's `others` further columns, numbered from 0.

    Without `with_age` no number has a `created_at`: hardly any report asks for those texts, of which there may be a
    million. Raises LedgerTrouble where somebody has made something else of the rows.
    """
    rows, beside = GrowingTable("P"), [SharedTexts() for _ in range(others)]
    known, blank = {column.name for column in of("P")}, [""] * others
    with _understanding(run_id):
        for entries in _batches(ledger, run_id, Kind.ROW):
            facts = _facts(entries)
            cells = [found.pop("others", blank) for found in facts]
            for values, column in zip(zip(*cells, strict=True), beside, strict=True):
                column.extend(values)
            for found in facts:
                found["conflicts"] = _listed(found.get("conflicts", ()))
                if found.get("number_id") == found.get("input_value"):  # one text of the two
                    found["number_id"] = found.get("input_value")
                if not with_age:
                    found.pop("created_at", None)
                if not _ALWAYS_SAID <= found.keys() <= known:
                    wrong = sorted((found.keys() - known) | (_ALWAYS_SAID - found.keys()))
                    raise ValueError(f"a row of the plan lacks these members, or has none such: {', '.join(wrong)}")
            rows.add(**{each.name: [found.get(each.name, each.default) for found in facts] for each in of("P")})
        frame = rows.frame()
        return frame, pd.DataFrame({at: column.values() for at, column in enumerate(beside)}, index=frame.index)


def number_frame(ledger: Reader, run_id: str) -> pd.DataFrame:
    """What the run did about each number that anything was recorded of (table `N`).

    An outcome after which another DELETE was about to leave is none, and a DELETE whose answer is not on record
    counts as one that may have left. Raises LedgerTrouble as `plan_frames` does.
    """
    numbers = Places()
    with _understanding(run_id):
        tries = _tries(ledger, run_id, numbers)
        is_intent = tries["proof"].isna()
        last_intents = tries[is_intent].groupby("number")["seq"].max()
        goes_on = tries["number"].eq(tries["number"].shift(-1))
        unanswered = is_intent & ~(goes_on & ~is_intent.shift(-1, fill_value=True))
        left = tries[unanswered | (~is_intent & tries["proof"].ne(Proof.NOT_SENT))]
        is_last = ~goes_on[left.index]
        del tries, goes_on
        left = left.assign(at=left["at"].fillna(_moments(ledger, run_id, left.loc[left["proof"].isna(), "seq"])))
        settled = _settled(ledger, run_id, numbers)
        every = pd.RangeIndex(len(numbers) - 1)
        settled = settled.drop_duplicates("number", keep="last").set_index("number")
        settled = settled[settled["seq"] > last_intents.reindex(settled.index, fill_value=-1)]
        recorded = {
            "number_id": list(numbers)[1:],
            **{name: settled[name].reindex(every) for name in _OUTCOME},
            **_requests(left, is_last, every),
        }
        return shaped(recorded, "N")


_OUTCOME = ("outcome", "evidence", "reason", "decided_at", "conflicts")


def _requests(left: pd.DataFrame, is_last: "pd.Series[bool]", every: pd.RangeIndex) -> dict[str, "pd.Series[Any]"]:
    """Of the DELETEs that may have left: how many of a number, the first, what the last answered one was told."""
    first = left.drop_duplicates("number").set_index("number")
    answers = left[left["http_status"].notna()].drop_duplicates("number", keep="last").set_index("number")
    open_ = left[left["proof"].isna() & is_last].set_index("number")
    return {
        "attempts": left.groupby("number").size().reindex(every, fill_value=0),
        "first_attempt_at": first["at"].reindex(every),
        "http_status": answers["http_status"].reindex(every),
        "api_message": answers["api_message"].reindex(every),
        "open_since": open_["at"].reindex(every),
        "is_in_doubt": pd.Series(every.isin(left.loc[left["proof"].ne(Proof.THROTTLED), "number"])),
    }


def _moments(ledger: Reader, run_id: str, seqs: "pd.Series[int]") -> "pd.Series[Any]":
    """When those intents were written: read once more, as hardly any is still without an answer."""
    wanted = dict(zip(seqs, seqs.index, strict=True))
    found = {
        wanted[seq]: at
        for entries in (_batches(ledger, run_id, Kind.INTENT) if len(wanted) > 0 else ())
        for seq, at, *_ in entries
        if seq in wanted
    }
    return pd.Series(found, dtype=object)


def _tries(ledger: Reader, run_id: str, numbers: Places) -> pd.DataFrame:
    """Every intent (which proves nothing yet) and every attempt, number by number in their order (table `T`)."""
    found = GrowingTable("T")
    for entries in _batches(ledger, run_id, Kind.INTENT):
        seqs, _, names, _ = zip(*entries, strict=True)
        found.add(seq=seqs, number=map(numbers.__getitem__, names))
    for entries in _batches(ledger, run_id, Kind.ATTEMPT):
        seqs, _, names, _ = zip(*entries, strict=True)
        facts = map(itemgetter("sent_at", "proof", "status", "message"), _facts(entries))
        moments, proofs, statuses, messages = zip(*facts, strict=True)
        found.add(
            seq=seqs,
            number=map(numbers.__getitem__, names),
            at=moments,
            proof=map(Proof, proofs),
            http_status=statuses,
            api_message=messages,
        )
    return found.frame().sort_values(["number", "seq"], ignore_index=True)


def _settled(ledger: Reader, run_id: str, numbers: Places) -> pd.DataFrame:
    """Every outcome on record, in their order (table `D`)."""
    found = GrowingTable("D")
    for entries in _batches(ledger, run_id, Kind.SETTLED):
        seqs, moments, names, _ = zip(*entries, strict=True)
        facts = map(itemgetter("outcome", "evidence", "reason", "conflicts"), _facts(entries))
        outcomes, evidence, reasons, conflicts = zip(*facts, strict=True)
        found.add(
            seq=seqs,
            number=map(numbers.__getitem__, names),
            outcome=outcomes,
            evidence=evidence,
            reason=reasons,
            decided_at=moments,
            conflicts=map(_listed, conflicts),
        )
    return found.frame()


def _batches(ledger: Reader, run_id: str, kind: Kind) -> Iterator[list[_Entry]]:
    """A run's entries of a kind in their order, some at a time; those of a number that name none are nobody's."""
    entries = ledger.entries_of(run_id, kind)
    while len(some := list(islice(entries, _AT_ONCE))) > 0:
        found = some if kind is Kind.ROW else [entry for entry in some if entry[2] is not None]
        if len(found) > 0:
            yield found


def _facts(entries: list[_Entry]) -> list[dict[str, Any]]:
    """The bodies of entries. Raises ValueError where one is not one JSON object."""
    found = json.loads(f"[{','.join(map(itemgetter(3), entries))}]")
    if len(found) != len(entries) or not all(isinstance(each, dict) for each in found):
        raise ValueError("an entry is not one JSON object")
    return list(found)


def _listed(conflicts: Any) -> str:
    """Conflicts as a column holds them: a JSON list of source, ID, name and status of each; empty for none."""
    if len(conflicts) == 0:
        return ""
    for each in conflicts:
        source, id_, name, status = each
        if not all(isinstance(text, str) for text in (source, id_, name, status)):
            raise TypeError("a conflict has texts and nothing else")
    return json.dumps(conflicts, separators=(",", ":"))


@contextmanager
def _understanding(run_id: str) -> Iterator[None]:
    """What of ours cannot be read is the ledger's trouble; and while lists grow, nobody looks for garbage in them."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    except _NOT_OURS as error:
        raise LedgerTrouble(
            f"a part of what the ledger holds of this run cannot be understood: {str(error)[:200]}",
            where=run_id,
            remedy="It was changed, or something else wrote it. Put back a good copy of the ledger.",
        ) from error
    finally:
        if collects:
            gc.enable()
