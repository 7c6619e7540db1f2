"""The account as it really is. In: what is asked of it, and when. Out: answers, and the true history of every number.

Nothing here knows a client. Things happen at instants of the virtual clock, also when no client is alive to see them:
a request that was received is carried out although its sender was killed.
"""

import heapq
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.seen import Change, Removal

HOLDING = frozenset({"active", "running"})
"""The statuses of a campaign for which the service refuses a release."""

Json = Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service says when all goes well."""

    status: int
    body: Json | None


def error(status: int, message: str | list[str]) -> Answer:
    """The service's own way of refusing."""
    words = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
    return Answer(status, {"statusCode": status, "message": message, "error": words.get(status, "Error")})


def not_found(number_id: str) -> Answer:
    """The 404 that speaks of the number."""
    return error(404, f"Phone number {number_id} not found")


@dataclass(slots=True)
class Campaign:
    """A campaign (first generation) or batch call (second) that calls from one number."""

    id: str
    status: str
    number: str
    """E.164."""
    silent: bool = False
    """The listing leaves its number out; its own record has it."""


@dataclass(slots=True)
class World:
    """One workspace."""

    generation: int = 1
    page_size: int = 100
    """Rows a page at most, whatever was asked for."""
    numbers: dict[str, str] = field(default_factory=dict)
    """E.164 by ID, in the order of the listing."""
    campaigns: list[Campaign] = field(default_factory=list)
    secretly_held: set[str] = field(default_factory=set)
    """IDs that the service will not release, for a reason that it never shows."""
    key_accepted: bool = True
    may_delete: bool = True
    may_read_holds: bool = True
    removals: list[Removal] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    now: float = 0.0
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: int = 0

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Let something happen at an instant, whoever is alive then."""
        self._order += 1
        heapq.heappush(self._agenda, (when, self._order, action))

    def advance(self, now: float) -> None:
        """Let everything happen that is due, in order."""
        while self._agenda and self._agenda[0][0] <= now:
            self.now, _, action = heapq.heappop(self._agenda)
            action()
        self.now = max(self.now, now)

    def delete(self, number_id: str, by: int | None) -> Answer:
        """Release a number; `by` is the request that asked for it, None for somebody else."""
        if not self.key_accepted:
            return error(401, "Invalid API key")
        if not self.may_delete:
            return error(403, "This key may not release numbers")
        if number_id not in self.numbers:
            return not_found(number_id)
        number = self.numbers[number_id]
        if number_id in self.secretly_held:
            return error(409, "This is the workspace's default number")
        if any(each.number == number and each.status in HOLDING for each in self.campaigns):
            return error(409, "Phone number is part of an active campaign")
        self.remove(number_id, by)
        return Answer(200, {"message": "Phone number released"})

    def remove(self, number_id: str, by: int | None) -> None:
        """Take a number off the account, if it is there."""
        if number_id in self.numbers:
            self.removals.append(Removal(number_id, self.numbers.pop(number_id), self.now, by))

    def start_campaign(self, number_id: str) -> None:
        """From now on a campaign holds the number."""
        if number_id in self.numbers:
            name = f"cmp_late{len(self.campaigns)}"
            self.campaigns.append(Campaign(name, "active", self.numbers[number_id]))
            self.changes.append(Change(number_id, "held", self.now, self.numbers[number_id]))

    def reassign(self, number_id: str) -> None:
        """From now on the ID means another number."""
        if number_id in self.numbers:
            self.numbers[number_id] = "+1999" + self.numbers[number_id][-7:]
            self.changes.append(Change(number_id, "reassigned", self.now, self.numbers[number_id]))

    def read(self, path: str, query: Mapping[str, str], stale: float = 0.0) -> Answer:
        """Answer a GET; `stale`: from a copy that is so many seconds behind in what was removed."""
        if not self.key_accepted:
            return error(401, "Invalid API key")
        what, _, one = path.strip("/").partition("/")
        if what == "organization-phone-numbers":
            shown = self._numbers(stale)
            if one == "":
                return self._page([self._record(*each) for each in shown.items()], query)
            return Answer(200, self._record(one, shown[one])) if one in shown else not_found(one)
        return self._holds(what, one, query)

    def _numbers(self, stale: float) -> dict[str, str]:
        late = [each for each in self.removals if each.at > self.now - stale]
        return {**self.numbers, **{each.number_id: each.phone_number for each in late}} if late else self.numbers

    def _record(self, number_id: str, number: str) -> dict[str, Any]:
        record = {"id": number_id, "phone_number": number, "status": "active", "country_code": "US"}
        return {**record, "monthly_cost_usd": "1.15", "type": "local"} if self.generation == 1 else record

    def _holds(self, what: str, one: str, query: Mapping[str, str]) -> Answer:
        kinds = {1: ("campaigns",), 2: ("batch-calls", "workflows", "phone-number-pricing")}
        if what not in kinds[self.generation]:
            return error(404, f"Cannot GET /v1/{what}")
        if not self.may_read_holds:
            return error(403, "This key may not read that")
        if what == "phone-number-pricing":
            return Answer(200, [{"country_code": "US", "monthly_cost_usd": "1.00"}])
        if what == "workflows":
            return self._page([], query)
        if one != "":
            found = next((each for each in self.campaigns if each.id == one), None)
            return not_found(one) if found is None else Answer(200, self._campaign(found, alone=True))
        wanted = query.get("status", "").split(",") if "status" in query else None
        shown = [each for each in self.campaigns if wanted is None or each.status in wanted or each.status in HOLDING]
        return self._page([self._campaign(each) for each in shown], query)

    def _campaign(self, campaign: Campaign, *, alone: bool = False) -> dict[str, Any]:
        record: dict[str, Any] = {"id": campaign.id, "name": campaign.id, "status": campaign.status}
        if self.generation == 2:
            return {**record, "callLogs": [{"from_number": campaign.number}]} if alone else record
        return record if campaign.silent and not alone else {**record, "from_phone_number": campaign.number}

    def _page(self, rows: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> Answer:
        page, size = int(query.get("page", 1)), min(int(query.get("limit", 20)), self.page_size)
        shift = int(query.get("shift", 0)) if page > 1 else 0
        start = max(0, (page - 1) * size + shift)
        some, total = rows[start : start + size], len(rows) + int(query.get("more", 0))
        if self.generation == 2:
            return Answer(200, {"items": some, "total": total, "page": page, "limit": size})
        meta = {"page": page, "limit": size, "total": total, "totalPages": -(-total // size)}
        return Answer(200, {"data": some, "meta": meta})


def as_bytes(body: Json | None) -> bytes:
    """The body as it goes over the wire."""
    return b"" if body is None else json.dumps(body, separators=(",", ":")).encode("ascii")
