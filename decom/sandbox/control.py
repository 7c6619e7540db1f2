"""The sandbox's own handles: JSON over HTTP in, a changed account or a view of the server's memory out.

    GET  /_sandbox/log?since=SEQ   every request after that one: {"log": […], "peak_in_flight"}
    GET  /_sandbox/world           {"generation", "numbers", "releasable", "held_openly", "held_secretly", "removed"}
    POST /_sandbox/world           {"do": ACTION, …}: see `ACTIONS`
    GET  /_sandbox/faults          {"kinds": {NAME: MEANING}}
    POST /_sandbox/faults          {"seed", "rules": [{"faults": ["drop_after", {"kind", "amount", "text"}], "method",
                                   "path", "ids", "nth", "per_number", "rate"}]}: this plan from now on; no rules: none
    POST /_sandbox/limit           {"rate": "150/60" or "none", "kind", "block_seconds", "per_route", "announced": {…}}

Whatever does not fit is a 400 that says why, and changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from decom.sandbox.account import World
from decom.sandbox.exchange import Service
from decom.sandbox.faults import KINDS, Fault, FaultPlan, Rule
from decom.sandbox.limits import Announcement, Limit

CONTROL = "/_sandbox/"

ACTIONS: Mapping[str, Callable[..., object]] = {
    "start_campaign": World.start_campaign,
    "start_batch_call": World.start_batch_call,
    "change_number": World.change_number,
    "swap": World.swap,
    "shape": World.shape,
    "tell_date": World.tell_date,
    "take_away": World.take_away,
    "reassign": World.reassign,
    "revoke_key": World.revoke_key,
    "refuse": World.refuse,
    "hold_secretly": World.hold_secretly,
}
"""What may be done to the account; the other members of the JSON object are the arguments of these methods."""


class HasFaults(Protocol):
    """Whatever chooses a request's fault."""

    faults: FaultPlan | None


class Control:
    """The control endpoints of one sandbox."""

    def __init__(self, service: Service, front: HasFaults) -> None:
        self.service = service
        self.front = front

    def app(self) -> Starlette:
        routes = [
            Route(f"{CONTROL}log", self.log),
            Route(f"{CONTROL}world", self.world),
            Route(f"{CONTROL}world", self.change_world, methods=["POST"]),
            Route(f"{CONTROL}faults", self.faults),
            Route(f"{CONTROL}faults", self.change_faults, methods=["POST"]),
            Route(f"{CONTROL}limit", self.change_limit, methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={ValueError: refused, TypeError: refused, KeyError: refused})

    async def log(self, request: Request) -> JSONResponse:
        since = int(request.query_params.get("since", "0"))
        memory = self.service.memory
        records = [record.as_json() for record in memory.log[max(0, since) :]]
        return JSONResponse({"log": records, "peak_in_flight": memory.peak_in_flight})

    async def world(self, request: Request) -> JSONResponse:
        world = self.service.world
        return JSONResponse(
            {
                "generation": world.generation,
                "numbers": list(world.numbers.values()),
                "releasable": [row["id"] for row in world.releasable],
                "held_openly": [row["id"] for row in world.held_openly],
                "held_secretly": [row["id"] for row in world.held_secretly],
                "removed": world.removed,
            }
        )

    async def change_world(self, request: Request) -> JSONResponse:
        wanted = await members(request)
        action = wanted.pop("do", None)
        if action not in ACTIONS:
            raise ValueError(f"`do` is one of: {', '.join(ACTIONS)}")
        ACTIONS[action](self.service.world, **wanted)
        return JSONResponse({"done": action})

    async def faults(self, request: Request) -> JSONResponse:
        return JSONResponse({"kinds": dict(KINDS)})

    async def change_faults(self, request: Request) -> JSONResponse:
        self.front.faults = plan_from(await members(request))
        return JSONResponse({"rules": len(self.front.faults.rules)})

    async def change_limit(self, request: Request) -> JSONResponse:
        wanted = await members(request)
        announced = Announcement(**wanted.pop("announced", {}))
        limit = Limit.parse(wanted.pop("rate"))
        if limit is not None:
            limit = replace(limit, announced=announced, **wanted)
        self.service.limiter.change(limit)
        return JSONResponse({"limited": limit is not None})


async def members(request: Request) -> dict[str, Any]:
    """The request's body. Raises ValueError where it is no JSON object."""
    body = await request.json()
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


async def refused(request: Request, error: Exception) -> JSONResponse:
    """Whoever types a control request by hand wants to know what is wrong with it."""
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)


def plan_from(wanted: Mapping[str, Any]) -> FaultPlan:
    """A plan from its JSON form. Raises ValueError or TypeError where it does not fit."""
    rules = []
    for rule in wanted.get("rules", []):
        others = {name: value for name, value in rule.items() if name != "faults"}
        faults = [Fault(**fault) if isinstance(fault, dict) else Fault.parse(fault) for fault in rule["faults"]]
        rules.append(Rule.of(*faults, **others))
    return FaultPlan(tuple(rules), wanted.get("seed", 0))
