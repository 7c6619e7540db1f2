"""The audit: a run's records in the ledger become the one frame of facts that every report prints.

Offline: nothing is asked of the account. What the ledger cannot tell is said so, never filled in.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from decom.errors import BadInput
from decom.ledger.reader import Reader, RunRecord
from decom.planning.plan import PlanHead, Source, cost_of
from decom.planning.saved import saved_head
from decom.reporting.billing import billing_stops_on, renewal_column
from decom.reporting.interface import Audit, Timing, Verification
from decom.reporting.statement import COSTING, total
from decom.tables import shaped
from decom.vocabulary import Decision, Evidence, ExitCode, Outcome, SourceState, Stopped, exit_code, stopped

if TYPE_CHECKING:
    import pandas as pd

_UNDER_WAY = "a release was in flight when the run was interrupted: `decom resume` checks its outcome"


def build(ledger: Reader, run_id: str) -> Audit:
    """The audit of a run.

    Raises BadInput where the ledger does not know the run, or it was planned and never carried out.
    """
    from decom.ledger.frames import number_frame, plan_frames

    story = ledger.outline(run_id)
    if story is None:
        raise BadInput("the ledger does not know this run", where=run_id, remedy="`decom runs` lists them.")
    if len(story.starts) == 0 and story.ended is None:
        raise BadInput(
            "this plan was not applied, so there is nothing to report",
            where=run_id,
            remedy=f"To see the plan, type: decom show {run_id}",
        )
    head = saved_head(story.plan).head
    numbers = number_frame(ledger, run_id)
    with_age = head.report.billing.cycle == "anniversary"
    planned, others = plan_frames(ledger, run_id, len(head.other_columns), with_age=with_age)
    rows = _rows(planned, others, numbers, story, head)
    counts = {Outcome(str(name)): int(count) for name, count in rows["outcome"].value_counts(sort=False).items()}
    why = _why(story)
    return Audit(
        run_id=run_id,
        status=story.status,
        why=why,
        exit_code=_exit_code(counts, story, why, sent=bool(numbers["attempts"].gt(0).any())),
        workspace=head.workspace,
        base_url=head.base_url,
        input_name=head.input_name,
        input_sha256=head.input_sha256,
        input_rows=head.input_rows,
        input_blank_rows=head.input_blank_rows,
        other_columns=head.other_columns,
        operator=story.starts[-1][1].operator if len(story.starts) > 0 else "",
        counts=counts,
        gone_before_us=int(rows["evidence"].eq(Evidence.ANSWERED_404_AFTER_SEEN).sum()),
        sources=tuple(_source(source, story) for source in head.sources),
        money=total(rows),
        timing=_timing(story),
        verification=None if story.verified is None else Verification(story.verified[0], story.verified[1].differences),
        notes=head.notes,
        options=head.report,
        ledger_head=ledger.head(run_id),
        rows=rows,
        others=others,
    )


def _source(source: Source, story: RunRecord) -> Source:
    """A source as the plan has it, unless it could not be read just before the releases."""
    why = story.not_checked.get(source.name)
    return source if why is None else Source(source.name, SourceState.NOT_CHECKED, f"just before releasing: {why}")


def _why(story: RunRecord) -> Stopped | None:
    return Stopped.INTERRUPTED if story.ended is None else story.ended[1].why


def _exit_code(counts: Mapping[Outcome, int], story: RunRecord, why: Stopped | None, *, sent: bool) -> ExitCode:
    """The exit code; an end at which nobody looked back, or found something else than is reported, is not done."""
    code = exit_code(counts, why, sent=sent)
    as_reported = story.verified is not None and len(story.verified[1].differences) == 0
    proved = as_reported or len(story.starts) == 0
    return ExitCode.INCOMPLETE if not proved and code in (ExitCode.DONE, ExitCode.HELD_BACK) else code


def _timing(story: RunRecord) -> Timing:
    return Timing(
        planned_at=story.planned_at,
        released_from=story.starts[0][0] if len(story.starts) > 0 else None,
        released_to=story.ended[0] if story.ended is not None and len(story.starts) > 0 else None,
        verified_at=story.verified[0] if story.verified is not None else None,
        parts=len(story.starts),
    )


def _rows(
    planned: "pd.DataFrame", others: "pd.DataFrame", numbers: "pd.DataFrame", story: RunRecord, head: PlanHead
) -> "pd.DataFrame":
    """As planned where nothing was to be sent, else what became of the row's number (table `U`)."""
    sent = planned["decision"].eq(Decision.RELEASE) & planned["number_id"].notna()
    became = _of_rows(planned, numbers, sent)
    settled = became["outcome"].notna()
    open_ = ~settled & became["open_since"].notna()
    doubtful = open_ | (~settled & became["is_in_doubt"])
    untold = sent & ~settled & ~doubtful
    undecided = planned["decision"].isna()
    ended_at = story.ended[0] if story.ended is not None else story.planned_at
    detail = story.ended[1].detail if story.ended is not None else "the run was interrupted"
    outcome = _either(
        planned["decision"],
        (undecided | untold, Outcome.NOT_ATTEMPTED),
        (doubtful, Outcome.UNKNOWN),
        (settled, became["outcome"]),
    )
    decided_at = _either(
        became["decided_at"], (~sent, story.planned_at), (sent & ~settled, ended_at), (open_, became["open_since"])
    )
    rows = {name: planned[name] for name in planned.columns if name not in ("decision", "created_at", "duplicate_of")}
    return shaped(
        rows
        | _costs(planned, outcome)
        | {
            "outcome": outcome,
            "evidence": _either(
                planned["evidence"],
                (undecided, stopped(_why(story) or Stopped.OUTAGE)),
                (untold, stopped(_why(story) or Stopped.INTERRUPTED)),
                (doubtful, Evidence.UNCONFIRMED.value),
                (settled, became["evidence"]),
            ),
            "reason": _either(
                planned["reason"],
                (untold, f"the run stopped before it{': ' + detail if detail != '' else ''}"),
                (doubtful, _UNDER_WAY),
                (settled, became["reason"]),
            ),
            "http_status": became["http_status"],
            "api_message": _either(became["api_message"], (became["api_message"].isna(), "")),
            "attempts": became["attempts"],
            "first_attempt_at": became["first_attempt_at"],
            "decided_at": decided_at,
            "conflicts": _both(planned["conflicts"], became["conflicts"]),
            "billing_stops_on": _billing(head, outcome, decided_at, planned["created_at"], others),
            "run_id": [story.run_id] * len(planned),
        },
        "U",
    )


