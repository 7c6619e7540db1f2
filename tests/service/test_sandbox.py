"""The tests' service itself: it starts and stops at once, remembers everything, strikes at an exact phase."""

import itertools
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.service.asking import PATIENCE, client, eventually, path, three_numbers
from tests.service.faults import Rule
from tests.service.hooks import kill, when
from tests.service.limits import ANNOUNCING, SILENT, Announced, FromFirst
from tests.service.server import Sandbox

NUMBERS = "/organization-phone-numbers"


def asking_raw(sandbox: Sandbox, data: bytes) -> bytes:
    """The beginning of what is answered to these bytes."""
    host, port = sandbox.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as raw:
        raw.sendall(data)
        return raw.recv(100)


# --- Start and stop --------------------------------------------------------------------------------------------


def test_a_sandbox_starts_and_stops_quickly_and_leaves_nothing_behind():
    before, took = threading.active_count(), []
    for _ in range(10):
        began = time.perf_counter()
        with Sandbox(three_numbers()) as sandbox:
            pass
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1  # not all of them: the machine may have something else to do
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.base_url, trust_env=False)
    assert threading.active_count() == before


def test_a_sandbox_stops_at_once_and_silently_though_clients_stay_hang_and_drip(caplog):
    plan = [Rule.of("hang_after", ids=["phn_1"]), Rule.of("latency:60", ids=["phn_2"]), Rule.of("drip", ids=["phn_3"])]

    def ask(http, number_id):
        with pytest.raises(httpx.HTTPError):
            http.delete(path(number_id))

    with ThreadPoolExecutor() as pool, Sandbox(three_numbers(), faults=plan) as sandbox, client(sandbox) as http:
        waiting = [pool.submit(ask, http, number_id) for number_id in ("phn_1", "phn_2", "phn_3")]
        assert eventually(lambda: len(sandbox.log) == 3)
        began = time.perf_counter()
        sandbox.stop()
        assert time.perf_counter() - began < 20  # what is not cut off goes on for a minute
        for future in waiting:
            future.result(PATIENCE)
    assert caplog.records == []


# --- What it remembers -----------------------------------------------------------------------------------------


def test_the_target_is_logged_byte_for_byte_as_it_was_sent_and_what_is_no_request_is_not():
    target = "/v1/organization-phone-numbers/../%70hn_1//x%2Fy?a=%20&b"
    with Sandbox(three_numbers()) as sandbox:
        key = f"authorization: Bearer {sandbox.api_key}"
        assert asking_raw(sandbox, b"\x00\x01\x02 nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        answer = asking_raw(sandbox, f"DELETE {target} HTTP/1.1\r\nhost: x\r\n{key}\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert [record.target for record in sandbox.log] == [target]
        assert sandbox.removed == {}


def test_requests_are_numbered_in_order_and_per_method_with_what_they_changed():
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        http.get(path("phn_1"))
        http.delete(path("phn_1"))
        http.get(path("phn_1"))
        http.patch(path("phn_2"), json={"agent_id": None})
    log = sandbox.log
    assert [(record.seq, record.method, record.nth, record.status, record.applied) for record in log] == [
        (1, "GET", 1, 200, False),
        (2, "DELETE", 1, 200, True),
        (3, "GET", 2, 404, False),
        (4, "PATCH", 1, 200, True),
    ]
    assert sandbox.removed == {"phn_1": 2}
    assert all(later.arrived >= earlier.arrived for earlier, later in itertools.pairwise(log))
    assert all(record.answered is not None and record.answered >= record.arrived for record in log)


def test_the_most_requests_at_once_are_remembered():
    plan = [Rule.of("latency:0.2")]
    with Sandbox(three_numbers(), faults=plan) as sandbox, client(sandbox) as http, ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: http.delete(path(f"phn_{n}")), (1, 2, 3)))
        assert sandbox.peak_in_flight == 3
        assert sorted(record.in_flight for record in sandbox.log) == [1, 2, 3]
        http.get(path("phn_1"))
        assert (sandbox.log[-1].in_flight, sandbox.peak_in_flight) == (1, 3)


# --- What the account is told to do ----------------------------------------------------------------------------


def test_what_happens_behind_a_clients_back_shows_at_once():
    with Sandbox(three_numbers(foreign_ids={"phn_9"})) as sandbox, client(sandbox) as http:
        http.get(NUMBERS)
        sandbox.world.reassign("phn_1", "+919800000099")
        sandbox.world.take_away("phn_2")
        rows = http.get(NUMBERS).json()["data"]
        assert [(row["id"], row["phone_number"]) for row in rows] == [
            ("phn_1", "+919800000099"),
            ("phn_3", "+919800000003"),
        ]
        assert http.delete(path("phn_9")).status_code == 403
        sandbox.world.hold_secretly("phn_3", "it is the default number")
        assert http.delete(path("phn_3")).json()["message"] == "it is the default number"
        sandbox.world.revoke_key()
        assert http.get(NUMBERS).status_code == 401
        assert sandbox.removed == {}


