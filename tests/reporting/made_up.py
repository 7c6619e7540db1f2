"""Made-up audits for the tests: consistent as the ledger's own are, and as nasty as asked for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from decom.planning.plan import Billing, Conflict, ReportOptions, Source
from decom.reporting.interface import Audit, Timing, Verification
from decom.reporting.statement import total
from decom.vocabulary import Outcome, SourceState, Stopped
from tests.reporting.oracle.interface import AuditRow
from tests.reporting.rows import frames_of

RUN_ID = "20261123T185757Z-1a2b3c"

OTHER_COLUMNS = ("Cost Centre", "Renewal", "input.outcome", "remark")

DIWALI = Conflict("campaigns", "cmp_71", "Diwali reminder", "active")
NIGHT = Conflict("batch-calls", "bat_9", "", "running")

NASTY = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "  \u200b=1",
    '"=1+1"',
    "x;=1+1",
    "a\n@b",
    "<script>alert(1)</script>",
    "</style><b>",
    "<r><t>rich</t></r>",
    "_x0041_",
    "{{ 7 * 7 }}",
    "\x1b[31mred\x07",
    "nul\x00nul",
    "\u202egnp.exe",
    "lone \ud83d",
    "\ufffe\uffff",
    "हिन्दी नाम",
    "a,b;c|d",
    "\"quoted\" 'cell'",
    "http://example.com/x",
    "  blanks  ",
    "C\\D",
    "x" * 1_000,
)
"""Texts that have broken reports."""

_EVIDENCE = {
    Outcome.RELEASED: "answered_2xx",
    Outcome.MISSING: "plan",
    Outcome.CONFLICTED: "plan",
    Outcome.FAILED: "answered_4xx",
    Outcome.UNKNOWN: "unconfirmed",
    Outcome.NOT_ATTEMPTED: "stopped:sigterm",
    Outcome.PROTECTED: "plan",
    Outcome.INVALID: "plan",
    Outcome.DUPLICATE: "plan",
    Outcome.NOT_SELECTED: "plan",
}

_REASON = {
    Outcome.RELEASED: "the service confirmed the release",
    Outcome.MISSING: "not on the account",
    Outcome.CONFLICTED: "an active campaign uses this number",
    Outcome.FAILED: "the service refused: number is being ported",
    Outcome.UNKNOWN: "a request left and no answer came; the account could not be asked since",
    Outcome.NOT_ATTEMPTED: "the run was stopped before this row",
    Outcome.PROTECTED: "protect rule 3 names it: head office",
    Outcome.INVALID: "this cell is neither an ID nor a number",
    Outcome.DUPLICATE: "the same number as row 2",
    Outcome.NOT_SELECTED: "left out by --exclude phn_1",
}

_SENT = frozenset({Outcome.RELEASED, Outcome.FAILED, Outcome.UNKNOWN})

_NO_NUMBER = frozenset({Outcome.INVALID, Outcome.MISSING})


def made_up_row(row: int, outcome: Outcome) -> AuditRow:
    """One row as the ledger would give it; the same for the same arguments."""
    sent = outcome in _SENT
    known = outcome not in _NO_NUMBER
    minute, second = row // 60 % 60, row % 60
    is_without_cost = not known or row % 13 == 0 or outcome in (Outcome.DUPLICATE, Outcome.NOT_SELECTED)
    cost = None if is_without_cost else f"{1 + row % 7}.{row % 4 * 25:02d}"
    return AuditRow(
        row=row,
        input_value=f"phn_{row:06d}" if row % 2 == 0 else f"+91980{row:07d}",
        number_id=None if outcome is Outcome.INVALID else f"phn_{row:06d}",
        phone_number=f"+91980{row:07d}" if known else None,
        outcome=outcome,
        evidence=_EVIDENCE[outcome],
        reason=_REASON[outcome],
        http_status=200 if outcome is Outcome.RELEASED else 422 if outcome is Outcome.FAILED else None,
        api_message="Phone number released successfully" if outcome is Outcome.RELEASED else "",
        attempts=1 + row % 2 if sent else 0,
        first_attempt_at=f"2026-11-23T19:{minute:02d}:{second:02d}.250Z" if sent else None,
        decided_at=f"2026-11-23T19:{minute:02d}:{second:02d}.900Z" if sent else "2026-11-23T18:57:57.120Z",
        conflicts=(DIWALI, NIGHT)[: 1 + row % 2] if outcome is Outcome.CONFLICTED else (),
        country_code="IN" if known else None,
        type="local" if known else None,
        nickname=f"Line {row}" if known else None,
        monthly_cost_usd=cost,
        cost_from=None if cost is None else "price_list" if row % 5 == 0 else "number",
        billing_stops_on=f"202{6 + row % 2}-12-01" if outcome is Outcome.RELEASED and row % 11 != 0 else None,
        others=(("Sales", "Support", "Field")[row % 3], "2026-12-01", "old", f"remark {row}"),
    )


def mixed_rows(count: int) -> list[AuditRow]:
    """`count` rows, most of them released, every outcome among the first nine."""
    order = [*Outcome, *[Outcome.RELEASED] * 11]
    return [made_up_row(2 + at, order[at % len(order)]) for at in range(count)]


def nasty_rows() -> list[AuditRow]:
    """Two rows for each of `NASTY`, with that text in every field that may hold any text."""
    rows = []
    for at, text in enumerate(NASTY):
        for step, outcome in enumerate((Outcome.CONFLICTED, Outcome.FAILED)):
            row = made_up_row(2 + 2 * at + step, outcome)
            rows.append(with_text(row, text))
    return rows


def with_text(row: AuditRow, text: str) -> AuditRow:
    """`row` with `text` in every field that may hold any text."""
    return replace(
        row,
        input_value=text,
        reason=text,
        api_message=text,
        country_code=text,
        type=text,
        nickname=text,
        phone_number=text,
        others=tuple(text for _ in row.others),
        conflicts=tuple(Conflict("campaigns", text, text, text) for _ in row.conflicts),
    )


def made_up_audit(rows: Sequence[AuditRow], *, other_columns: Sequence[str] = OTHER_COLUMNS) -> Audit:
    """The audit of a run with these rows; counts and money are theirs."""
    counts = Counter(row.outcome for row in rows)
    frame, others = frames_of(rows, RUN_ID, len(other_columns))
    return Audit(
        run_id=RUN_ID,
        status="stopped",
        why=Stopped.SIGTERM,
        exit_code=143,
        workspace="api.dialnexa.com/key_8f2a",
        base_url="https://api.dialnexa.com/v1",
        input_name="clean-up november.csv",
        input_sha256="ab" * 32,
        input_rows=sum(counts.values()),
        input_blank_rows=3,
        other_columns=tuple(other_columns),
        operator="asha@ops-1",
        counts={outcome: counts[outcome] for outcome in Outcome},
        gone_before_us=0,
        sources=(
            Source("campaigns", SourceState.CHECKED, "14 campaigns, 2 of them holding"),
            Source("batch-calls", SourceState.CHECKED, "3 batch calls, 1 of them holding"),
            Source("workflows", SourceState.NOT_CHECKED, "the service names no number in a workflow"),
        ),
        money=total(frame),
        timing=Timing(
            planned_at="2026-11-23T18:57:57.120Z",
            released_from="2026-11-23T19:00:00.000Z",
            released_to="2026-11-23T19:09:12.480Z",
            verified_at="2026-11-23T19:12:00.000Z",
            parts=2,
        ),
        verification=Verification("2026-11-23T19:12:00.000Z", ("phn_000002 is back on the account",)),
        notes=("read as CSV, UTF-8, column `Number`", "the clock of this machine is 2 s ahead"),
        options=ReportOptions(billing=Billing(cycle="calendar", day=1)),
        ledger_head="cd" * 32,
        rows=frame,
        others=others,
    )


def nasty_audit() -> Audit:
    """An audit in which whatever people or the service can write is as nasty as it gets."""
    text = NASTY[0]
    audit = made_up_audit(nasty_rows(), other_columns=("=cmd", "+plus", "<b>", "\ud83d"))
    return replace(
        audit,
        workspace=text,
        input_name="</script>\u202e.csv",
        operator="=1+1",
        notes=NASTY,
        sources=tuple(Source(text, SourceState.NOT_CHECKED, text) for text in NASTY),
        verification=Verification("2026-11-23T19:12:00.000Z", NASTY),
    )