def _of_rows(planned: "pd.DataFrame", numbers: "pd.DataFrame", sent: "pd.Series[bool]") -> "pd.DataFrame":
    """What became of each row's number, where it was to be sent and anything is on record; nothing elsewhere."""
    import pandas as pd

    # Not a merge: that joins a row without an ID with whatever has none either.
    at = pd.Index(numbers["number_id"], dtype=object).get_indexer(planned["number_id"])
    found = numbers.reindex(pd.Series(at).where(sent.to_numpy(), -1)).set_axis(planned.index)
    attempts, is_in_doubt = found["attempts"].fillna(0).astype("int64"), found["is_in_doubt"].eq(True)
    return found.assign(attempts=attempts, is_in_doubt=is_in_doubt)


def _either(otherwise: "pd.Series[Any]", *cases: "tuple[pd.Series[bool], Any]") -> "pd.Series[Any]":
    """`otherwise`, and where a condition holds its own value (or row of values) instead; the last that holds wins."""
    found = otherwise.astype(object)
    for condition, value in cases:
        found = found.mask(condition, value if isinstance(value, str) else value.astype(object))
    return found


def _both(planned: "pd.Series[Any]", later: "pd.Series[Any]") -> "pd.Series[Any]":
    """Lists of conflicts, those that were found since the plan after those of the plan."""
    found = planned.astype(object)
    more = later.notna() & later.ne("")
    pairs = zip(found[more], later[more], strict=True)
    found.loc[more] = [after if before == "" else f"{before[:-1]},{after[1:]}" for before, after in pairs]
    return found


def _costs(planned: "pd.DataFrame", outcome: "pd.Series[Any]") -> "dict[str, pd.Series[Any]]":
    """What each number costs, on the one row that carries its outcome; blank where that is unknown."""
    costs = planned["monthly_cost_usd"]
    known = [cost for cost in costs.dropna().unique() if cost_of(cost) is not None]
    carries = outcome.isin(COSTING) & costs.isin(known)
    return {name: planned[name].where(carries) for name in ("monthly_cost_usd", "cost_from")}


def _billing(
    head: PlanHead,
    outcome: "pd.Series[Any]",
    decided_at: "pd.Series[Any]",
    created_at: "pd.Series[Any]",
    others: "pd.DataFrame",
) -> list[str | None]:
    """The day on which each released row's billing stops, as far as the cycle is known."""
    billing = head.report.billing
    if billing.cycle is None:
        return [None] * len(outcome)
    at = renewal_column(billing, head.other_columns)
    renewals = [None] * len(outcome) if at is None else others[at]
    days = (
        billing_stops_on(billing, decided, created_at=created, renewal=renewal) if became == Outcome.RELEASED else None
        for became, decided, created, renewal in zip(outcome, decided_at, created_at, renewals, strict=True)
    )
    return [None if day is None else day.isoformat() for day in days]
