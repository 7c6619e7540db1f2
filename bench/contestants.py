"""One contestant's one round. In: its name, the peer's port, how many numbers, how many at once. Out: what it took.

Run as a process: `python -m bench.contestants NAME PORT NUMBERS CONCURRENCY`. The last line of its output is a cost
as JSON. Each must get an answer of 200 for every number, or the round does not count.
"""

import asyncio
import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.children import Cost, measuring, tell
from bench.our_part import Where, carry_out_all, head_for, rows_for
from bench.peer import BASE_PATH, NUMBERS, number_id
from decom.dialnexa.connection import network_transport_maker

PAUSE = 60 / 150
"""Seconds between two requests of the script with a fixed sleep: 150 a minute."""


@dataclass(frozen=True, slots=True)
class Round:
    """What is asked of a contestant."""

    port: int
    numbers: int
    concurrency: int

    @property
    def url(self) -> str:
        """Where the numbers are."""
        return f"http://127.0.0.1:{self.port}{BASE_PATH}{NUMBERS}"


def ours(asked: Round) -> Cost:
    """A whole part of a run: the look just before sending, the releases, the ledger on the disk, the end."""
    where = Where(asked.port, network_transport_maker(), asked.concurrency)
    head, rows = head_for(asked.numbers, where.base_url), rows_for(asked.numbers)
    with temporary_folder() as home, measuring() as cost:
        carry_out_all(head, rows, where, home)
    return cost()


def client_per_worker(asked: Round) -> Cost:
    """A bare httpx loop in which each worker has a client of its own."""
    context = ssl.create_default_context()
    headers = {"Authorization": "Bearer key_1:secret"}
    clients = [httpx.AsyncClient(headers=headers, verify=context, timeout=30) for _ in range(asked.concurrency)]
    return asyncio.run(_loop(asked, clients, asked.concurrency))


def client_per_worker_without_searches(asked: Round) -> Cost:
    """The same, spared the four failing imports of sniffio a request that httpcore makes where it is absent."""
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # Python's own mark for an absent module
    return client_per_worker(asked)


def shared_pool(asked: Round) -> Cost:
    """A bare httpx loop in which all workers share one client."""
    limits = httpx.Limits(max_connections=asked.concurrency, max_keepalive_connections=asked.concurrency)
    headers = {"Authorization": "Bearer key_1:secret"}
    return asyncio.run(_loop(asked, [httpx.AsyncClient(headers=headers, limits=limits, timeout=30)], asked.concurrency))


async def _loop(asked: Round, clients: list[httpx.AsyncClient], workers: int) -> Cost:
    todo = iter(range(asked.numbers))

    async def work(client: httpx.AsyncClient) -> None:
        for at in todo:
            response = await client.delete(f"{asked.url}/{number_id(at)}")
            response.raise_for_status()

    with measuring() as cost:
        await asyncio.gather(*(work(clients[worker % len(clients)]) for worker in range(workers)))
    for client in clients:
        await client.aclose()
    return cost()


def curl(asked: Round) -> Cost:
    """`curl --parallel` over a list of URLs."""
    with temporary_folder() as folder:
        urls = folder / "urls"
        urls.write_text(
            "".join(f'url = "{asked.url}/{number_id(at)}"\noutput = "/dev/null"\n' for at in range(asked.numbers))
        )
        command = [
            "curl",
            "--silent",
            "--http1.1",
            "--request",
            "DELETE",
            "--header",
            "Authorization: Bearer key_1:secret",
        ]
        command += ["--parallel", "--parallel-immediate", "--parallel-max", str(asked.concurrency)]
        command += ["--write-out", "%{http_code}\n", "--config", str(urls)]
        start = time.perf_counter()
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds = time.perf_counter() - start
    _all_done(said.split().count("200"), asked)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, 0.0)


def fixed_sleep(asked: Round) -> Cost:
    """A script of 30 lines that sleeps between two requests."""
    with temporary_folder() as folder:
        ids = folder / "ids"
        ids.write_text("".join(f"{number_id(at)}\n" for at in range(asked.numbers)))
        command = [sys.executable, "-m", "bench.fixed_sleep", asked.url, str(ids), str(PAUSE)]
        start = time.perf_counter()
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds = time.perf_counter() - start
    _all_done(int(said.split()[1].rstrip(",")), asked)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, 0.0)


def raw_sockets(asked: Round) -> Cost:
    """No client at all: bytes made beforehand, and answers counted. What the server can do at most."""
    return asyncio.run(_raw(asked))


class _Raw(asyncio.Protocol):
    """Sends the next request as soon as an answer has come."""

    def __init__(self, todo: Iterator[bytes], answered: Callable[[bytes], None]) -> None:
        self._todo, self._answered = todo, answered
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answered(data)
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        request = next(self._todo, None)
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)


async def _raw(asked: Round) -> Cost:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    path = f"{BASE_PATH}{NUMBERS}"
    head = "Host: 127.0.0.1\r\nAuthorization: Bearer key_1:secret\r\nAccept: application/json\r\n\r\n"
    requests = [f"DELETE {path}/{number_id(at)} HTTP/1.1\r\n{head}".encode() for at in range(asked.numbers)]
    todo, answers = iter(requests), 0

    def answered(data: bytes) -> None:
        nonlocal answers
        assert data.startswith(b"HTTP/1.1 200 ")
        answers += 1
        if answers == asked.numbers:
            over.set_result(None)

    with measuring() as cost:
        for _ in range(asked.concurrency):
            await loop.create_connection(lambda: _Raw(todo, answered), "127.0.0.1", asked.port)
        await over
    return cost()


def _all_done(done: int, asked: Round) -> None:
    if done != asked.numbers:
        raise RuntimeError(f"{done} of {asked.numbers} numbers were released")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="decom-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


CONTESTANTS: dict[str, Callable[[Round], Cost]] = {
    contestant.__name__: contestant
    for contestant in (
        ours,
        client_per_worker,
        client_per_worker_without_searches,
        shared_pool,
        curl,
        fixed_sleep,
        raw_sockets,
    )
}


if __name__ == "__main__":
    tell(CONTESTANTS[sys.argv[1]](Round(*map(int, sys.argv[2:]))))
