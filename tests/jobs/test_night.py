"""A night of cron, as the crontab and the night's job file have it, against a real server: what arrives where.

Cron mails whatever a command prints, on stdout or stderr, and nothing where nothing is printed. A webhook gets the
message, a heartbeat its pings, the node exporter its file.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from decom.clock import SystemClock
from decom.ledger.lock import workspace_locked
from decom.settings.load import load
from decom.workflow.workspace import workspace_of
from tests.jobs.reading import JOBS, read_crontab
from tests.notifying.receiver import Receiver, dead, receiving
from tests.service.server import Sandbox

CRONTAB = read_crontab((JOBS / "crontab.example").read_text())


def ids(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


@dataclass(frozen=True)
class Night:
    """A machine on which cron runs the night's job."""

    folder: Path
    """In place of `/etc/decom` and `/var/lib/decom`."""
    variables: dict[str, str]
    receiver: Receiver
    """Of the webhook and the heartbeat."""

    def asks_for(self, *numbers: str) -> None:
        """Put these on tonight's list."""
        (self.folder / "to-release.csv").write_text("\n".join(["number id", *numbers]) + "\n")

    def comes(self, flag: str = "--quiet") -> tuple[int, str]:
        """Run the crontab's line as cron does: its exit code, and the mail. `flag` takes the place of `--quiet`."""
        ((_, command),) = CRONTAB.jobs
        ended = subprocess.run(
            ["/bin/sh", "-c", command.replace("/etc/decom", str(self.folder)).replace("--quiet", flag)],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        mail = ended.stdout.decode().replace(str(self.folder), "FOLDER")
        return ended.returncode, re.sub(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}", "RUN", mail)

    def beats(self) -> list[str]:
        """What the heartbeat was asked for."""
        return [target for method, target, _ in self.receiver.requests if method == "GET"]

    def told(self) -> list[dict[str, Any]]:
        """The messages that the webhook got."""
        return [json.loads(body) for method, _, body in self.receiver.requests if method == "POST"]

    def subject(self) -> str:
        """The subject of the one message."""
        (message,) = self.told()
        return str(message["title"])

    def exit_code_for_the_exporter(self) -> float:
        text = (self.folder / "decom.prom").read_text()
        return next(
            family.samples[0].value
            for family in text_string_to_metric_families(text)
            if family.name == "decom_run_exit_code"
        )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def night(tmp_path: Path, sandbox: Sandbox, receiver: Receiver) -> Night:
    shutil.copy(JOBS / "nightly.toml", tmp_path)
    (tmp_path / "never-release.txt").write_text("+15550100100\n")
    (tmp_path / "key").write_text(f"{sandbox.api_key}\n")
    (tmp_path / "key").chmod(0o600)
    here = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "DIALNEXA_API_KEY_FILE": str(tmp_path / "key"),
        "DECOM_HOME": str(tmp_path / "home"),
        "DECOM_OUTPUT": str(tmp_path / "runs"),
        "DIALNEXA_BASE_URL": sandbox.base_url,
        "DECOM_SETTLE": "0.2",
        "DECOM_NOTIFY_URLS": f"json://127.0.0.1:{receiver.port}/hook",
        "DECOM_HEARTBEAT": f"{receiver.url}/beat",
        "DECOM_METRICS_FILE": str(tmp_path / "decom.prom"),
    }
    return Night(tmp_path, {**CRONTAB.variables, **here}, receiver)


def test_a_night_in_which_all_is_well_is_silent(night: Night, sandbox: Sandbox) -> None:
    night.asks_for(*ids(sandbox.world.releasable)[:5])
    assert night.comes() == (0, "")
    assert len(sandbox.removed) == 5
    assert night.told() == []
    assert night.beats() == ["/beat/start", "/beat"]
    assert night.exit_code_for_the_exporter() == 0


def test_the_same_list_on_the_next_night_is_silent_too(night: Night, sandbox: Sandbox) -> None:
    night.asks_for(*ids(sandbox.world.releasable)[:5])
    assert [night.comes(), night.comes()] == [(0, ""), (0, "")]
    assert len(sandbox.removed) == 5
    assert night.told() == []


def test_conflicts_are_counted_and_the_list_of_what_holds_them_is_named(night: Night, sandbox: Sandbox) -> None:
    night.asks_for(*ids(sandbox.world.releasable)[:5], *ids(sandbox.world.held_openly)[:2], "no number")
    assert night.comes() == (
        3,
        "Done, 3 not released: decom run RUN of to-release.csv: released 5, conflicted 2, invalid 1\n"
        "Verified against the account: everything matches.\n"
        "Reports in runs/RUN\n"
        "conflicts.csv lists what uses the conflicted numbers and must be changed first.\n"
        "To verify again later: decom verify RUN\n",
    )
    assert night.subject() == "decom: Done, 3 not released; 5 of 8 released (exit 3)"
    assert night.told()[0]["type"] == "warning"
    assert night.beats() == ["/beat/start", "/beat/fail"]
    assert night.exit_code_for_the_exporter() == 3


