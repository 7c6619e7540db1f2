"""What may go wrong, and when: a seed and rules in, at most one fault for each request out.

Nothing here touches a socket; `acts` carries faults out.
"""

import math
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.service.gateways import GATEWAYS
from tests.service.request_log import Record
from tests.service.shapes import FAILURES, ODD_ROWS

KINDS: Mapping[str, str] = {
    # Below HTTP
    "drop_before": "The connection is closed without an answer; nothing was applied.",
    "drop_after": "Applied, then the connection is closed without an answer.",
    "reset_before": "As drop_before, with a reset.",
    "reset_after": "As drop_after, with a reset.",
    "hang_before": "No answer until the client leaves, or for AMOUNT seconds (60); nothing was applied.",
    "hang_after": "Applied, then as hang_before.",
    "half_body": "Applied; the body ends in the middle, and so does the connection.",
    "wrong_length": "Applied; Content-Length is wrong by AMOUNT bytes (-5).",
    "drip": "Applied; the body comes a byte at a time, for AMOUNT seconds (60).",
    "drip_headers": "Applied; headers come one by one and never end, for AMOUNT seconds (60).",
    "early_hints": "Applied; a 103, and then the connection ends.",
    "garbage": "Applied; what is answered is not HTTP.",
    "big_body": "Applied; the body has AMOUNT bytes (64 MiB), sent as long as the client reads.",
    "close_race": "Applied and answered; then the connection is closed without having said so.",
    # Another answer, nothing applied
    "401": "The key is refused, this once.",
    "403": "The right is refused.",
    "408": "Request Timeout, and the connection is closed.",
    "422": "A refusal with a list of messages.",
    "429": "Too many requests; Retry-After is TEXT (1), and more than one where TEXT has `|` between them.",
    "429_bare": "Too many requests, without any header.",
    "500_before": "Internal Server Error; nothing was applied.",
    "502_before": "A gateway's page; nothing was applied.",
    "503_before": "A gateway's page with Retry-After: TEXT (1); nothing was applied.",
    "504_before": "A gateway's page; nothing was applied.",
    "status_before": "The status AMOUNT in the service's own shape, with the message TEXT; nothing was applied.",
    "202_before": "Accepted, and never carried out.",
    "207_before": "A multi-status whose body says that it failed; nothing was applied.",
    "says_failed": "A 200 that says that it failed, by TEXT (success): statusCode, success, errors or partial.",
    "gateway_404": "The 404 of the gateway TEXT (kong), see `gateways`; nothing was applied.",
    "html_200": "A sign-in page with status 200; nothing was applied.",
    "html_404": "A gateway's 404 page; nothing was applied.",
    "route_404": "The service's 404 for a route that does not exist; nothing was applied.",
    "redirect_307": "A redirect of status AMOUNT (307) to TEXT (the same place); nothing was applied.",
    # Another answer, applied
    "500_after": "Applied, then Internal Server Error.",
    "502_after": "Applied, then a gateway's page.",
    "503_after": "Applied, then a gateway's page with Retry-After: TEXT (1).",
    "504_after": "Applied, then a gateway's page.",
    "status_after": "Applied, then the status AMOUNT in the service's own shape, with the message TEXT.",
    "html_200_after": "Applied; a page instead of the service's answer, where that is a success.",
    "202": "Applied; a success becomes 202.",
    "206": "Applied; a success becomes 206, and a page has only half of its rows.",
    "204": "Applied; a success becomes 204 without a body.",
    "empty_200": "Applied; a success loses its body.",
    "body": "Applied; the body is TEXT.",
    "not_json": "Applied; the body is said to be JSON and is not.",
    "bad_gzip": "Applied; the body is said to be gzip and is not.",
    "surrogate": "Applied; the message holds half of a surrogate pair.",
    # The account, time and the way
    "late_apply": "The connection is closed without an answer, and AMOUNT seconds (0.3) later it is applied.",
    "gateway_retry": "A gateway hands it on twice, and the client sees the second answer.",
    "stale_read": "Applied; the number still shows in the next AMOUNT reads (1).",
    "reappear": "Applied and answered; then the number is back.",
    "revoke_after": "From the request after the first AMOUNT of all requests (0) on the key is revoked.",
    "page_drift": "From the second page on rows have moved by AMOUNT (1): that many are missed; negative: come again.",
    "swap": "As this is asked for, the row with the ID TEXT (the first) leaves the list; another arrives at its end.",
    "repeat_page": "Whatever page is asked for, none after page AMOUNT (1) is shown.",
    "total_mismatch": "The total that a page names is AMOUNT (1) more than it is.",
    "odd_row": "A page's row AMOUNT (1) is spoilt as TEXT says: no_number, integer_id, no_id, null, text or twice.",
    "latency": "AMOUNT seconds (0.05) pass before it is applied.",
}
"""Every kind of fault and what it does. In capitals: what may be given with it, and (in brackets) what holds otherwise.

"Applied" means: the service did and answered what it had to. A 409 stays one, and only successes are disguised.
"""

