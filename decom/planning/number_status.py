"""A number's own `status` in, what it means for releasing it out.

The documents say `active` and nothing else. Providers have many words for a number that is being taken to another
carrier, was given back, or waits for somebody: whoever has it in hand must be asked first. A word that nobody knows is
taken for one of those.
"""

from decom.dialnexa.models import Number
from decom.planning.plan import Conflict

SOURCE = "number-status"
"""The source of a conflict that a number's own status is."""

NOBODYS_HAND = frozenset(
    {
        "active", "inactive", "assigned", "unassigned", "available", "in_use", "unused", "idle", "live", "enabled",
        "disabled", "ok", "ready", "verified", "unverified", "owned", "purchased", "provisioned",
    }
)  # fmt: skip
"""Words for a number that the account has for itself, used or not; compared without regard to case, blanks and `-`."""


def unusual_status(number: Number) -> str | None:
    """The status in the service's own word, where it is neither `active` nor empty; None where it is."""
    word = _compared(number)
    return number.status if word not in ("", "active") else None


def in_other_hands(number: Number | None) -> tuple[Conflict, ...]:
    """The conflict that a number's status is, if it is one; none for a number that is not there."""
    if number is None or unusual_status(number) is None or _compared(number) in NOBODYS_HAND:
        return ()
    return (Conflict(SOURCE, number.id, "", (number.status or "").strip()),)


def _compared(number: Number) -> str:
    return "_".join((number.status or "").replace("-", " ").replace("_", " ").split()).casefold()
