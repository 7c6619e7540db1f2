"""A made-up account in memory: rows in, what the service would know and do out. Imports nothing of the client.

Every change is one step on plain dictionaries, so that tests may change the account from another thread while
the server answers from it.
"""

import random
from collections.abc import Iterable
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

from decom.sandbox import made_up
from decom.sandbox.holding import NOT_REFUSED, OVER, as_written, meant, numbers_of_batch, status_of
from decom.sandbox.made_up import Amounts, Row
from decom.sandbox.shapes import Shape

Generation = Literal["first", "second"]
"""Which of the service's two sets of documents the account follows."""

FROM = "from_phone_number"
"""The member of a campaign that names its number."""

KEY = "sandbox:not-a-real-secret"
"""The key of every sandbox, unless another is given."""


def a_number(number_id: str, phone_number: str, **fields: object) -> Row:
    """A number's row with what every number has; `fields` are added as they are."""
    return {"id": number_id, "phone_number": phone_number, "status": "active", **fields}


@dataclass(slots=True)
class World:
    """The whole account, with what the API shows of it and what only the server knows."""

    rows: InitVar[Iterable[Row]]
    """The numbers, in the order in which they are listed; see `a_number`."""
    generation: Generation = "first"
    key: str = KEY
    """The one key that is accepted, unless it is revoked."""
    campaigns: list[Row] = field(default_factory=list)
    """First generation: `id`, `name`, `status`, `from_phone_number`. Add to it with `start_campaign`."""
    batch_calls: list[Row] = field(default_factory=list)
    """Second generation: `id`, `title`, `status`, `callLogs` with `from_number`. One without `callLogs` shows none."""
    batch_calls_too: bool = False
    """Whether an account of the first generation has batch calls, too."""
    workflows: list[Row] = field(default_factory=list)
    """Second generation: `id`, `name`, `status`."""
    secret_holds: dict[str, str] = field(default_factory=dict)
    """Number ID → the message of the 409 that its DELETE gets; no list shows it."""
    prices: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    """Source → the status (403, 404, 405, 500 …) that it answers instead, as for a key without the right or an
    account without it. Sources: `numbers`, `release`, `update`, `campaigns`, `batch-calls`, `workflows`, `calls`,
    `pricing`."""
    shapes: dict[str, Shape] = field(default_factory=dict)
    """Source → the form in which it answers, where that is not the documented one. Sources as in `refusals`, and
    `batch-call` for what one batch call answers."""
    foreign_ids: set[str] = field(default_factory=set)
    """IDs of another workspace's numbers: 403 to whoever asks."""
    clock_skew: float = 0.0
    """Seconds by which the server's clock, as its headers show it, is ahead of the machine's."""
    tells_date: bool = True
    """Whether answers have a `Date`."""
    listed_besides: list[Row] = field(default_factory=list)
    """Rows that a listing of numbers shows at its end, beside the account's: an ID twice, or one that is malformed."""
    numbers: dict[str, Row] = field(default_factory=dict, init=False)
    """Number ID → row: what is on the account now."""
    revoked: bool = field(default=False, init=False)
    """Whether the key was revoked."""
    removed: dict[str, int] = field(default_factory=dict, init=False)
    """Number ID → `seq` of the request that removed it last. What `take_away` removed is not in it."""
    _listed: list[Row] | None = field(default=None, init=False)
    _campaigns_of: dict[str, list[Row]] = field(default_factory=dict, init=False)
    _shown: dict[str, tuple[Row, int]] = field(default_factory=dict, init=False)

    def __post_init__(self, rows: Iterable[Row]) -> None:
        if self.generation not in get_args(Generation):
            raise ValueError(f"there is no generation {self.generation!r}: first, second")
        self.numbers = {row["id"]: row for row in rows}
        for campaign in self.campaigns:
            self._know(campaign)

    @classmethod
    def made_up(
        cls,
        *,
        seed: int = 1,
        numbers: int = 400,
        generation: Generation = "first",
        held: int = 25,
        secretly_held: int = 5,
    ) -> "World":
        """A pleasant account: the same seed and amounts give the same rows. Only the times of calls follow today.

        Raises ValueError where the amounts do not fit together.
        """
        amounts = Amounts(numbers, held, secretly_held)
        chance = random.Random(seed)  # noqa: S311 - made-up names, no secret
        now = datetime.now(UTC)
        rows = made_up.numbers(chance, amounts.numbers, datetime(2026, 11, 1, tzinfo=UTC))
        mixed = rows.copy()
        chance.shuffle(mixed)
        open_hold, secret = mixed[:held], mixed[held : held + secretly_held]
        free = mixed[held + secretly_held :]
        world = cls(rows, generation=generation, prices=made_up.prices())
        world.calls = made_up.calls(chance, rows, now)
        if generation == "first":
            for campaign in made_up.campaigns(chance, open_hold, free):
                world._add_campaign(campaign)
        else:
            world.batch_calls = made_up.batch_calls(chance, open_hold, free)
            world.workflows = made_up.workflows(chance, max(2, secretly_held - 1))
        world.secret_holds = {row["id"]: made_up.secret_hold(n, generation) for n, row in enumerate(secret)}
        return world

    # --- What the account holds, for whoever builds an input file -------------------------------------------

    @property
    def held_openly(self) -> list[Row]:
        """Numbers that a campaign or batch call names that is not over, whether or not a DELETE is refused."""
        named = {meant(campaign, FROM) for campaign in self.campaigns if status_of(campaign) not in OVER}
        for batch in self.batch_calls:
            if status_of(batch) not in OVER:
                named.update(numbers_of_batch(batch))
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

    # --- What the API asks ----------------------------------------------------------------------------------

    def listed(self) -> list[Row]:
        """Every number as a listing shows it, in order; neither list nor rows are to be changed."""
        if self._listed is None:
            still = (row for row, _ in self._shown.values())
            self._listed = [*self.numbers.values(), *still, *self.listed_besides]
        return self._listed

    def seen(self, number_id: str) -> Row | None:
        """The number as a GET shows it, None where it is not there. A removed one may still show for a while."""
        row = self.numbers.get(number_id)
        return self._still_shown(number_id) if row is None and number_id in self._shown else row

    def count_listing(self) -> None:
        """One more listing begins: a read of every removed number that still shows."""
        for number_id in list(self._shown):
            self._still_shown(number_id)

    def _still_shown(self, number_id: str) -> Row | None:
        row, reads = self._shown.pop(number_id)
        self._listed = None
        if reads == 0:
            return None
        self._shown[number_id] = row, reads - 1
        return row

    def why_held(self, number_id: str) -> str | None:
        """Why a DELETE of this number is refused with 409, None where nothing holds it."""
        if number_id in self.secret_holds:
            return self.secret_holds[number_id]
        for campaign in self._campaigns_of.get(self.numbers[number_id]["phone_number"], ()):
            if status_of(campaign) not in NOT_REFUSED:
                name, status = campaign.get("name"), campaign.get("status")
                return f"The number is part of the {status} campaign {name} and must be reconfigured before release."
        return None

    def remove(self, number_id: str, seq: int) -> None:
        """Release the number for the request `seq`. Raises KeyError where it is not on the account."""
        del self.numbers[number_id]
        self.removed[number_id] = seq
        self._listed = None

    def route_to(self, number_id: str, agent_id: str | None) -> None:
        """Inbound calls go to this agent, or to none. Raises KeyError where the number is not there."""
        row = self.numbers[number_id]
        self.numbers[number_id] = {**row, "agent_id": agent_id, "inbound_agent_id": agent_id}
        self._listed = None

    # --- What changes the account behind a client's back ----------------------------------------------------

    def start_campaign(
        self, phone_number: str, *, name: str = "Started meanwhile", status: str = "active", written: str | None = None
    ) -> Row:
        """A new campaign of `status` that calls from `phone_number`, which it writes as `written`; None: as it is."""
        number = as_written(FROM, phone_number, written)
        campaign = {"id": f"cmp_meanwhile{len(self.campaigns)}", "name": name, "status": status, **number}
        self._add_campaign(campaign)
        return campaign

    def _add_campaign(self, campaign: Row) -> None:
        self.campaigns.append(campaign)
        self._know(campaign)

    def _know(self, campaign: Row) -> None:
        number = meant(campaign, FROM)
        if number is not None:
            self._campaigns_of.setdefault(number, []).append(campaign)

    def start_batch_call(
        self,
        phone_number: str,
        *,
        status: str = "running",
        written: str | None = None,
        before: int = 0,
        other: str = "",
    ) -> Row:
        """A new batch call from `phone_number`, written as in `start_campaign`; `before` calls from `other` come first.

        Pages of calls have 20 rows unless told otherwise: with `before=20` the number stands on the second.
        """
        calls = [{"from_number": other, "to_number": f"+1202555{n:04}"} for n in range(before)]
        calls.append({**as_written("from_number", phone_number, written), "to_number": "+12025559999"})
        name = f"bch_meanwhile{len(self.batch_calls)}"
        batch = {"id": name, "title": "Started meanwhile", "status": status, "callLogs": calls}
        self.batch_calls.append(batch)
        return batch

    def take_away(self, number_id: str) -> Row:
        """Someone else releases the number. Returns its row; raises KeyError where it is not on the account."""
        row = self.numbers.pop(number_id)
        self._listed = None
        return row

    def put_back(self, row: Row) -> None:
        """A number is (again) on the account, at the end of its list."""
        self._shown.pop(row["id"], None)
        self.numbers[row["id"]] = row
        self._listed = None

    def keep_showing(self, row: Row, *, reads: int) -> None:
        """A removed number still shows in the next `reads` reads: a GET of it, or a whole listing."""
        self._shown[row["id"]] = row, reads
        self._listed = None

    def reassign(self, number_id: str, phone_number: str) -> None:
        """The ID stays and stands for another number from now on."""
        self.numbers[number_id] = {**self.numbers[number_id], "phone_number": phone_number}
        self._listed = None

    def change_number(self, number_id: str, **fields: object) -> None:
        """The number's row has these members from now on: another `status`, `nickname` …"""
        self.numbers[number_id] = {**self.numbers[number_id], **fields}
        self._listed = None

    def swap(self, number_id: str) -> None:
        """The number leaves and another arrives at the end of the list, so that there are as many as before."""
        left = self.take_away(number_id)
        self.put_back({**left, "id": f"{number_id}x", "phone_number": f"{left['phone_number']}0"})

    def shape(self, source: str, **wanted: object) -> None:
        """From now on this source answers in this form; the others are the fields of `Shape`."""
        self.shapes[source] = Shape.of(**wanted)

    def tell_date(self, *, told: bool) -> None:
        """Whether answers have a `Date` from now on."""
        self.tells_date = told

    def refuse(self, source: str, status: int) -> None:
        """From now on this source answers so; see `refusals`."""
        self.refusals[source] = status

    def hold_secretly(self, number_id: str, message: str = "The number has an active workflow.") -> None:
        """From now on a DELETE of this number gets a 409 with this message, and no list says why."""
        self.secret_holds[number_id] = message

    def revoke_key(self) -> None:
        """From now on no key is accepted."""
        self.revoked = True