TEXTS: Mapping[str, Collection[str]] = {
    "gateway_404": GATEWAYS,
    "says_failed": FAILURES,
    "odd_row": (*ODD_ROWS, "twice"),
}
"""The texts that may be given with a kind, where not any may."""

NEEDS_AMOUNT = frozenset(("status_before", "status_after"))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. Raises ValueError where there is no such kind or the amount is no number."""

    kind: str
    """A key of `KINDS`."""
    amount: float | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; there are: {', '.join(KINDS)}")
        if self.kind in NEEDS_AMOUNT and self.amount is None:
            raise ValueError(f"{self.kind} needs an amount, such as {self.kind}:410")
        if self.text is not None and self.text not in TEXTS.get(self.kind, (self.text,)):
            raise ValueError(f"{self.kind}: {self.text!r} is none of {', '.join(TEXTS[self.kind])}")
        if self.amount is not None and not math.isfinite(self.amount):
            raise ValueError(f"{self.kind}: {self.amount} is no amount")

    def amount_or(self, otherwise: float) -> float:
        """The amount, or what holds without one."""
        return otherwise if self.amount is None else self.amount

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """`drop_after`, or with an amount `late_apply:0.5`. Raises ValueError where it is neither."""
        kind, colon, amount = text.partition(":")
        try:
            return cls(kind, float(amount) if colon else None)
        except ValueError as error:
            raise ValueError(f"{text!r} is no fault: {error}") from error


@dataclass(frozen=True, slots=True)
class Rule:
    """Which requests a fault strikes: all conditions must fit. `Rule.of` writes it more shortly."""

    faults: tuple[Fault, ...]
    """One of them, chosen by the plan's seed."""
    method: str | None = "DELETE"
    """None: any."""
    path: str = ""
    """A part of the target, such as `/campaigns`."""
    ids: frozenset[str] | None = None
    """Numbers' IDs; None: any number, or none."""
    nth: frozenset[int] | None = None
    """Counted from 1 over the requests that method, path and IDs let through; None: each of them."""
    per_number: bool = False
    """Count `nth` for each target apart: 1 is then the first attempt at each number."""
    rate: float = 1.0
    """The share (0 … 1) of what the other conditions let through."""

    def __post_init__(self) -> None:
        if not self.faults:
            raise ValueError("a rule needs at least one fault")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"rate {self.rate} is no share between 0 and 1")

    @classmethod
    def of(
        cls,
        *faults: str | Fault,
        nth: int | Iterable[int] | None = None,
        ids: Iterable[str] | None = None,
        **others: Any,
    ) -> "Rule":
        """`Rule.of("drop_after", nth=3)`; `others` are `method`, `path`, `per_number` and `rate`."""
        return cls(
            tuple(Fault.parse(fault) if isinstance(fault, str) else fault for fault in faults),
            ids=None if ids is None else frozenset(ids),
            nth=None if nth is None else frozenset((nth,) if isinstance(nth, int) else nth),
            **others,
        )

    def lets_through(self, record: Record) -> bool:
        """Whether method, path and ID fit."""
        return (
            (self.method is None or record.method == self.method)
            and self.path in record.target
            and (self.ids is None or record.number_id in self.ids)
        )


@dataclass(slots=True)
class FaultPlan:
    """Rules, asked in their order; the first that fits strikes.

    What is left to chance depends only on the seed, the target and how often that target was asked for, so that
    the order in which concurrent requests arrive changes nothing.
    """

    rules: tuple[Rule, ...] = ()
    seed: int = 0
    _seen: Counter[tuple[int, str]] = field(default_factory=Counter, init=False)

    @classmethod
    def sometimes(cls, rate: float, *faults: str | Fault, seed: int = 0, method: str | None = "DELETE") -> "FaultPlan":
        """A share of all requests with this method meets one of these faults."""
        return cls((Rule.of(*faults, rate=rate, method=method),), seed)

    def choose(self, record: Record) -> Fault | None:
        """The fault that this request meets, None where all goes well. To be asked once for each request."""
        chosen = None
        for place, rule in enumerate(self.rules):
            if not rule.lets_through(record):
                continue
            target = f"{record.method} {record.target}"
            self._seen[place, ""] += 1
            self._seen[place, target] += 1
            turn = self._seen[place, target]
            count = turn if rule.per_number else self._seen[place, ""]
            if chosen is not None or (rule.nth is not None and count not in rule.nth):
                continue
            chance = random.Random(f"{self.seed} {place} {target} {turn}")
            if rule.rate == 1 or chance.random() < rule.rate:
                chosen = chance.choice(rule.faults)
        return chosen