def test_the_message_has_the_folder_and_the_digest_of_its_manifest(night: Night, sandbox: Sandbox) -> None:
    night.asks_for(ids(sandbox.world.held_openly)[0])
    night.comes()
    (folder,) = (night.folder / "runs").iterdir()
    lines = night.told()[0]["message"].splitlines()
    assert f"Reports: {folder} on {socket.gethostname()}" in lines
    assert lines[-1] == f"sha256 of manifest.json: {sha256((folder / 'manifest.json').read_bytes()).hexdigest()}"


def test_an_outage_says_that_nothing_was_sent(night: Night, sandbox: Sandbox) -> None:
    night.asks_for(*ids(sandbox.world.releasable)[:5])
    night.variables["DIALNEXA_BASE_URL"] = "http://127.0.0.1:9/v1"
    code, mail = night.comes()
    log_line, *said = mail.splitlines()
    assert code == 4
    assert '"event":"not_planned"' in log_line
    assert said == [
        "Incomplete: 5 of 5 not attempted (outage): decom run RUN of to-release.csv: not attempted 5",
        "Reports in runs/RUN",
        "Error: the account's numbers could not be listed: ConnectError: Connect call failed ('127.0.0.1', 9)",
        "Nothing was sent. Check the base URL (DIALNEXA_BASE_URL) and the network, then run the same command again.",
    ]
    assert night.subject() == "decom: Incomplete: 5 of 5 not attempted (outage); 0 of 5 released (exit 4)"
    assert night.beats() == ["/beat/start", "/beat/fail"]


def test_a_refused_key_says_so_and_nothing_else(night: Night, sandbox: Sandbox) -> None:
    night.asks_for(*ids(sandbox.world.releasable)[:5])
    sandbox.world.revoke_key()
    code, mail = night.comes()
    assert code == 6
    assert mail.startswith("Error: the service does not accept the API key (401)\n")
    assert len(mail.splitlines()) == 2
    assert sandbox.api_key not in mail
    assert night.subject() == "decom: Stopped: the key was refused (exit 6)"
    assert night.beats() == ["/beat/start", "/beat/fail"]


def test_a_list_that_is_too_long_for_a_night_releases_nothing(night: Night, sandbox: Sandbox) -> None:
    night.asks_for(*ids(sandbox.world.releasable)[:60])
    assert night.comes() == (
        5,
        "Error: max_share: this would release 60 of the account's 400 numbers (15%),"
        " and at most 10% are allowed in one run\n"
        "If that is what you want, plan again with: --max-share 0.15\n",
    )
    assert len(sandbox.removed) == 0
    assert night.subject() == "decom: Refused: nothing was released (exit 5)"


def test_a_night_that_overlaps_with_another_run_names_it_and_sends_nothing(
    night: Night, sandbox: Sandbox, tmp_path: Path
) -> None:
    night.asks_for(*ids(sandbox.world.releasable)[:5])
    settings = load({}, tmp_path / "nightly.toml", night.variables, tmp_path)
    with workspace_locked(settings.home, workspace_of(settings), "20261123T010000Z-0a0b0c", SystemClock()):
        code, mail = night.comes()
    assert code == 75
    what, remedy = mail.splitlines()
    assert re.fullmatch(
        rf"Error: FOLDER/home: another run is using this workspace: process {os.getpid()}, since \S+, run RUN", what
    )
    assert remedy.startswith("Wait for it to end")
    assert [record for record in sandbox.log if record.method == "DELETE"] == []
    assert night.subject() == "decom: Locked: another run is using this workspace (exit 75)"
    assert night.exit_code_for_the_exporter() == 75


def test_a_night_in_which_nobody_can_be_told_is_the_same_night(night: Night, sandbox: Sandbox) -> None:
    night.asks_for(*ids(sandbox.world.releasable)[:5], ids(sandbox.world.held_openly)[0])
    nobody = dead()
    night.variables["DECOM_NOTIFY_URLS"] = nobody.replace("http:", "json:")
    night.variables["DECOM_HEARTBEAT"] = nobody
    night.variables["DECOM_METRICS_FILE"] = str(night.folder / "nowhere" / "decom.prom")
    code, mail = night.comes()
    assert code == 3
    assert mail.startswith("Done, 1 not released: decom run RUN of to-release.csv: released 5, conflicted 1\n")
    assert len(sandbox.removed) == 5


@pytest.mark.parametrize("urls", ["json://asha:{}@127.0.0.1:1/{}", "slak://{}/{}"], ids=["dead", "no address"])
def test_an_address_is_in_no_byte_that_a_night_leaves(urls: str, night: Night, sandbox: Sandbox) -> None:
    canary = "CANARYtokenOfTheNight"
    night.asks_for(*ids(sandbox.world.releasable)[:2], ids(sandbox.world.held_openly)[0])
    night.variables["DECOM_NOTIFY_URLS"] = urls.format(canary, canary)
    night.variables["DECOM_HEARTBEAT"] = f"{dead()}/{canary}"
    _, mail = night.comes("--verbose")
    assert "json" in mail or "slak" in mail
    assert canary not in mail
    left = [path for path in night.folder.rglob("*") if path.is_file()]
    assert [path for path in left if canary.encode() in path.read_bytes()] == []
