"""A number's own `status` in, what it means for releasing it out.

The documents say `active` and nothing else. Providers have many words for a number that is being taken to another
carrier, was given back, or waits for somebody: whoever has it in hand must be asked first. A word that nobody knows is
taken for one of those.
"""

from decom.dialnexa.models import Number
from decom.planning.plan import NUMBER_STATUS, Conflict

NOBODYS_HAND = frozenset(
    {
        "active", "inactive", "assigned", "unassigned", "available", "in_use", "unused", "idle", "live", "enabled",
        "disabled", "ok", "ready", "verified", "unverified", "owned", "purchased", "provisioned",
    }
)  # fmt: skip
"""Words for a number that the account has for itself, used or not; compared without regard to case, blanks and `-`."""


def unusual(status: str | None) -> str | None:
    """A status in the service's own word, where it is neither `active` nor empty; None where it is."""
    return status if _compared(status) not in ("", "active") else None


def in_other_hands(number: Number | None) -> tuple[Conflict, ...]:
    """The conflict that a number's status is, if it is one; none for a number that is not there."""
    if number is None or not means_other_hands(number.status):
        return ()
    return (Conflict(NUMBER_STATUS, number.id, "", (number.status or "").strip()),)


def means_other_hands(status: str | None) -> bool:
    """Whether a number with this status may be in somebody else's hands."""
    return unusual(status) is not None and _compared(status) not in NOBODYS_HAND


def _compared(status: str | None) -> str:
    return "_".join((status or "").replace("-", " ").replace("_", " ").split()).casefold()
