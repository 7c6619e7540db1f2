"""What holds a number, in words that stay short however much holds it."""

from decom.planning.plan import Conflict, held_by, in_words


def campaigns(count: int) -> list[Conflict]:
    return [Conflict("campaigns", f"cmp_{n}", f"No. {n}", "active") for n in range(count)]


def test_a_few_are_all_named():
    assert in_words(()) == ""
    assert held_by(campaigns(1)) == 'held by campaign "No. 0" cmp_0 (active)'
    assert in_words(campaigns(3)).count("; ") == 2 and "cmp_2" in in_words(campaigns(3))


def test_of_many_three_are_named_and_the_others_counted():
    named = 'campaign "No. 0" cmp_0 (active); campaign "No. 1" cmp_1 (active); campaign "No. 2" cmp_2 (active)'
    assert held_by(campaigns(1_000)) == f"held by 1,000 campaigns: {named}; and 997 more"
    assert in_words(campaigns(4)) == f"{named}; and 1 more"
    mixed = [*campaigns(3), Conflict("batch-calls", "bat_1", "", "running")]
    assert held_by(mixed) == f"held by 4 things: {named}; and 1 more"
