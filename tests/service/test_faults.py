"""Which request meets a fault: by count, by number, by path, by a seed, and never twice differently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.request_log import Record


def asked(method, target):
    number_id = target.rpartition("/")[2] if target.startswith("/numbers/") else None
    return Record(
        seq=1,
        nth=1,
        arrived=0.0,
        method=method,
        target=target,
        number_id=number_id,
        in_flight=1,
    )


def kinds(plan, *requests):
    faults = [plan.choose(asked(*request.split(" "))) for request in requests]
    return [None if fault is None else fault.kind for fault in faults]


def test_the_kth_delete_is_struck_and_other_methods_do_not_count():
    plan = FaultPlan((Rule.of("drop_after", nth=2),))
    requests = ("DELETE /numbers/a", "GET /numbers/a", "DELETE /numbers/b", "DELETE /numbers/c")
    assert kinds(plan, *requests) == [None, None, "drop_after", None]


def test_counted_per_number_each_first_attempt_is_struck():
    plan = FaultPlan((Rule.of("drop_after", nth=1, per_number=True),))
    requests = ("DELETE /numbers/a", "DELETE /numbers/a", "DELETE /numbers/b", "DELETE /numbers/b")
    assert kinds(plan, *requests) == ["drop_after", None, "drop_after", None]


def test_ids_and_paths_and_methods_narrow_a_rule():
    plan = FaultPlan(
        (
            Rule.of("403", ids=["a"]),
            Rule.of("route_404", method="GET", path="/campaigns"),
            Rule.of("latency", method=None, path="slow"),
        )
    )
    requests = ("DELETE /numbers/b", "DELETE /numbers/a", "GET /campaigns?page=2", "GET /numbers", "PATCH /slow")
    assert kinds(plan, *requests) == [None, "403", "route_404", None, "latency"]


def test_the_first_rule_that_fits_wins_and_the_others_still_count():
    plan = FaultPlan((Rule.of("401", nth=1), Rule.of("403", nth=[1, 2])))
    assert kinds(plan, *["DELETE /numbers/a"] * 3) == ["401", "403", None]


@given(seed=st.integers(), order=st.permutations([f"DELETE /numbers/{n}" for n in range(30)] * 2))
def test_chance_depends_on_the_seed_and_not_on_the_order_of_arrival(seed, order):
    def struck(requests):
        plan = FaultPlan.sometimes(0.5, "drop_after", "drop_before", "500_after", seed=seed)
        found: dict[str, list[str | None]] = {}
        for request in requests:
            found.setdefault(request, []).append(kinds(plan, request)[0])
        return found

    assert struck(order) == struck(sorted(order))


@pytest.mark.parametrize(("rate", "expected"), [(0.0, None), (1.0, "401")])
def test_never_and_always_mean_it(rate, expected):
    requests = [f"DELETE /numbers/{n}" for n in range(200)]
    assert set(kinds(FaultPlan.sometimes(rate, "401"), *requests)) == {expected}


@pytest.mark.parametrize(
    ("text", "fault"),
    [("drop_after", Fault("drop_after")), ("late_apply:0.5", Fault("late_apply", 0.5)), ("401", Fault("401"))],
)
def test_a_fault_is_read_from_text(text, fault):
    assert Fault.parse(text) == fault


@pytest.mark.parametrize("text", ["", "dropafter", "drop_after:", "drop_after:soon", "latency:nan", "latency:inf"])
def test_what_is_no_fault_is_refused_and_named(text):
    with pytest.raises(ValueError, match="is no fault") as caught:
        Fault.parse(text)
    assert repr(text) in str(caught.value)


def test_a_status_must_be_said():
    with pytest.raises(ValueError, match="status_after needs an amount"):
        Fault("status_after")


@pytest.mark.parametrize("wrong", [{"rate": 1.1}, {"rate": -0.1}])
def test_a_rate_that_is_no_share_is_refused(wrong):
    with pytest.raises(ValueError, match="no share"):
        Rule.of("401", **wrong)
