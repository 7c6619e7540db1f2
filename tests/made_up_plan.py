"""A plan with a row of every kind, and one whose every text tries to take over the terminal."""

from dataclasses import replace

from decom.planning.plan import Conflict, Plan, PlanHead, PlannedRow, Source
from decom.vocabulary import Decision, SourceState
from tests.planning.plans import plan_of

RUN_ID = "20261123T185757Z-1a2b3c"
EVIL = "\x1b]0;owned\x07\x1b[2J\u202eevil\u2066\x00[bold red]x[/]\r\n\ud83d"
HEAD = PlanHead(
    run_id=RUN_ID,
    made_at="2026-11-23T18:57:57.120Z",
    workspace="ws-0123456789ab",
    base_url="https://api.dialnexa.com/v1",
    input_name="numbers.csv",
    input_sha256="0" * 64,
    input_rows=6,
    input_blank_rows=2,
    other_columns=(),
    account_size=400,
    max_release=100,
    max_share=0.5,
    sources=(
        Source("campaigns", SourceState.CHECKED, "14 campaigns, 1 of them not over"),
        Source("workflows", SourceState.NOT_CHECKED, "the key may not read it (403)"),
    ),
    notes=("read as UTF-8",),
    forecast_words="2 numbers to release, about 9 min at 135 per minute",
)
HELD_BY = Conflict("campaigns", "cmp_1", "Spring sale", "active")


def row(number: int, decision: Decision, **more: object) -> PlannedRow:
    usual = {
        "input_value": f"phn_{number}",
        "reason": "a reason",
        "number_id": f"phn_{number}",
        "phone_number": f"+1415555{number:04}",
        "monthly_cost_usd": "1.50",
    }
    return PlannedRow(row=number, decision=decision, **{**usual, **more})  # type: ignore[arg-type]  # by name


PLAN = plan_of(
    HEAD,
    (
        row(2, Decision.RELEASE, nickname="Front desk"),
        row(3, Decision.RELEASE, monthly_cost_usd=None),
        row(4, Decision.CONFLICTED, conflicts=(HELD_BY,)),
        row(5, Decision.MISSING, evidence="earlier_run:20261101T000000Z-000000"),
        row(6, Decision.INVALID, reason="more than one value in this cell", number_id=None, phone_number=None),
        row(7, Decision.DUPLICATE),
    ),
)


def evil_plan() -> Plan:
    conflict = Conflict("campaigns", EVIL, EVIL, EVIL)
    rows = (
        row(2, Decision.RELEASE, nickname=EVIL, phone_number=EVIL),
        row(3, Decision.CONFLICTED, conflicts=(conflict,), phone_number=EVIL),
        row(4, Decision.INVALID, reason=EVIL),
    )
    head = replace(
        HEAD,
        input_name=EVIL,
        sources=(Source(EVIL, SourceState.NOT_CHECKED, EVIL),),
        notes=(EVIL,),
        forecast_words=EVIL,
    )
    return plan_of(head, rows)
