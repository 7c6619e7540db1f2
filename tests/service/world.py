"""An account to which everything may happen: the sandbox's own, and whatever changes it behind a client's back.

Every change is one step on plain dictionaries, so that tests may change the account from another thread while
the server answers from it.
"""

from dataclasses import dataclass, field

from decom.sandbox.account import SandboxAccount
from decom.sandbox.made_up import Row
from tests.service.shapes import Shape

MEANS = "sandbox.means"
"""Member of a campaign or a call: the E.164 number that it means, where that is not what it writes."""


def a_number(number_id: str, phone_number: str, **fields: object) -> Row:
    """A number's row with what every number has; `fields` are added as they are."""
    return {"id": number_id, "phone_number": phone_number, "status": "active", **fields}


def as_written(name: str, phone_number: str, written: str | None) -> Row:
    """A member that means `phone_number` and writes `written`; None: the number itself."""
    return {name: phone_number} if written is None else {name: written, MEANS: phone_number}


@dataclass
class World(SandboxAccount):
    """The account of the tests' service."""

    batch_calls_too: bool = False
    """Whether an account of the first generation has batch calls, too. One without `callLogs` shows none."""
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
    revoked: bool = field(default=False, init=False)
    """Whether the key was revoked."""
    removed: dict[str, int] = field(default_factory=dict, init=False)
    """Number ID → `seq` of the request that removed it last. What `take_away` removed is not in it."""
    _still_shown: dict[str, tuple[Row, int]] = field(default_factory=dict, init=False)

    # --- What the API asks ----------------------------------------------------------------------------------

    def listed(self) -> list[Row]:
        if self._listed is None:
            still = (row for row, _ in self._still_shown.values())
            self._listed = [*self.numbers.values(), *still, *self.listed_besides]
        return self._listed

    def seen(self, number_id: str) -> Row | None:
        """A removed one may still show for a while."""
        row = self.numbers.get(number_id)
        return self._read_again(number_id) if row is None and number_id in self._still_shown else row

    def count_listing(self) -> None:
        """One more listing begins: a read of every removed number that still shows."""
        for number_id in list(self._still_shown):
            self._read_again(number_id)

    def _read_again(self, number_id: str) -> Row | None:
        row, reads = self._still_shown.pop(number_id)
        self._listed = None
        if reads == 0:
            return None
        self._still_shown[number_id] = row, reads - 1
        return row

    def meant(self, row: Row, member: str) -> str | None:
        """A row may write its number in any way; the server knows which one it means."""
        if MEANS in row:
            return str(row[MEANS])
        written = row.get(member)
        digits = "".join(sign for sign in written if sign in "0123456789") if isinstance(written, str) else ""
        return f"+{digits}" if digits else None

    # --- What changes the account behind a client's back ----------------------------------------------------

    def start_campaign(
        self, phone_number: str, *, name: str = "Started meanwhile", status: str = "active", written: str | None = None
    ) -> Row:
        """A new campaign of `status` that calls from `phone_number`, which it writes as `written`; None: as it is."""
        number = as_written("from_phone_number", phone_number, written)
        campaign = {"id": f"cmp_meanwhile{len(self.campaigns)}", "name": name, "status": status, **number}
        self.campaigns.append(campaign)
        return campaign

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
        self._still_shown.pop(row["id"], None)
        self.numbers[row["id"]] = row
        self._listed = None

    def keep_showing(self, row: Row, *, reads: int) -> None:
        """A removed number still shows in the next `reads` reads: a GET of it, or a whole listing."""
        self._still_shown[row["id"]] = row, reads
        self._listed = None

    def reassign(self, number_id: str, phone_number: str) -> None:
        """The ID stays and stands for another number from now on."""
        self.change_number(number_id, phone_number=phone_number)

    def change_number(self, number_id: str, **fields: object) -> None:
        """The number's row has these members from now on: another `status`, `nickname` …"""
        self.numbers[number_id] = {**self.numbers[number_id], **fields}
        self._listed = None

    def swap(self, number_id: str) -> None:
        """The number leaves and another arrives at the end of the list, so that there are as many as before."""
        left = self.take_away(number_id)
        self.put_back({**left, "id": f"{number_id}x", "phone_number": f"{left['phone_number']}0"})

    def refuse(self, source: str, status: int) -> None:
        """From now on this source answers so; see `refusals`."""
        self.refusals[source] = status

    def hold_secretly(self, number_id: str, message: str = "The number has an active workflow.") -> None:
        """From now on a DELETE of this number gets a 409 with this message, and no list says why."""
        self.secret_holds[number_id] = message

    def revoke_key(self) -> None:
        """From now on no key is accepted."""
        self.revoked = True
