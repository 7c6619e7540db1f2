"""What every test has: a clean environment. What tests may ask for: a home, a sandbox, the installed command.

No test reaches beyond loopback: pytest-socket sees to that (`--allow-hosts` in pyproject.toml).
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.laws import two_laws
from tests.service.server import Sandbox
from tests.service.world import World
from tests.started import COMMAND, OURS, start

THEIRS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NO_COLOR", "FORCE_COLOR", "XDG_STATE_HOME", "COLUMNS")


def pytest_configure() -> None:
    """Signals mean what they usually mean, though the tests run in the background or under nohup; no test is timed.

    Hypothesis would fail an example that takes 200 ms, which says how busy the machine is and nothing of the code.
    A program that is started with SIGINT or SIGHUP ignored has them ignored, and so would ours: on purpose.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine's user reaches a test, and no test writes into their home."""
    for name in list(os.environ):
        if name.startswith(OURS) or name.upper() in THEIRS:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@dataclass(frozen=True)
class Ran:
    """A command that ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """The installed `decom`, run in a folder of its own with its own home and output."""

    folder: Path
    environment: Mapping[str, str]
    server: Sandbox | None = None
    """The sandbox that it is pointed at; its memory is held against every exit code. None: there is none."""

    def __call__(self, *arguments: object, stdin: str | bytes | None = None, **environment: str) -> Ran:
        """Run to the end (a minute at most); environment variables are added to the fixture's own.

        Asserts the two laws of exit codes.
        """
        given = stdin.encode() if isinstance(stdin, str) else stdin
        since = 0 if self.server is None else len(self.server.log)
        with self.begun(*arguments, stdin=None if given is None else subprocess.PIPE, **environment) as process:
            out, err = process.communicate(given, timeout=60)
        if (
            self.server is not None
            and environment.get("DIALNEXA_BASE_URL", self.server.base_url) == self.server.base_url
        ):
            two_laws(str(arguments[0]), process.returncode, self.server, since, self.output)
        return Ran(process.returncode, out.decode(), err.decode())

    @contextmanager
    def begun(
        self, *arguments: object, stdin: int | None = None, **environment: str
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """A process that is at work, for tests that do something to it meanwhile; it does not outlive the block.

        `stdin` as `Popen` takes it; None: there is nothing to read.
        """
        with start(
            arguments,
            self.folder,
            {**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def arguments(self, *arguments: object) -> list[str]:
        """The command line, for tests that start the process themselves."""
        return [*COMMAND, *map(str, arguments)]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def output(self) -> Path:
        return self.folder / "runs"

    def run_folder(self) -> Path:
        """The folder of the latest run; by its time on disk, since the IDs of one second have no order."""
        return max(self.output.iterdir(), key=lambda folder: folder.stat().st_mtime_ns)


@pytest.fixture
def start_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes that stop with the test: `start_sandbox(world, limit=…)`; without a world, a made-up one."""
    with ExitStack() as running:

        def start(world: World | None = None, **options: Any) -> Sandbox:
            return running.enter_context(Sandbox(world or World.made_up(seed=1), **options))

        yield start


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A made-up account of 400 numbers, first generation, without a rate limit."""
    return start_sandbox()


@pytest.fixture
def decom_for(tmp_path: Path) -> Callable[[Sandbox], Command]:
    """The command, pointed at a sandbox: `decom = decom_for(sandbox); decom("plan", "numbers.csv")`."""

    def pointed_at(server: Sandbox) -> Command:
        settings = {
            "DIALNEXA_BASE_URL": server.base_url,
            "DIALNEXA_API_KEY": server.api_key,
            "DECOM_HOME": str(tmp_path / "home"),
            "DECOM_OUTPUT": str(tmp_path / "runs"),
            "DECOM_RATE": "none",
            "DECOM_SETTLE": "0.2",
        }
        return Command(tmp_path, settings, server)

    return pointed_at


@pytest.fixture
def decom(decom_for: Callable[[Sandbox], Command], sandbox: Sandbox) -> Command:
    """The command, pointed at the fixture's sandbox."""
    return decom_for(sandbox)
