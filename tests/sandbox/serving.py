"""The shipped sandbox in a process of its own, as `decom sandbox` runs it, and a client that knows nothing but HTTP."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

SERVE = """
import sys
from decom.sandbox.limit import Limit
from decom.sandbox.server import SandboxOptions, serve
options = SandboxOptions(generation=sys.argv[1], limit=Limit.parse(sys.argv[2]), max_seconds=float(sys.argv[3]))
serve(options, lambda base_url, api_key: print(base_url, api_key, flush=True))
"""


@contextmanager
def process(generation: str = "first", rate: str = "none", seconds: float = 60) -> Iterator["subprocess.Popen[str]"]:
    """The sandbox's process, which does not outlive the block; warnings are errors."""
    command = [sys.executable, "-W", "error", "-c", SERVE, generation, rate, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def client_of(running: "subprocess.Popen[str]") -> httpx.Client:
    """A client with the key that the sandbox announced, once it listens."""
    assert running.stdout is not None
    base_url, key = running.stdout.readline().split()
    return httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, verify=False)


@contextmanager
def serving(generation: str = "first", rate: str = "none") -> Iterator[httpx.Client]:
    """A client of a sandbox with the usual account."""
    with process(generation, rate) as running, client_of(running) as http:
        yield http


def path(number_id: str) -> str:
    return f"/organization-phone-numbers/{number_id}"
