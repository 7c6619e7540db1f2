"""Whoever asked to be told is told by the command itself: how it began, how it ended."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import ids, input_of
from tests.service.server import Sandbox

Heard = list[tuple[str, bytes]]


@pytest.fixture
def receiver() -> Iterator[tuple[str, Heard]]:
    """A receiver of webhooks and pings on loopback: its address, and what arrived so far."""
    heard: Heard = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard.append((self.path, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_run_pings_its_heartbeat_writes_metrics_and_sends_a_message_that_says_what_to_do(
    decom: Command, sandbox: Sandbox, receiver: tuple[str, Heard]
) -> None:
    address, heard = receiver
    world = sandbox.world
    input_of(decom.folder, [*ids(world.releasable)[:3], ids(world.held_openly)[0]])
    (decom.folder / "job.toml").write_text(
        f"""
        [input]
        path = "numbers.csv"
        [notify]
        urls = ["json://{address}/told"]
        heartbeat = "http://{address}/ping/abc"
        metrics_file = "decom.prom"
        """
    )
    ran = decom("run", "job.toml", "--execute", "--yes")
    assert ran.code == 3, ran.err
    assert heard[0][0] == "/ping/abc/start"
    assert {path for path, _ in heard} >= {"/ping/abc/start", "/told"}
    [told] = [json.loads(body) for path, body in heard if path == "/told"]
    assert "exit 3" in told["title"]
    assert decom.run_folder().name in told["message"]
    assert "decom_" in (decom.folder / "decom.prom").read_text()


def test_nobody_who_cannot_be_told_stops_or_changes_a_run(decom: Command, sandbox: Sandbox) -> None:
    input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    (decom.folder / "job.toml").write_text(
        '[input]\npath = "numbers.csv"\n[notify]\non = "always"\n'
        'urls = ["json://127.0.0.1:9/told"]\nheartbeat = "http://127.0.0.1:9/ping"\n'
    )
    ran = decom("run", "job.toml", "--execute", "--yes")
    assert ran.code == 0, ran.err
    assert len(sandbox.removed) == 3
