"""What a setting consists of. Everything that is said about one, anywhere, comes from its entry in the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """How a setting is given on the command line."""

    metavar: str
    """What stands for its value in the help."""
    commands: tuple[str, ...]
    """The commands that offer it, since it has an effect there."""
    repeatable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that can be set."""

    name: str
    """As the field that it fills; with `--` and hyphens it is the flag."""
    help: str
    """What it is, in a sentence for people."""
    more: str = ""
    """What the README adds to it."""
    parse: Callable[[object], object]
    """What was said → the value; raises ValueError with a sentence for people."""
    default: str | None = None
    """As one would type it; None: it stays unset."""
    unset: str = "none"
    """What holds where it is unset, for the README."""
    example: str = ""
    """A value that is allowed, as one types it; empty: the default is one."""
    is_path: bool = False
    """Whether it is relative to the working directory, or in a job file to that file's folder."""
    flag: Flag | None = None
    """None where it cannot stand on the command line."""
    env: str | None = None
    """The environment variable, also in `.env`; None where there is none."""
    job: str | None = None
    """`section.key` in a job file; None where it cannot stand there."""

    @property
    def on_the_command_line(self) -> str:
        """`--max-release`; the list of numbers is an argument."""
        return "INPUT" if self.name == "input" else f"--{self.name.replace('_', '-')}"

    @property
    def in_a_job_file(self) -> str:
        """`[guards] max_release`; only for what can stand there."""
        section, _, key = str(self.job).partition(".")
        return f"[{section}] {key}"

    @property
    def example_value(self) -> str:
        """An allowed value as one types it."""
        return self.example or str(self.default)
