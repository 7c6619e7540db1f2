"""A seed in, a pleasant made-up account out: plain rows as the service would answer them.

Phone numbers are valid and, where a country keeps a range for fiction (US, UK, Australia), from that range.
"""

import itertools
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
"""One JSON object as the service writes it; a field may be absent or None."""

ALPHABET = string.ascii_lowercase + string.digits
CITIES = {
    "IN": ("Mumbai", "Pune", "Bengaluru", "Delhi", "Chennai", "Kolkata", "Jaipur", "Kochi", "Lucknow", "Surat"),
    "US": ("Austin", "Boston", "Chicago", "Denver", "Seattle", "Oakland", "Phoenix", "Atlanta"),
    "GB": ("London", "Leeds", "Bristol", "Manchester", "Glasgow", "Cardiff"),
    "AU": ("Sydney", "Perth", "Hobart", "Darwin"),
}
PURPOSES = ("hotline", "support", "sales", "onboarding", "reminders", "collections", "feedback", "night desk")
LABELS = ("Sales", "Support", "Marketing", "Collections", "Claims", "People")
PROVIDERS = {"IN": "plivo", "US": "twilio", "GB": "twilio", "AU": "vonage"}
PRICES = {
    ("IN", "mobile"): "4.50",
    ("IN", "local"): "3.25",
    ("US", "local"): "1.15",
    ("US", "toll_free"): "2.15",
    ("GB", "local"): "1.30",
    ("GB", "toll_free"): "3.00",
    ("AU", "mobile"): "6.60",
    ("AU", "local"): "3.00",
}
CAMPAIGNS = (
    "Diwali offers 2026",
    "Renewal reminders Q4",
    "Policy lapse follow-up",
    "NPS survey October",
    "EMI due this week",
    "Black Friday early access",
    "Welcome calls, new members",
    "Boxing Day returns desk",
    "Monsoon service check",
    "Appointment confirmations",
    "Holi flash sale",
    "KYC documents pending",
    "Win back: lapsed a year",
    "Flu clinic bookings",
)
WORKFLOWS = (
    "Night support triage",
    "Missed-call callback",
    "Lead qualification",
    "Delivery reschedule",
    "Payment promise",
    "Clinic no-show",
    "Refund status",
)
RESTRICTED = ("Board line (restricted)", "VIP desk (restricted)", "Crisis line (restricted)")
"""Campaigns that hold numbers and that no key may list."""
HOLDING_CAMPAIGNS = ("active", "running", "scheduled", "paused")
HOLDING_BATCHES = ("running", "waiting", "scheduled", "paused")
OVER = ("completed", "cancelled")


@dataclass(frozen=True, slots=True)
class Amounts:
    """How large an account to make up."""

    numbers: int = 400
    """Numbers on the account."""
    held: int = 25
    """Of these, numbers that a listed campaign or batch call names."""
    secretly_held: int = 5
    """Of these, numbers that only a refused DELETE tells to be held."""

    def __post_init__(self) -> None:
        if min(self.numbers, self.held, self.secretly_held) < 0 or self.held + self.secretly_held > self.numbers:
            raise ValueError(f"{self}: none may be below 0, and no more can be held than there are numbers")


def an_id(chance: random.Random, prefix: str) -> str:
    """An opaque ID such as `phn_k3v0x9q1t7m2c8ad`."""
    return f"{prefix}_{''.join(chance.choices(ALPHABET, k=16))}"