@pytest.mark.parametrize("status", [403, 404, 405, 500])
@pytest.mark.parametrize(
    ("generation", "source", "method", "place"),
    [
        ("first", "numbers", "GET", path("phn_1")),
        ("first", "release", "DELETE", path("phn_1")),
        ("first", "update", "PATCH", path("phn_1")),
        ("first", "campaigns", "GET", "/campaigns"),
        ("second", "batch-calls", "GET", "/batch-calls"),
        ("second", "workflows", "GET", "/workflows"),
        ("second", "calls", "GET", "/calls"),
        ("second", "pricing", "GET", "/phone-number-pricing"),
    ],
)
def test_each_source_can_be_refused_by_itself(status, generation, source, method, place):
    world = three_numbers(generation=generation, refusals={source: status})
    with Sandbox(world) as sandbox, client(sandbox) as http:
        assert http.request(method, place).status_code == status
        assert http.get(NUMBERS).status_code == (status if source == "numbers" else 200)
        assert http.delete(path("phn_1")).status_code == (status if source == "release" else 200)


@pytest.mark.parametrize("style", [*ANNOUNCING, *SILENT])
def test_a_limit_is_kept_and_announced_in_any_style(style):
    limit = Announced(FromFirst(2, 60), {**ANNOUNCING, **SILENT}[style])
    with Sandbox(three_numbers(), throttle=limit.throttle) as sandbox, client(sandbox) as http:
        answers = [http.delete(path(f"phn_{n}")) for n in (1, 2, 3)]
        assert set(sandbox.removed) == {"phn_1", "phn_2"}
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    suffix = "-short" if style == "with a name behind" else ""
    told = [answer.headers.get(f"x-ratelimit-remaining{suffix}") for answer in answers]
    assert told == (["1", "0", "0"] if style in ANNOUNCING else [None] * 3)
    assert (f"retry-after{suffix}" in answers[2].headers) is (style != "nothing at all")


def test_every_answer_has_the_servers_own_date_unless_it_tells_none():
    with Sandbox(three_numbers(clock_skew=3600.0)) as sandbox, client(sandbox) as http:
        told = parsedate_to_datetime(http.get(path("phn_1")).headers["date"]).timestamp()
        sandbox.world.tells_date = False
        assert "date" not in http.get(path("phn_1")).headers
    assert 3590 < told - time.time() < 3610


# --- Hooks -----------------------------------------------------------------------------------------------------


def test_a_hook_is_told_of_each_phase_in_order():
    told = []
    with Sandbox(three_numbers(), on_phase=lambda phase, record: told.append((phase, record.seq))) as sandbox:
        with client(sandbox) as http:
            http.delete(path("phn_1"))
            http.delete(path("phn_1"))
        assert eventually(lambda: len(told) == 5)
    assert told == [("arrival", 1), ("applied", 1), ("answered", 1), ("arrival", 2), ("answered", 2)]


@pytest.mark.parametrize(("phase", "removed"), [("arrival", 1), ("applied", 2), ("answered", 2)])
def test_an_action_strikes_at_one_phase_of_the_kth_delete(phase, removed):
    struck = []
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        sandbox.on_phase = when(phase, 2, lambda: struck.append(len(sandbox.removed)))
        http.get(path("phn_1"))
        for n in (1, 2, 3):
            http.delete(path(f"phn_{n}"))
    assert struck == [removed]


ONE_BY_ONE = """
import sys, httpx
base_url, key = sys.argv[1:]
with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as http:
    for n in (1, 2, 3):
        print(http.delete(f"/organization-phone-numbers/phn_{n}").status_code, flush=True)
"""


@pytest.mark.parametrize("phase", ["arrival", "applied"])
def test_the_server_kills_a_process_at_an_exact_phase_of_its_request(phase):
    with Sandbox(three_numbers()) as sandbox:
        ready = threading.Event()
        victim: list[int] = []

        def strike():
            ready.wait(PATIENCE)
            kill(victim[0], signal.SIGKILL)()

        sandbox.on_phase = when(phase, 2, strike)
        command = [sys.executable, "-c", ONE_BY_ONE, sandbox.base_url, sandbox.api_key]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            victim.append(process.pid)
            ready.set()
            output, _ = process.communicate(timeout=30)
        assert process.returncode == -signal.SIGKILL
        assert output == "200\n"
        assert eventually(lambda: sandbox.log[1].answered is not None)
        # The process dies while its request is being answered: the server goes on with it, as a service would.
        assert set(sandbox.removed) == {"phn_1", "phn_2"}
        assert len(sandbox.log) == 2


def test_a_process_that_is_gone_already_is_left_alone():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(30)
    kill(process.pid, signal.SIGKILL)()
