"""The server itself: starts and stops at once, remembers everything, strikes at an exact phase, ends by itself."""

import itertools
import json
import os
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

from decom.sandbox.account import KEY, World
from decom.sandbox.faults import Rule
from decom.sandbox.hooks import kill, when
from decom.sandbox.limits import Announcement, Limit
from decom.sandbox.server import Sandbox, SandboxOptions, bound_socket, serve
from tests.sandbox.asking import PATIENCE, client, eventually, path, three_numbers

SERVE = """
import sys
from decom.sandbox.limits import Announcement, Limit
from decom.sandbox.server import SandboxOptions, serve
options = SandboxOptions(limit=Limit.parse("none"), max_seconds=float(sys.argv[1]))
serve(options, lambda base_url, api_key: print(base_url, api_key, flush=True))
"""


# --- Start and stop --------------------------------------------------------------------------------------------


def test_a_sandbox_starts_and_stops_quickly():
    took = []
    for _ in range(10):
        began = time.perf_counter()
        with Sandbox(three_numbers()):
            pass
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1  # not all of them: the machine may have something else to do


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_first_half():
    took = []
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        for _ in range(50):
            began = time.perf_counter()
            http.get(path("phn_1"))
            took.append(time.perf_counter() - began)
    # A delayed acknowledgement costs every answer 40 ms.
    assert min(took) < 0.03


def test_two_sandboxes_share_nothing():
    with Sandbox(three_numbers()) as one, Sandbox(three_numbers()) as other:
        assert one.base_url != other.base_url
        with client(one) as http:
            http.delete(path("phn_1"))
        assert (one.removed, other.removed, other.log) == ({"phn_1": 1}, {}, [])


def test_a_sandbox_stops_at_once_and_silently_though_clients_stay_hang_and_drip(caplog):
    plan = [Rule.of("hang_after", ids=["phn_1"]), Rule.of("latency:60", ids=["phn_2"]), Rule.of("drip", ids=["phn_3"])]
    world = three_numbers()

    def ask(http, number_id):
        with pytest.raises(httpx.HTTPError):
            http.delete(path(number_id))

    with ThreadPoolExecutor() as pool, Sandbox(world, faults=plan) as sandbox, client(sandbox) as http:
        waiting = [pool.submit(ask, http, number_id) for number_id in ("phn_1", "phn_2", "phn_3")]
        assert eventually(lambda: len(sandbox.log) == 3)
        began = time.perf_counter()
        sandbox.stop()
        assert time.perf_counter() - began < 20  # what is not cut off goes on for a minute
        for future in waiting:
            future.result(PATIENCE)
    assert caplog.records == []


def test_nothing_listens_and_no_thread_runs_once_it_has_stopped():
    before = threading.active_count()
    with Sandbox(three_numbers()) as sandbox:
        url = sandbox.base_url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert threading.active_count() == before


def test_bytes_that_are_no_request_are_answered_with_400_and_not_logged():
    with Sandbox(three_numbers()) as sandbox:
        host, port = sandbox.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as raw:
            raw.sendall(b"\x00\x01\x02 nonsense\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
        assert sandbox.log == []


# --- Memory ----------------------------------------------------------------------------------------------------


def test_the_target_is_logged_byte_for_byte_as_it_was_sent():
    with Sandbox(three_numbers()) as sandbox:
        host, port = sandbox.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        target = "/v1/organization-phone-numbers/../%70hn_1//x%2Fy?a=%20&b"
        with socket.create_connection((host, int(port)), PATIENCE) as raw:
            raw.sendall(f"DELETE {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n\r\n".encode())
            assert raw.recv(100).startswith(b"HTTP/1.1 404 ")
        assert sandbox.log[0].target == target
        assert sandbox.removed == {}


def test_requests_are_numbered_in_order_and_per_method():
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        http.get(path("phn_1"))
        http.delete(path("phn_1"))
        http.get(path("phn_1"))
    log = sandbox.log
    assert [(record.seq, record.method, record.nth, record.status) for record in log] == [
        (1, "GET", 1, 200),
        (2, "DELETE", 1, 200),
        (3, "GET", 2, 404),
    ]
    assert all(later.arrived >= earlier.arrived for earlier, later in itertools.pairwise(log))
    assert all(record.answered is not None and record.answered >= record.arrived for record in log)


def test_the_most_requests_at_once_are_remembered():
    plan = [Rule.of("latency:0.2")]
    with Sandbox(three_numbers(), faults=plan) as sandbox, client(sandbox) as http, ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: http.delete(path(f"phn_{n}")), (1, 2, 3)))
        assert sandbox.peak_in_flight == 3
        assert sorted(record.in_flight for record in sandbox.log) == [1, 2, 3]
        http.get(path("phn_1"))
        assert sandbox.log[-1].in_flight == 1
        assert sandbox.peak_in_flight == 3