def phone_numbers(chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """Country, type and E.164 number for ever, none twice; Indian mobiles when all else is used up."""
    small = [
        *(("US", "local", f"+1{area}55501{n:02}") for area in (212, 312, 415, 512, 617, 720) for n in range(100)),
        *(("US", "toll_free", f"+180055501{n:02}") for n in range(100)),
        *(("GB", "local", f"+442079460{n:03}") for n in range(1000)),
        *(("GB", "local", f"+441134960{n:03}") for n in range(1000)),
        *(("GB", "toll_free", f"+448081570{n:03}") for n in range(1000)),
        *(("AU", "mobile", f"+61491570{n:03}") for n in range(1000)),
        *(("AU", "local", f"+61255500{n:03}") for n in range(1000)),
    ]
    chance.shuffle(small)
    start = chance.randrange(10**8)
    for step in itertools.count():
        if small and step % 5 >= 3:
            yield small.pop()
        else:
            # 7 and 10**8 have no common divisor, so a hundred million steps pass before one comes again.
            spread = (start + step * 7_654_321) % 10**8
            yield "IN", "mobile", f"+9198{spread:08}"


def numbers(chance: random.Random, amount: int, now: datetime) -> list[Row]:
    """`amount` numbers, oldest first; here and there a field is null or not there at all, as on a real account."""
    agents = [an_id(chance, "agt") for _ in range(12)]
    rows = []
    moment = now - timedelta(days=900)
    for country, kind, phone_number in itertools.islice(phone_numbers(chance), amount):
        moment += timedelta(minutes=chance.randrange(1, 60 * 24))
        agent = chance.choice(agents) if chance.random() < 0.6 else None
        row: Row = {
            "id": an_id(chance, "phn"),
            "phone_number": phone_number,
            "country_code": country,
            "type": kind,
            "nickname": f"{chance.choice(CITIES[country])} {chance.choice(PURPOSES)}",
            "label": chance.choice(LABELS),
            "agent_id": agent,
            "inbound_agent_id": agent,
            "status": "active",
            "provider": PROVIDERS[country],
            "monthly_cost_usd": PRICES[country, kind],
            "capabilities": ["voice", "sms"] if kind == "mobile" else ["voice"],
            "created_at": stamp(min(moment, now)),
        }
        for field in ("nickname", "label", "monthly_cost_usd", "created_at", "capabilities"):
            luck = chance.random()
            if luck < 0.04:
                del row[field]
            elif luck < 0.09:
                row[field] = None
        rows.append(row)
    return rows


def campaigns(chance: random.Random, held: list[Row], free: list[Row]) -> list[Row]:
    """A campaign for each held number, in every status that may hold it, and some that are over for free ones."""
    over = free[: max(2, len(free) // 20)] if free else []
    pairs = [(row, HOLDING_CAMPAIGNS[n % len(HOLDING_CAMPAIGNS)]) for n, row in enumerate(held)]
    pairs += [(row, OVER[n % len(OVER)]) for n, row in enumerate(over)]
    return [
        {
            "id": an_id(chance, "cmp"),
            "name": title(CAMPAIGNS, n),
            "status": status,
            "from_phone_number": row["phone_number"],
            "agent_id": row.get("agent_id"),
            "created_at": row.get("created_at"),
        }
        for n, (row, status) in enumerate(pairs)
    ]


def batch_calls(chance: random.Random, held: list[Row], free: list[Row]) -> list[Row]:
    """Up to eight batches that share the held numbers, and two that are over; call logs name the numbers."""
    groups = [held[start :: min(8, len(held))] for start in range(min(8, len(held)))]
    pairs = [(group, HOLDING_BATCHES[n % len(HOLDING_BATCHES)]) for n, group in enumerate(groups)]
    pairs += [(free[n::17], status) for n, status in enumerate(OVER) if len(free) > n]
    return [
        {
            "id": an_id(chance, "bch"),
            "title": title(CAMPAIGNS, n),
            "status": status,
            "created_at": group[0].get("created_at"),
            "callLogs": [
                {"from_number": row["phone_number"], "to_number": f"+9197{chance.randrange(10**8):08}"} for row in group
            ],
        }
        for n, (group, status) in enumerate(pairs)
    ]


def workflows(chance: random.Random, amount: int) -> list[Row]:
    """`amount` active workflows, and one in each other status; none of them names a number."""
    statuses = ["active"] * amount + ["draft", "paused", "completed", "cancelled"]
    return [
        {"id": an_id(chance, "wfl"), "name": title(WORKFLOWS, n), "status": status} for n, status in enumerate(statuses)
    ]


def secret_hold(n: int, generation: str) -> str:
    """What a refused DELETE says of the nth (from 0) number of which no list says that it is held."""
    if generation == "first":
        name = title(RESTRICTED, n)
        return f"The number is part of the active campaign {name} and must be reconfigured before release."
    if n == 0:
        return "This is the default number of the workspace. Choose another default before releasing it."
    return f"The number has an active workflow ({title(WORKFLOWS, n - 1)}). Reconfigure it before releasing the number."


def calls(chance: random.Random, rows: list[Row], now: datetime) -> list[Row]:
    """Calls of the last thirty days on every seventh number, newest first; a few within the last hour."""
    made = []
    for n, row in enumerate(rows[::7]):
        minutes = chance.randrange(1, 60) if n % 10 == 0 else chance.randrange(60 * 24, 60 * 24 * 30)
        other = f"+9197{chance.randrange(10**8):08}"
        outward = chance.random() < 0.7
        made.append(
            {
                "id": an_id(chance, "call"),
                "from_number": row["phone_number"] if outward else other,
                "to_number": other if outward else row["phone_number"],
                "call_direction": "outbound" if outward else "inbound",
                "status": chance.choice(("completed", "completed", "no-answer", "failed")),
                "createdAt": stamp(now - timedelta(minutes=minutes)),
                "duration": chance.randrange(0, 400_000),
            }
        )
    return sorted(made, key=lambda call: str(call["createdAt"]), reverse=True)


def prices() -> list[Row]:
    """What a number costs a month by provider, country and type."""
    return [
        {
            "provider": PROVIDERS[country],
            "country_code": country,
            "type": kind,
            "monthly_cost_usd": price,
        }
        for (country, kind), price in PRICES.items()
    ]


def title(names: tuple[str, ...], n: int) -> str:
    """The nth name; after the last one they come again with a number behind."""
    turn, place = divmod(n, len(names))
    return names[place] if turn == 0 else f"{names[place]} ({turn + 1})"


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
