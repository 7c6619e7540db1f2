"""One trouble at a time, and nothing left to chance that matters. In: a small night with it. Out: no promise broken.

The campaign of seeds meets all of them together; here each has a name, and what must come of it.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from decom.planning.guards import Limits
from tests.service.shapes import CALLS, ENVELOPES, Shape
from tests.simulation import cells
from tests.simulation.cells import TRICKS, Row, by_id
from tests.simulation.faults import UNTRUE_SUCCESSES, Faults
from tests.simulation.night import Night, live
from tests.simulation.scenario import BESIDE, KEY, ROBBED, Scenario
from tests.simulation.test_every_kill import night_of
from tests.simulation.voice import COUNTING, ILLS, LATER, Ill
from tests.simulation.world import BATCH_CALLS, CAMPAIGNS, Call, Hold, Workspace

A, B, C = "phn_a", "phn_b", "phn_c"
"""The numbers that an undisturbed night releases."""
RELEASED = {A: "released", B: "released", C: "released"}


def outcomes(night: Night) -> dict[str, str]:
    """The outcome of each number that has one of its own."""
    assert night.case is not None
    return {row.number_id or "": str(row.outcome) for row in night.case.rows if row.outcome != "duplicate"}


def evidence(night: Night) -> dict[str, str]:
    assert night.case is not None
    return {row.number_id or "": row.evidence for row in night.case.rows if row.outcome != "duplicate"}


def without_holds(*strikes: tuple[int, str] | None) -> Scenario:
    night = night_of((), *(strikes or (None,)))
    night.world.holds.clear()
    night.limits = Limits(10, 1.0, 0.9)
    return night


def campaign(world: Workspace, number_id: str, status: str = "scheduled", name: str = "cmp_x", **written: str) -> Hold:
    """A campaign that the service itself would not mind: only who has read of it can keep the number."""
    number = world.numbers[number_id]
    said = written or {"from_phone_number": number}
    return Hold(CAMPAIGNS, name, status, (Call(number, said, readable=True),))


def batch(world: Workspace, *number_ids: str, status: str | None = "running", name: str = "bch_x") -> Hold:
    """A batch call that calls from numbers in this order."""
    calls = [Call(world.numbers[each], {"from_number": world.numbers[each]}, readable=True) for each in number_ids]
    return Hold(BATCH_CALLS, name, status, tuple(calls))


# --- What holds a number ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("envelope", sorted(ENVELOPES))
def test_a_scheduled_campaign_is_read_of_in_every_envelope_from_every_page(envelope: str, memory_path: Path):
    night = without_holds()
    over = [campaign(night.world, "phn_f", "completed", f"cmp_{place}") for place in range(4)]
    night.world.holds += [*over, campaign(night.world, A)]
    for source in ("numbers", CAMPAIGNS):
        night.voice.shapes[source] = Shape(envelope, wrapped=True, most=2, refuse_above=20)
    lived = live(night, memory_path)
    assert lived.broken == []
    assert outcomes(lived) == {
        **RELEASED,
        A: "conflicted",
        "phn_d": "conflicted",
        "phn_e": "released",
        "phn_gone": "missing",
    }


@pytest.mark.parametrize("envelope", [*sorted(ENVELOPES), *CALLS])
def test_a_number_on_the_second_page_of_a_batchs_calls_is_kept(envelope: str, memory_path: Path):
    night = without_holds()
    night.world.generation = 2
    night.world.holds = [batch(night.world, *["phn_f"] * 4, A), batch(night.world, B, status=None, name="bch_y")]
    night.voice.shapes = {"batch-call": Shape(envelope, wrapped=True, most=2), BATCH_CALLS: Shape("list", paged=False)}
    lived = live(night, memory_path)
    assert lived.broken == []
    found = outcomes(lived)
    assert (found[A], found[B], found[C]) == ("conflicted", "conflicted", "released")


@pytest.mark.parametrize("status", ["active", "initiated", "waiting", "draft", "Scheduled", "odd", "", None])
def test_a_batch_call_of_every_open_status_holds_its_number(status: str | None, memory_path: Path):
    night = without_holds()
    night.world.generation = 2
    night.world.holds = [batch(night.world, A, status=status)]
    lived = live(night, memory_path)
    assert (lived.broken, outcomes(lived)[A]) == ([], "conflicted")


@pytest.mark.parametrize("written", ["14155550100", "+1 (415) 555-0100", "1-415-555-0100", "4155550100"])
def test_a_campaign_holds_its_number_in_every_writing(written: str, memory_path: Path):
    night = without_holds()
    apart = {"dial_code": "+1"} if written == "4155550100" else {}
    night.world.holds = [campaign(night.world, A, from_phone_number=written, **apart)]
    lived = live(night, memory_path)
    assert [words for words in lived.broken if not words.startswith("H7: campaigns are called checked")] == []
    assert A not in {each.number_id for each in lived.service.world.removals}


@pytest.mark.parametrize("accepted", [(), (CAMPAIGNS,)], ids=["not accepted", "accepted"])
@pytest.mark.parametrize("kind", sorted(ILLS))
def test_what_a_source_did_say_holds_and_the_rest_must_be_accepted(
    kind: str, accepted: tuple[str, ...], memory_path: Path
):
    """Page 1 names a campaign of one number, page 2 of another, and something is wrong from page 2 on."""
    night = without_holds()
    others = [campaign(night.world, "phn_f", "completed", f"cmp_{place}") for place in range(3)]
    night.world.holds = [campaign(night.world, A), others[0], campaign(night.world, B, name="cmp_y"), *others[1:]]
    night.voice.shapes[CAMPAIGNS] = Shape("data_meta", most=2)
    night.voice.ills[CAMPAIGNS] = Ill(kind, 1 if kind == "repeats" else 2)
    night.accepted = accepted
    lived = live(night, memory_path)
    assert lived.broken == []
    gone = {each.number_id for each in lived.service.world.removals}
    assert A not in gone and (B not in gone or accepted)


@pytest.mark.parametrize("source", ["numbers", CAMPAIGNS])
def test_a_row_that_slips_between_two_pages_of_equal_totals_is_not_overlooked(source: str, memory_path: Path):
    for seed in range(6):
        night = without_holds()
        over = [campaign(night.world, "phn_f", "completed", f"cmp_{place}") for place in range(2)]
        night.world.holds = [*over, campaign(night.world, A)]
        night.voice.shapes[source] = Shape("data_meta", most=2)
        night.faults = Faults(seed, read_kinds=("swap",), read_share=0.5)
        lived = live(replace(night, seed=seed), memory_path / str(seed))
        assert lived.broken == []
        assert A not in {each.number_id for each in lived.service.world.removals if each.by is not None}


def test_a_number_that_is_being_ported_out_is_kept(memory_path: Path):
    night = without_holds()
    night.world.port_out(A, "Port-Out-Pending", since=-1.0)
    lived = live(night, memory_path)
    assert (lived.broken, outcomes(lived)[A]) == ([], "conflicted")


# --- What is answered -------------------------------------------------------------------------------------------


def answered(kind: str, seed: int = 1, *, share: float = 1.0) -> Scenario:
    """A night in which DELETEs are answered so."""
    night = without_holds()
    night.faults = Faults(seed, (kind,), share)
    return night


@pytest.mark.parametrize("kind", UNTRUE_SUCCESSES)
def test_a_success_that_never_comes_true_is_not_called_released(kind: str, memory_path: Path):
    lived = live(answered(kind), memory_path)
    assert lived.broken == []
    assert lived.service.world.removals == []
    assert {outcomes(lived)[each] for each in (A, B, C)} == {"failed"}


def test_what_is_accepted_and_carried_out_later_was_released(memory_path: Path):
    lived = live(answered("202_late"), memory_path)
    assert lived.broken == []
    assert {each: outcomes(lived)[each] for each in RELEASED} == RELEASED


@pytest.mark.parametrize("reads", [(), ("gateway_404",)], ids=["of the release", "of every look as well"])
def test_a_gateways_404_proves_nothing(reads: tuple[str, ...], memory_path: Path):
    for seed in range(6):
        night = answered("gateway_404", seed)
        night.faults.read_kinds, night.faults.read_share = reads, 0.2
        lived = live(night, memory_path / str(seed))
        assert lived.broken == []
        kept = [number_id for number_id in (A, B, C) if number_id in lived.service.world.numbers]
        if lived.case is not None:
            assert all(outcomes(lived)[number_id] not in ("missing", "released") for number_id in kept)


@pytest.mark.parametrize("kind", ["410", "423", "425"])
def test_gone_and_busy_are_words_that_are_looked_into(kind: str, memory_path: Path):
    lived = live(answered(kind, share=0.5), memory_path)
    assert lived.broken == []


@pytest.mark.parametrize("status", [404, 410])
def test_what_somebody_else_took_a_moment_before_is_missing_in_either_word(status: int, memory_path: Path):
    undisturbed = live(without_holds(), memory_path / "undisturbed")
    asked = next(each.seq for each in undisturbed.service.log if each.method == "DELETE" and each.number_id == A)
    night = without_holds()
    night.world.gone_is = status
    night.changes = {asked: ("other", A)}
    lived = live(night, memory_path / "disturbed")
    assert lived.broken == []
    assert (outcomes(lived)[A], evidence(lived)[A]) == ("missing", "answered_404_after_seen")


def test_a_release_that_is_already_in_progress_is_no_conflict(memory_path: Path):
    for seed in range(4):
        night = answered("late_apply", seed, share=0.6)
        night.concurrency = 1
        lived = live(night, memory_path / str(seed))
        assert lived.broken == []
        assert "conflicted" not in {outcomes(lived)[each] for each in (A, B, C)}


def test_a_release_that_takes_longer_than_anyone_waits_is_not_called_failed(memory_path: Path):
    for seed in range(6):
        night = answered("hang_late_apply", seed, share=0.6)
        night.timeout, night.settle = 30.0, 10.0
        lived = live(night, memory_path / str(seed))
        assert lived.broken == []


def test_a_number_that_was_only_told_to_wait_is_not_in_doubt_after_a_kill(memory_path: Path):
    for event in range(30, 80, 5):
        night = answered("429_bare")
        night.strikes, night.pauses = [(event, "kill")], [1.0]
        lived = live(night, memory_path / str(event))
        assert lived.broken == []


@pytest.mark.parametrize("kind", ["coded", "coded_junk"])
def test_a_coded_answer_counts_by_its_status_and_is_no_listing(kind: str, memory_path: Path):
    night = answered(kind)
    night.faults.read_kinds, night.faults.read_share = (kind,), 0.2
    lived = live(night, memory_path)
    assert lived.broken == []


@pytest.mark.parametrize("echo", [KEY, KEY.partition(":")[2]], ids=["the key", "its secret half"])
def test_an_echo_of_the_key_is_kept_nowhere(echo: str, memory_path: Path):
    night = night_of(("422", "403", "500_before"), (40, "kill"))
    night.voice.echo = echo
    assert live(night, memory_path).broken == []


def test_fractions_of_a_second_are_waited_as_well(memory_path: Path):
    for seed in range(4):
        lived = live(answered("429_fraction", seed, share=0.5), memory_path / str(seed))
        assert lived.broken == []


def test_a_number_held_in_a_long_pause_is_looked_at_before_anything_leaves(memory_path: Path):
    for seed in range(4):
        lived = live(replace(answered("429_long", seed, share=0.5), seed=seed), memory_path / str(seed))
        assert lived.broken == []
        assert lived.service.faults.seen["held in a pause"] > 0 or seed > 0


# --- What happens to files, homes and keys ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ROBBED)
def test_whatever_happens_to_its_files_nothing_is_lost_and_no_code_is_untrue(kind: str, memory_path: Path):
    for event in range(25, 75, 7):
        lived = live(without_holds((event, kind), None), memory_path / str(event))
        assert lived.broken == [], f"at event {event}"


@pytest.mark.parametrize("kind", BESIDE)
def test_a_second_command_changes_nothing_for_the_first(kind: str, memory_path: Path):
    lived = live(without_holds((30, kind)), memory_path)
    assert lived.ends[0][1].struck == kind
    assert lived.broken == []
    assert {each: outcomes(lived)[each] for each in RELEASED} == RELEASED


@pytest.mark.parametrize("what", ["restored", "rotated", "other key"])
def test_an_old_ledger_a_new_key_and_a_wrong_one_release_nothing_untold(what: str, memory_path: Path):
    night = without_holds((38, "SIGTERM"), None)
    night.between, night.two_steps = what, what == "restored"
    lived = live(night, memory_path)
    assert lived.service.faults.seen[what] > 0
    assert lived.broken == []


@pytest.mark.parametrize("what", ["same", "foreign", "meanwhile"])
def test_what_was_done_in_another_workspace_is_nothing_to_this_one(what: str, memory_path: Path):
    night = without_holds()
    night.rehearsal, night.two_steps = what, what == "meanwhile"
    lived = live(night, memory_path)
    assert lived.broken == []
    gone = {each.number_id for each in lived.service.world.removals}
    assert gone == (set() if what == "foreign" else {A, B, C, "phn_e"})


@pytest.mark.parametrize("again", ["tampered", "rewritten", "changed"])
def test_what_was_changed_behind_its_back_is_noticed(again: str, memory_path: Path):
    night = without_holds()
    night.world.holds = [campaign(night.world, A)]
    night.two_steps, night.again = again != "changed", again
    assert live(night, memory_path).broken == []


# --- What was listed --------------------------------------------------------------------------------------------


def listed(*rows: Row, region: str | None = None) -> Scenario:
    """A list of one good row and these."""
    night = without_holds()
    night.rows, night.region = [by_id(B), *rows], region
    return night


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__.strip("_"))
def test_a_cell_that_is_easily_misread_costs_no_number(
    trick: Callable[[random.Random], cells.Trick], memory_path: Path
):
    for seed in range(6):
        made = trick(random.Random(seed))
        night = listed(*made.rows, region=made.region)
        night.world.numbers.update({f"phn_t{place}": number for place, number in enumerate(made.numbers)})
        lived = live(night, memory_path / str(seed))
        assert lived.broken == []
        assert B in {each.number_id for each in lived.service.world.removals}


@pytest.mark.parametrize("joint", cells.JOINTS)
def test_two_values_in_a_cell_cost_neither(joint: str, memory_path: Path):
    one, other = "+14155550100", "+14155550102"
    rows = (
        Row("", f"{one}{joint}{other}", readings=frozenset({one, other}), one=False, kind="two numbers"),
        Row(f"{A}{joint}{C}", "", one=False, kind="two IDs"),
    )
    lived = live(listed(*rows), memory_path)
    assert lived.broken == []
    assert {each.number_id for each in lived.service.world.removals} <= {B}


@pytest.mark.parametrize(
    "line", ["+1 (415) 555-0100", "+1.415.555.0100 # front desk", "tel:+1-415-555-0100", "+44 (0)20 7946 0958", A]
)
def test_a_number_is_protected_in_every_writing(line: str, memory_path: Path):
    night = without_holds()
    night.protected, night.protect_lines = (A, "+14155550100"), (line,)
    if "+44" in line:
        night.world.numbers[A] = "+442079460958"
        night.protected = (A,)
    lived = live(night, memory_path)
    assert lived.broken == []
    assert A not in {each.number_id for each in lived.service.world.removals}


@pytest.mark.parametrize("operations", ["column", "only", "ignored"])
def test_a_column_of_operations_is_a_question(operations: str, memory_path: Path):
    night = without_holds()
    night.operations = operations
    night.rows = [by_id(A), replace(by_id(B), operation="Update")]
    lived = live(night, memory_path)
    assert lived.broken == []
    gone = {each.number_id for each in lived.service.world.removals}
    assert gone == {"column": set(), "only": {A}, "ignored": {A, B}}[operations]


def test_every_ill_is_tried_where_it_can_be():
    assert set(LATER) <= set(ILLS) and "data_meta" in COUNTING