def test_a_request_past_the_limit_is_refused_announced_and_remembered():
    with Sandbox(three_numbers(), limit=Limit(2, 60)) as sandbox, client(sandbox) as http:
        answers = [http.delete(path(f"phn_{n}")) for n in (1, 2, 3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
        assert 0 < int(answers[2].headers["retry-after"]) <= 60
        assert [record.over_limit for record in sandbox.log] == [False, False, True]
        assert set(sandbox.removed) == {"phn_1", "phn_2"}


def test_routes_with_buckets_of_their_own_do_not_share_across_numbers():
    with Sandbox(three_numbers(), limit=Limit(2, 60, per_route=True)) as sandbox, client(sandbox) as http:
        asked = [("GET", path("phn_1")), ("GET", path("phn_2")), ("GET", path("phn_3")), ("DELETE", path("phn_1"))]
        assert [http.request(*each).status_code for each in asked] == [200, 200, 429, 200]


def test_every_answer_has_the_servers_own_date():
    with Sandbox(three_numbers(clock_skew=3600.0)) as sandbox, client(sandbox) as http:
        told = parsedate_to_datetime(http.get(path("phn_1")).headers["date"]).timestamp()
    assert 3590 < told - time.time() < 3610


def test_a_date_to_come_again_is_on_the_servers_own_clock_too():
    limit = Limit(1, 60, announced=Announcement(retry_after="date"))
    with Sandbox(three_numbers(clock_skew=-3600.0), limit=limit) as sandbox, client(sandbox) as http:
        http.get(path("phn_1"))
        refused = http.get(path("phn_1")).headers
    date, again = (parsedate_to_datetime(refused[name]).timestamp() for name in ("date", "retry-after"))
    assert 58 <= again - date <= 61


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


# --- In the foreground -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_runs_until_a_signal_and_ends_well(signal_number):
    command = [sys.executable, "-W", "error", "-c", SERVE, "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base_url, key = process.stdout.readline().split()
        assert key == KEY
        with httpx.Client(headers={"Authorization": f"Bearer {key}"}, trust_env=False) as http:
            assert http.get(f"{base_url}/organization-phone-numbers").json()["meta"]["total"] == 400
            os.kill(process.pid, signal_number)
            _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_in_the_foreground_it_stops_by_itself():
    announced = []
    options = SandboxOptions(max_seconds=0.05, numbers=3, held=0, secretly_held=0)
    began = time.perf_counter()
    serve(options, lambda base_url, api_key: announced.append((base_url, api_key)))
    assert len(announced) == 1
    assert 0.05 <= time.perf_counter() - began < 30


def test_a_port_that_is_taken_is_an_oserror():
    with bound_socket(0) as sock, pytest.raises(OSError, match="in use"):
        serve(SandboxOptions(port=sock.getsockname()[1]), lambda base_url, api_key: None)


def test_amounts_that_do_not_fit_are_refused_before_anything_listens():
    with pytest.raises(ValueError, match="no more can be held"):
        serve(SandboxOptions(numbers=1), lambda base_url, api_key: None)


def test_the_options_make_the_account_they_name():
    options = SandboxOptions(generation="second", seed=5, numbers=60, held=7, secretly_held=2)
    assert options.world().numbers == World.made_up(seed=5, numbers=60, held=7, secretly_held=2).numbers
    assert options.world().generation == "second"
    assert options.limit == Limit(150, 60)


def test_what_is_logged_can_be_written_as_json():
    with Sandbox(three_numbers()) as sandbox, client(sandbox) as http:
        http.delete(path("phn_1"))
        assert json.loads(json.dumps(sandbox.log[0].as_json()))["number_id"] == "phn_1"
