"""What holds a number, in words that stay short however much holds it."""

from decom.planning.plan import Conflict, in_words, why_conflicted


def campaigns(count: int) -> list[Conflict]:
    return [Conflict("campaigns", f"cmp_{n}", f"No. {n}", "active") for n in range(count)]


def test_a_few_are_all_named():
    assert in_words(()) == ""
    assert why_conflicted(campaigns(1)) == 'in use by campaign "No. 0" cmp_0 (active)'
    assert in_words(campaigns(3)).count("; ") == 2 and "cmp_2" in in_words(campaigns(3))


def test_of_many_three_are_named_and_the_others_counted():
    named = 'campaign "No. 0" cmp_0 (active); campaign "No. 1" cmp_1 (active); campaign "No. 2" cmp_2 (active)'
    assert why_conflicted(campaigns(1_000)) == f"in use by 1,000 campaigns: {named}; and 997 more"
    assert in_words(campaigns(4)) == f"{named}; and 1 more"
    mixed = [*campaigns(3), Conflict("batch-calls", "bat_1", "", "running")]
    assert why_conflicted(mixed) == f"in use by 4 things: {named}; and 1 more"
