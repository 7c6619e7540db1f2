"""The sandbox as a process: it announces itself, answers at once, and ends by a signal or by itself."""

import signal
import time

import pytest

from decom.sandbox.account import SandboxAccount
from decom.sandbox.limit import Limit
from decom.sandbox.server import SandboxOptions, bound_socket, serve
from tests.sandbox.serving import client_of, path, process, serving


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_a_signal_and_ends_well(signal_number):
    with process() as running, client_of(running) as http:
        assert http.get("/organization-phone-numbers").json()["meta"]["total"] == 400
        running.send_signal(signal_number)
        output, errors = running.communicate(timeout=30)
    assert (running.returncode, output, errors) == (0, "", "")


def test_it_stops_by_itself():
    with process(seconds=0.05) as running:
        _, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (0, "")


def test_an_answer_has_a_date_and_does_not_wait_for_the_acknowledgement_of_its_first_half():
    took = []
    with serving() as http:
        assert "date" in http.get(path("phn_1")).headers
        for _ in range(20):
            began = time.perf_counter()
            http.get(path("phn_1"))
            took.append(time.perf_counter() - began)
    # A delayed acknowledgement costs every answer 40 ms.
    assert min(took) < 0.03


def test_a_port_that_is_taken_is_an_oserror():
    with bound_socket(0) as sock, pytest.raises(OSError, match="in use"):
        serve(SandboxOptions(port=sock.getsockname()[1]), lambda base_url, api_key: None)


def test_amounts_that_do_not_fit_are_refused_before_anything_listens():
    with pytest.raises(ValueError, match="no more can be held"):
        serve(SandboxOptions(numbers=1), lambda base_url, api_key: None)


def test_the_options_make_the_account_they_name():
    options = SandboxOptions(generation="second", seed=5, numbers=60, held=7, secretly_held=2)
    assert options.account().numbers == SandboxAccount.made_up(seed=5, numbers=60, held=7, secretly_held=2).numbers
    assert options.account().generation == "second"
    assert options.limit == Limit(150, 60)
