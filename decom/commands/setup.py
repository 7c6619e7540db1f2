"""What a command that works on a run has: its settings, its log, its progress bar, and the context of its workflow."""

import os
import pwd
import random
import re
import shlex
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.text import Text

from decom import logs
from decom.clock import SystemClock
from decom.commands.flags import Flags
from decom.dialnexa.connection import network_transport_maker
from decom.errors import BadSettings, DecomError
from decom.notifying import notify
from decom.output.plan_view import asked_for_leave
from decom.output.progress import Progress
from decom.output.screen import Line, Screen, harmless
from decom.planning.plan import ToConfirm
from decom.releasing.events import Event, tell
from decom.settings.catalogue import BY_NAME
from decom.settings.home import working_folder
from decom.settings.load import Settings, load
from decom.settings.secret import Secret
from decom.settings.sources import JOB_SUFFIX
from decom.workflow.context import Context
from decom.workflow.naming import RUN_ID

log = structlog.get_logger()

_ABOUT_THIS_HOME = re.compile(
    rf"decom (?:(?P<name>release|report|resume|show|verify) {RUN_ID.pattern}|runs\b|doctor\b)", re.ASCII
)
_LONGEST_NAME = 64
"""Most characters of what SUDO_USER says."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that such a command is given."""

    flags: Flags
    screen: Screen
    settings: Settings
    context: Context
    progress: Progress

    def place_flags(self) -> str:
        """The flags that another command about the same run needs too, to be put behind it: ` --home h`.

        A home or base URL that the command line or the job file names; the environment names it again by itself.
        """
        named = {"home": str(self.settings.home), "base_url": self.settings.base_url}
        return "".join(
            f" {BY_NAME[name].on_the_command_line} {shlex.quote(str(self.flags.settings.get(name, value)))}"
            for name, value in named.items()
            if not self.settings.origins.get(name, str(BY_NAME[name].env)).endswith(str(BY_NAME[name].env))
        )

    def accept_flags(self) -> str:
        """The sources that this command line accepted unread, to be put behind a command that releases: they are not
        on record, unless the plan was made with them."""
        made_here = "input" in self.settings.origins
        accepted = () if made_here else self.flags.settings.get("accept_unchecked", ())
        return "".join(f" --accept-unchecked {shlex.quote(name)}" for name in accepted)

    def with_flags(self, words: str) -> str:
        """Words in which each command about a run, or this home, has the flags that it needs to be accepted here."""
        place, accept = self.place_flags(), self.accept_flags()

        def typed(command: re.Match[str]) -> str:
            return f"{command[0]}{place}{accept if command['name'] in ('release', 'resume') else ''}"

        return _ABOUT_THIS_HOME.sub(typed, words)

    def run_named(self, target: str) -> str:
        """What names a run: as it is, or its folder in the output directory."""
        folder = self.settings.output / target
        return str(folder) if not Path(target).exists() and Path(target).name == target and folder.is_dir() else target


@contextmanager
def set_up(flags: Flags, screen: Screen, source: Path | None = None, *, with_key: bool = True) -> Iterator[Setup]:
    """The setup of one command. An input that ends in `.toml` is a job file. Raises BadSettings."""
    _set_up_logs(screen, ())
    settings = _settings(flags, source, with_key=with_key)
    notify.warn_about_missing_extras(settings.notify)
    _set_up_logs(screen, _secrets(settings))
    for warning in settings.warnings:
        log.warning("settings", warning=warning)
    clock = SystemClock()
    with Progress(screen.err, clock, live=screen.live) as progress:
        context = Context(
            clock=clock,
            random=random.Random(),  # noqa: S311 - it spreads waits, and guards nothing
            make_transport=network_transport_maker(),
            listener=_Listeners(progress, logs.LogListener(clock)),
            confirm=lambda wanted: _confirmed(flags, screen, progress, wanted),
            operator=started_by(os.getuid(), os.environ.get("SUDO_USER")),
            say=lambda line: _say(screen, progress, line),
        )
        setup = Setup(flags, screen, settings, context, progress)
        try:
            yield setup
        except DecomError as error:
            error.remedy = None if error.remedy is None else setup.with_flags(error.remedy)
            raise


def _settings(flags: Flags, source: Path | None, *, with_key: bool) -> Settings:
    given: dict[str, object] = dict(flags.settings)
    job_file = source if source is not None and source.suffix.lower() == JOB_SUFFIX else None
    if source is not None and job_file is None:
        given["input"] = source
    settings = load(given, job_file, os.environ, working_folder(), with_key=with_key)
    if job_file is not None and "input" not in settings.origins:
        raise BadSettings(
            "this job file names no input", where=str(job_file), remedy='Add: [input] and under it path = "numbers.csv"'
        )
    return settings


class _Listeners:
    """Tells the terminal and the log; neither can keep the other from hearing."""

    def __init__(self, progress: Progress, log_listener: logs.LogListener) -> None:
        self._each = (progress, log_listener)

    def __call__(self, event: Event) -> None:
        for listener in self._each:
            tell(listener, event)


def _confirmed(flags: Flags, screen: Screen, progress: Progress, wanted: ToConfirm) -> bool:
    progress.end()
    return "yes" in flags.switches or asked_for_leave(wanted, screen)


def _say(screen: Screen, progress: Progress, line: str) -> None:
    progress.end()
    screen.show([Line(Text(harmless(line)))])


def _secrets(settings: Settings) -> tuple[Secret, ...]:
    some = (settings.api_key, settings.notify.heartbeat, *settings.notify.urls)
    return tuple(secret for secret in some if secret is not None)


def _set_up_logs(screen: Screen, secrets: tuple[Secret, ...]) -> None:
    if screen.showing.quiet:
        verbosity = logs.Verbosity.QUIET
    elif screen.showing.verbose:
        verbosity = logs.Verbosity.VERBOSE
    else:
        verbosity = logs.Verbosity.PEOPLE if screen.err.is_terminal else logs.Verbosity.USUAL
    logs.setup(json_lines=not screen.err.is_terminal, verbosity=verbosity, secrets=secrets)


def started_by(user_id: int, sudo_user: str | None) -> str:
    """`anna@host`, or `root@host (sudo by anna)`: the name that the system has for a user ID, or else its number.

    Not `getpass.getuser`, which believes LOGNAME. `sudo_user` is what SUDO_USER says, which anybody can set: it stands
    beside the name and never in its place.
    """
    try:
        user = pwd.getpwuid(user_id).pw_name
    except KeyError:  # a container's user need not have a name
        user = str(user_id)
    name = f"{user}@{socket.gethostname()}"
    if sudo_user in (None, "", user):
        return name
    sudo_name = os.fsencode(sudo_user or "").decode("utf-8", "replace")[:_LONGEST_NAME]
    shown = "".join(sign if sign.isprintable() else " " for sign in sudo_name)
    return f"{name} (sudo by {shown})"
