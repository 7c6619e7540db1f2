"""A run's records in the ledger in, the one table of facts out. Every report prints this and nothing else.

Offline: nothing is asked of the account. What the ledger cannot tell is said so, never filled in.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from decom.errors import BadInput
from decom.ledger.reader import NumberRecord, Reader, RunRecord
from decom.ledger.records import Attempt
from decom.planning.plan import Conflict, PlanHead, PlannedRow, Source
from decom.planning.saved import row_from_json, saved_head
from decom.reporting.billing import billing_stops_on, renewal_column
from decom.vocabulary import Decision, Evidence, ExitCode, Outcome, SourceState, Stopped, exit_code, stopped
from tests.reporting.oracle.interface import Audit, AuditRow, Timing, Verification
from tests.reporting.oracle.money import STAYING, add_up, cost_of_text


def build(ledger: Reader, run_id: str) -> Audit:
    """The audit of a run; `ledger` must stay open as long as its rows are read.

    Raises BadInput where the ledger does not know the run, or it was planned and never carried out.
    """
    story = ledger.story(run_id)
    if story is None:
        raise BadInput("the ledger does not know this run", where=run_id, remedy="`decom runs` lists them.")
    if len(story.starts) == 0 and story.ended is None:
        raise BadInput(
            "this plan was not applied, so there is nothing to report",
            where=run_id,
            remedy=f"To see the plan, type: decom show {run_id}",
        )
    head = saved_head(story.plan).head
    rows = _Rows(ledger, story, head)
    counts: Counter[Outcome] = Counter()
    evidence: Counter[str] = Counter()

    def counted() -> Iterator[AuditRow]:
        for row in rows:
            counts[row.outcome] += 1
            evidence[row.evidence] += 1
            yield row

    money = add_up(counted())
    why = _why(story)
    return Audit(
        run_id=run_id,
        status=story.status,
        why=why,
        exit_code=_exit_code(counts, story, why),
        workspace=head.workspace,
        base_url=head.base_url,
        input_name=head.input_name,
        input_sha256=head.input_sha256,
        input_rows=head.input_rows,
        input_blank_rows=head.input_blank_rows,
        other_columns=head.other_columns,
        operator=story.starts[-1][1].operator if len(story.starts) > 0 else "",
        counts={outcome: counts[outcome] for outcome in Outcome},
        gone_before_us=evidence[Evidence.ANSWERED_404_AFTER_SEEN],
        sources=tuple(_source(source, story) for source in head.sources),
        money=money,
        timing=_timing(story),
        verification=None if story.verified is None else Verification(story.verified[0], story.verified[1].differences),
        notes=head.notes,
        options=head.report,
        ledger_head=ledger.head(run_id),
        rows=rows,
    )


def _source(source: Source, story: RunRecord) -> Source:
    """A source as the plan has it, unless it could not be read just before the releases."""
    why = story.not_checked.get(source.name)
    return source if why is None else Source(source.name, SourceState.NOT_CHECKED, f"just before releasing: {why}")


def _why(story: RunRecord) -> Stopped | None:
    return Stopped.INTERRUPTED if story.ended is None else story.ended[1].why


def _exit_code(counts: Mapping[Outcome, int], story: RunRecord, why: Stopped | None) -> ExitCode:
    """The exit code; an end at which nobody looked back, or found something else than is reported, is not done."""
    code = exit_code(counts, why, sent=any(number.was_sent for number in story.numbers.values()))
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


@dataclass(frozen=True, slots=True)
class _Became:
    """What became of one row."""

    outcome: Outcome
    evidence: str
    decided_at: str
    reason: str
    conflicts: tuple[Conflict, ...]
    answered: Attempt | None = None
    """The last DELETE that got an answer; None where none did."""
    attempts: int = 0
    first_attempt_at: str | None = None


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a run, read anew from the ledger at each pass."""

    ledger: Reader
    story: RunRecord
    head: PlanHead

    def __iter__(self) -> Iterator[AuditRow]:
        renewal_at = renewal_column(self.head.report.billing, self.head.other_columns)
        for line in self.ledger.plan_rows(self.story.run_id):
            planned = row_from_json(line)
            became = self._became(planned)
            yield _row(planned, became, self._billing_stops_on(planned, became, renewal_at))

    def _became(self, planned: PlannedRow) -> _Became:
        """As planned where nothing was to be sent, else what became of the row's number."""
        if planned.decision is Decision.RELEASE and planned.number_id is not None:
            return self._worked_on(planned, self.story.numbers.get(planned.number_id, NumberRecord()))
        planned_at = self.story.planned_at
        if planned.decision is None:
            evidence = stopped(_why(self.story) or Stopped.OUTAGE)
            return _Became(Outcome.NOT_ATTEMPTED, evidence, planned_at, planned.reason, planned.conflicts)
        return _Became(Outcome(planned.decision), planned.evidence, planned_at, planned.reason, planned.conflicts)

    def _worked_on(self, planned: PlannedRow, number: NumberRecord) -> _Became:
        attempts = [event for event in number.events if isinstance(event, Attempt) and event.may_have_left]
        outcome, evidence, decided_at = self._outcome(number)
        return _Became(
            outcome,
            evidence,
            decided_at,
            self._reason(number),
            _conflicts(planned, number),
            answered=next((attempt for attempt in reversed(attempts) if attempt.status is not None), None),
            attempts=len(attempts) + (number.open_intent is not None),
            first_attempt_at=attempts[0].sent_at if len(attempts) > 0 else number.open_intent,
        )

    def _billing_stops_on(self, planned: PlannedRow, became: _Became, renewal_at: int | None) -> str | None:
        if became.outcome is not Outcome.RELEASED:
            return None
        stops = billing_stops_on(
            self.head.report.billing,
            became.decided_at,
            created_at=planned.created_at,
            renewal=None if renewal_at is None else planned.others[renewal_at],
        )
        return None if stops is None else stops.isoformat()

    def _outcome(self, number: NumberRecord) -> tuple[Outcome, str, str]:
        """Outcome, evidence, and when it became known."""
        ended_at = self.story.ended[0] if self.story.ended is not None else self.story.planned_at
        if number.settled is not None and number.settled_at is not None:
            return number.settled.outcome, number.settled.evidence, number.settled_at
        if number.is_open:
            return Outcome.UNKNOWN, Evidence.UNCONFIRMED, number.open_intent or ended_at
        return Outcome.NOT_ATTEMPTED, stopped(_why(self.story) or Stopped.INTERRUPTED), ended_at

    def _reason(self, number: NumberRecord) -> str:
        if number.settled is not None:
            return number.settled.reason
        if number.is_open:
            return "a release was in flight when the run was interrupted: `decom resume` checks its outcome"
        detail = self.story.ended[1].detail if self.story.ended is not None else "the run was interrupted"
        return f"the run stopped before it{': ' + detail if detail != '' else ''}"


