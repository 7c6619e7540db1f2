"""A made-up account in memory: what the service would know of it, and do with it."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from typing import Literal, Self, get_args

from decom.sandbox import made_up
from decom.sandbox.made_up import Amounts, Row

Generation = Literal["first", "second"]
"""Which of the service's two sets of documents the account follows."""

KEY = "sandbox:not-a-real-secret"
"""The key of every sandbox, unless another is given."""

OVER = frozenset(("completed", "cancelled", "failed", "deleted"))
"""Statuses of a campaign or batch call that holds no number any more."""

NOT_REFUSED = frozenset(("scheduled", "paused")) | OVER
"""Statuses of a campaign in spite of which the service releases the number. Any other, known or not, is a 409."""


def status_of(row: Row) -> str:
    """The status, however it is written; empty where there is none."""
    return str(row.get("status") or "").strip().lower()


@dataclass
class SandboxAccount:
    """The whole account, with what the API shows of it and what only the server knows."""

    rows: InitVar[Iterable[Row]]
    """The numbers, in the order in which they are listed."""
    generation: Generation = "first"
    key: str = KEY
    """The one key that is accepted."""
    campaigns: list[Row] = field(default_factory=list)
    """First generation: `id`, `name`, `status`, `from_phone_number`."""
    batch_calls: list[Row] = field(default_factory=list)
    """Second generation: `id`, `title`, `status`, `callLogs` with `from_number`."""
    workflows: list[Row] = field(default_factory=list)
    """Second generation: `id`, `name`, `status`."""
    secret_holds: dict[str, str] = field(default_factory=dict)
    """Number ID → the message of the 409 that its DELETE gets; no list shows it."""
    prices: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    numbers: dict[str, Row] = field(default_factory=dict, init=False)
    """Number ID → row: what is on the account now."""
    _listed: list[Row] | None = field(default=None, init=False)

    def __post_init__(self, rows: Iterable[Row]) -> None:
        if self.generation not in get_args(Generation):
            raise ValueError(f"there is no generation {self.generation!r}: first, second")
        self.numbers = {row["id"]: row for row in rows}

    @classmethod
    def made_up(
        cls,
        *,
        seed: int = 1,
        numbers: int = 400,
        generation: Generation = "first",
        held: int = 25,
        secretly_held: int = 5,
    ) -> Self:
        """A pleasant account: the same seed and amounts give the same rows. Only the times of calls follow today.

        Raises ValueError where the amounts do not fit together.
        """
        amounts = Amounts(numbers, held, secretly_held)
        chance = random.Random(seed)  # noqa: S311 - made-up names, no secret
        rows = made_up.numbers(chance, amounts.numbers, datetime(2026, 11, 1, tzinfo=UTC))
        mixed = rows.copy()
        chance.shuffle(mixed)
        open_hold, secret = mixed[:held], mixed[held : held + secretly_held]
        free = mixed[held + secretly_held :]
        account = cls(rows, generation=generation, prices=made_up.prices())
        account.calls = made_up.calls(chance, rows, datetime.now(UTC))
        if generation == "first":
            account.campaigns = made_up.campaigns(chance, open_hold, free)
        else:
            account.batch_calls = made_up.batch_calls(chance, open_hold, free)
            account.workflows = made_up.workflows(chance, max(2, secretly_held - 1))
        account.secret_holds = {row["id"]: made_up.secret_hold(n, generation) for n, row in enumerate(secret)}
        return account

    # --- What the account holds, for whoever makes up an input file -----------------------------------------

    @property
    def held_openly(self) -> list[Row]:
        """Numbers that a campaign or batch call names that is not over, whether or not a DELETE is refused."""
        named = set(self._named())
        return [row for row in list(self.numbers.values()) if row["phone_number"] in named]

    @property
    def held_secretly(self) -> list[Row]:
        """Numbers that only a refused DELETE tells to be held."""
        return [self.numbers[number_id] for number_id in self.secret_holds if number_id in self.numbers]

    @property
    def releasable(self) -> list[Row]:
        """Numbers that nothing holds."""
        held = {row["id"] for row in (*self.held_openly, *self.held_secretly)}
        return [row for row in list(self.numbers.values()) if row["id"] not in held]

    def _named(self) -> Iterator[str | None]:
        for campaign in self.campaigns:
            if status_of(campaign) not in OVER:
                yield self.meant(campaign, "from_phone_number")
        for batch in self.batch_calls:
            if status_of(batch) not in OVER:
                yield from (self.meant(call, "from_number") for call in batch.get("callLogs", ()))

    # --- What the API asks ----------------------------------------------------------------------------------

    def listed(self) -> list[Row]:
        """Every number as a listing shows it, in order; neither list nor rows are to be changed."""
        if self._listed is None:
            self._listed = list(self.numbers.values())
        return self._listed

    def seen(self, number_id: str) -> Row | None:
        """The number as a GET shows it, None where it is not there."""
        return self.numbers.get(number_id)

    def meant(self, row: Row, member: str) -> str | None:
        """The E.164 number that this member of a campaign or a call means; None where it names none."""
        number: str = row[member]
        return number

    def why_held(self, number_id: str) -> str | None:
        """Why a DELETE of this number is refused with 409, None where nothing holds it."""
        if number_id in self.secret_holds:
            return self.secret_holds[number_id]
        phone_number = self.numbers[number_id]["phone_number"]
        for campaign in self.campaigns:
            if self.meant(campaign, "from_phone_number") == phone_number and status_of(campaign) not in NOT_REFUSED:
                name, status = campaign.get("name"), campaign.get("status")
                return f"The number is part of the {status} campaign {name} and must be reconfigured before release."
        return None

    def remove(self, number_id: str) -> None:
        """Release the number. Raises KeyError where it is not on the account."""
        del self.numbers[number_id]
        self._listed = None

    def route_to(self, number_id: str, agent_id: str | None) -> None:
        """Inbound calls go to this agent, or to none. Raises KeyError where the number is not there."""
        row = self.numbers[number_id]
        self.numbers[number_id] = {**row, "agent_id": agent_id, "inbound_agent_id": agent_id}
        self._listed = None
