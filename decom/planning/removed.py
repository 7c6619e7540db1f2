"""What earlier runs of a workspace removed: planning reads a list with it, and whoever has the ledger makes it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Removed:
    """A number that an earlier run of this workspace released, or may have."""

    number_id: str
    phone_number: str | None
    """E.164, as the account had it then; None where that is not on record."""
    run_id: str
    """The latest run that did."""
    is_certain: bool = True
    """False where that run never learnt what became of its DELETE."""
    written: tuple[str, ...] = ()
    """The cells by which that run's rows named it."""