def _conflicts(planned: PlannedRow, number: NumberRecord) -> tuple[Conflict, ...]:
    later = number.settled.conflicts if number.settled is not None else ()
    return planned.conflicts + tuple(Conflict(*each) for each in later)


def _row(planned: PlannedRow, became: _Became, billing_stops_on: str | None) -> AuditRow:
    answered = became.answered
    carries = became.outcome in {Outcome.RELEASED, Outcome.UNKNOWN, *STAYING}
    has_cost = carries and cost_of_text(planned.monthly_cost_usd) is not None
    return AuditRow(
        row=planned.row,
        input_value=planned.input_value,
        number_id=planned.number_id,
        phone_number=planned.phone_number,
        outcome=became.outcome,
        evidence=became.evidence,
        reason=became.reason,
        http_status=None if answered is None else answered.status,
        api_message="" if answered is None else answered.message,
        attempts=became.attempts,
        first_attempt_at=became.first_attempt_at,
        decided_at=became.decided_at,
        conflicts=became.conflicts,
        country_code=planned.country_code,
        type=planned.type,
        nickname=planned.nickname,
        monthly_cost_usd=planned.monthly_cost_usd if has_cost else None,
        cost_from=planned.cost_from if has_cost else None,
        billing_stops_on=billing_stops_on,
        others=planned.others,
    )
