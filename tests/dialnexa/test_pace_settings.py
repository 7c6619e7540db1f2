"""What the pace may be set to, and how anything else is refused."""

import pytest

from decom.dialnexa.pacing.rate import AUTO, UNLIMITED, Fixed, Pace, Rate, parse_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("auto", AUTO),
        (" Auto ", AUTO),
        ("none", UNLIMITED),
        ("150/60", Fixed(150, 60.0)),
        ("1/0.5", Fixed(1, 0.5)),
        ("10000/86400", Fixed(10_000, 86_400.0)),
    ],
)
def test_a_rate_is_auto_none_or_requests_per_seconds(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        *("", "0/60", "0/0", "150/0", "150", "/60", "150/", "-1/60", "1.5/60", "150/-60", "150/60/1", "1e3/60"),
        *("１/60", "1/86401", "fast", "nan/60", "150/inf", "9999999999/1"),
    ],
)
def test_any_other_rate_is_refused_with_a_sentence_that_repeats_it(text: str) -> None:
    with pytest.raises(ValueError, match="is not a valid rate: ") as caught:
        parse_rate(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("reserve", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_reserve_that_is_no_share_is_refused(reserve: float) -> None:
    with pytest.raises(ValueError, match="a share from 0 to 1"):
        Pace(AUTO, reserve)
