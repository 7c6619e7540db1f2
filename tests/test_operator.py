"""Who started a run: the user that the kernel knows, never what a variable says."""

import json
import os
import pwd
import socket
from pathlib import Path

import pytest

from decom.commands.setup import started_by
from tests.conftest import Command
from tests.end_to_end.readings import audit, ids, input_of
from tests.service.server import Sandbox

NOBODY = 3_999_999_999
"""A user ID without an entry in /etc/passwd."""
REAL = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


def test_the_environment_cannot_say_who_started_a_run(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:1])
    forged = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), "mallory")
    ran = decom("run", numbers, "--execute", "--yes", **forged, SUDO_USER="")
    assert ran.code == 0
    assert audit(decom.run_folder())["operator"] == REAL
    assert "mallory" not in (decom.run_folder() / "audit.html").read_text()
    assert f"by {REAL} (" in decom("show", decom.run_folder().name).out


def test_whoever_used_sudo_stands_beside_the_user_that_it_made_of_them(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:1])
    assert decom("run", numbers, "--execute", "--yes", SUDO_USER="anna").code == 0
    assert audit(decom.run_folder())["operator"] == f"{REAL} (sudo by anna)"


@pytest.mark.parametrize(
    ("sudo_user", "said"),
    [
        (None, ""),
        ("", ""),
        (pwd.getpwuid(0).pw_name, ""),  # who was root already
        ("anna", " (sudo by anna)"),
        ("anna\n\x1b[2Jroot", " (sudo by anna  [2Jroot)"),
        ("\udcff" + "x" * 500, " (sudo by \ufffd" + "x" * 63 + ")"),
    ],
)
def test_what_sudo_says_is_one_harmless_name(sudo_user: str | None, said: str) -> None:
    found = started_by(0, sudo_user)
    assert found == f"{pwd.getpwuid(0).pw_name}@{socket.gethostname()}{said}"
    json.dumps(found).encode()
    found.encode()


def test_a_user_without_a_name_is_known_by_its_number() -> None:
    assert started_by(NOBODY, None) == f"{NOBODY}@{socket.gethostname()}"
    assert Path("/etc/passwd").read_text().find(str(NOBODY)) == -1
