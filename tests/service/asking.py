"""For the tests of this folder: a small account, and a client that knows nothing but HTTP."""

import time
from collections.abc import Callable

import httpx

from tests.service.server import Sandbox
from tests.service.world import World, a_number

PATIENCE = 5.0
"""Seconds within which whatever a test waits for must have happened."""


def three_numbers(**others):
    """An account of `phn_1`, `phn_2` and `phn_3`."""
    return World([a_number(f"phn_{n}", f"+91980000000{n}") for n in (1, 2, 3)], **others)


def client(sandbox: Sandbox, *, timeout: float = PATIENCE) -> httpx.Client:
    """A client with the sandbox's key, which follows nothing and tries nothing twice."""
    return httpx.Client(
        base_url=sandbox.base_url,
        headers={"Authorization": f"Bearer {sandbox.api_key}"},
        timeout=timeout,
        trust_env=False,
        verify=False,
    )


def path(number_id: str) -> str:
    return f"/organization-phone-numbers/{number_id}"


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true in time; for what the server's thread does after it has answered."""
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True
