"""The systemd units: what they start exists, the key comes as a credential, and the rest of the machine is closed."""

import re

import pytest

from tests.jobs.reading import JOBS, VARIABLES, assert_a_run, read_unit

SERVICE = read_unit((JOBS / "decom.service").read_text())
TIMER = read_unit((JOBS / "decom.timer").read_text())
RUNS = SERVICE["Service"]

HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectControlGroups": "yes",
    "ProtectProc": "invisible",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def one(name: str) -> str:
    """A setting of the service that stands there once."""
    (value,) = RUNS[name]
    return value


def environment() -> dict[str, str]:
    pairs = (pair.partition("=") for line in RUNS["Environment"] for pair in line.split())
    return {name: value for name, _, value in pairs}


def test_it_starts_what_decom_takes_once() -> None:
    program, *arguments = one("ExecStart").split()
    assert program == "/opt/decom/bin/decom"
    assert_a_run(arguments)
    assert one("Type") == "oneshot"
    assert "Install" not in SERVICE  # the timer starts it, not the boot


def test_it_has_a_user_of_its_own() -> None:
    assert one("User") == "decom"
    assert one("Group") == "decom"


def test_the_key_is_a_credential_that_only_this_process_gets() -> None:
    name, _, source = one("LoadCredential").partition(":")
    assert source.startswith("/etc/decom/")
    assert environment()["DIALNEXA_API_KEY_FILE"] == f"%d/{name}"
    assert "DIALNEXA_API_KEY" not in environment()


def test_its_variables_are_settings() -> None:
    assert set(environment()) <= VARIABLES


def test_home_and_output_are_in_the_state_folder_which_is_closed() -> None:
    top = f"%S/{one('StateDirectory')}"
    assert one("StateDirectoryMode") == "0700"
    assert environment()["DECOM_HOME"].startswith(top)
    assert environment()["DECOM_OUTPUT"].startswith(top)
    assert one("WorkingDirectory") == top  # a `.env` is read where a command is started


@pytest.mark.parametrize(("name", "value"), HARDENED.items())
def test_it_is_hardened(name: str, value: str) -> None:
    assert one(name) == value


def test_it_speaks_ip_and_nothing_else_beyond_the_machine() -> None:
    assert set(one("RestrictAddressFamilies").split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}


def test_a_stop_is_polite_and_has_the_time_for_it() -> None:
    assert one("KillSignal") == "SIGTERM"
    assert one("KillMode") == "mixed"
    assert int(one("TimeoutStopSec")) >= 60  # more than a request may take, and the reports after it
    assert "SuccessExitStatus" not in RUNS  # 3 is a reason to look


def test_the_timer_starts_the_service_every_night_and_makes_up_for_none_by_day() -> None:
    assert re.fullmatch(r"\*-\*-\* 0[0-5]:[0-5][0-9]:00", TIMER["Timer"]["OnCalendar"][0])
    assert TIMER["Timer"]["Unit"] == ["decom.service"]
    assert TIMER["Timer"]["Persistent"] == ["false"]
    assert TIMER["Install"]["WantedBy"] == ["timers.target"]
