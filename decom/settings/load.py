"""Flags, environment, `.env` and job file in, one frozen `Settings` out, made of the stages' own knobs; or BadSettings.

Flags beat the environment, the environment beats `.env`, that beats the job file, and that the defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from decom.dialnexa.pacing.rate import Pace
from decom.errors import BadSettings
from decom.intake.interface import ReadOptions
from decom.planning.guards import Limits
from decom.planning.plan import Billing, ReportOptions
from decom.planning.selection import Selection
from decom.settings.catalogue import BY_NAME, DEFAULT_BASE_URL, SETTINGS
from decom.settings.credentials import base_url_in_force, key_in_force
from decom.settings.home import home_of
from decom.settings.secret import Secret
from decom.settings.sources import Layer, Sources, first, read_sources

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Knobs = TypeVar("Knobs", bound=DataclassInstance)


@dataclass(frozen=True, slots=True)
class InputChoice:
    """What to read, and how."""

    path: Path | None
    """None: standard input."""
    wanted: ReadOptions
    selection: Selection = field(default=Selection())
    """Which of its rows are meant."""


@dataclass(frozen=True, slots=True)
class NotifyOptions:
    """Whom to tell how a run went. Everything is off by default."""

    urls: tuple[Secret, ...] = ()
    """Where a message goes, as Apprise writes it."""
    on: Literal["trouble", "always"] = "trouble"
    """`trouble`: only where the exit code is not 0."""
    heartbeat: Secret | None = None
    """A URL that is asked for at the start and at the end."""
    metrics_file: Path | None = None
    """A textfile for Prometheus, ending in `.prom`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, checked."""

    api_key: Secret | None
    """None: none was set; a command that needs it says so."""
    base_url: str
    """Without a slash at its end; https, or http to this machine."""
    workspace: str | None = None
    """What the workspace is called; None: it is known by the public half of the key."""
    home: Path
    output: Path
    pace: Pace
    concurrency: int
    """Requests in flight at most, 1 to 256."""
    timeout: float
    """Seconds until a request without an answer is given up."""
    settle: float
    """Seconds before a second look may call a number still present."""
    plan_ttl: timedelta
    """How long a plan may be carried out."""
    limits: Limits
    protect: Path | None = None
    input: InputChoice
    report: ReportOptions
    window: str | None = None
    """The hours in which work is done, `22:00-05:00`; None: any."""
    timezone: str | None = None
    """The zone of `window`; None: the machine's."""
    deadline: float | None
    """Seconds that a run may take; None: any."""
    notify: NotifyOptions
    accept_unchecked: tuple[str, ...] = ()
    """The sources of conflicts, by name, that may stay unread."""
    warnings: tuple[str, ...] = ()
    """What is unusual but not an error: an unknown variable, a key that others can read."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each setting that was set comes from, in words; by name."""

    @property
    def quiet(self) -> float:
        """Seconds after a DELETE before a second look counts: the settle time, and twice the timeout at least.

        A request that was given up may be carried out as late as that.
        """
        return max(self.settle, 2 * self.timeout)


def load(
    flags: Mapping[str, object],
    job_file: Path | None,
    environ: Mapping[str, str],
    cwd: Path,
    *,
    with_key: bool = True,
) -> Settings:
    """All settings. `flags` by name, None for what was not given; `with_key` False for what sends nothing.

    Raises BadSettings.
    """
    sources = read_sources(flags, job_file, environ, cwd)
    values = _values(sources, cwd)
    warnings = list(sources.warnings)
    key = key_in_force(sources, warnings) if with_key else None
    if with_key and environ.get("SSLKEYLOGFILE", "") != "":
        warnings.append(
            f"SSLKEYLOGFILE is set: whoever can read {environ['SSLKEYLOGFILE']} can decrypt what is sent, the API key"
            " included. Type: unset SSLKEYLOGFILE"
        )
    billing = Billing(values.get("cycle"), values.get("day"), values.get("renewal_column"))
    _check_billing(sources, billing)
    deadline = values.get("deadline")
    return _filled(
        Settings,
        values,
        api_key=key,
        base_url=base_url_in_force(sources) if with_key else DEFAULT_BASE_URL,
        home=home_of(sources, environ),
        pace=_filled(Pace, values),
        limits=_filled(Limits, values),
        input=InputChoice(
            None if str(values.get("input", "-")) == "-" else values["input"],
            _filled(ReadOptions, values),
            _filled(Selection, values, ignore_columns=values.get("ignore_column", ())),
        ),
        report=_filled(ReportOptions, values, billing=billing),
        deadline=None if deadline is None else deadline.total_seconds(),
        notify=_filled(NotifyOptions, values),
        warnings=tuple(warnings),
        origins={name: layer.place(name) for layer in reversed(sources.layers) for name in layer.values},
    )


def _values(sources: Sources, cwd: Path) -> dict[str, Any]:
    """Every value that is set or has a default, by the setting's name. Raises BadSettings for the first wrong one."""
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        said = first(sources.layers, setting.name)
        if said is not None:
            values[setting.name] = _parsed(*said)
        elif setting.default is not None:
            value = setting.parse(setting.default)
            values[setting.name] = cwd / value if isinstance(value, Path) else value
    return values


def _parsed(layer: Layer, name: str) -> object:
    try:
        return BY_NAME[name].parse(layer.values[name])
    except ValueError as error:
        raise BadSettings(str(error), where=layer.place(name), remedy=f"For example: {layer.example(name)}") from None


def _filled(knobs: "type[Knobs]", values: Mapping[str, Any], **others: object) -> "Knobs":
    """The knobs with the values that have the names of their fields, and with `others`."""
    names = {each.name for each in fields(knobs)}
    return knobs(**{**{name: value for name, value in values.items() if name in names}, **others})


def _check_billing(sources: Sources, billing: Billing) -> None:
    """What a billing cycle needs is set, and what it does not need is not. Raises BadSettings."""
    needs = (("day", billing.day, "calendar"), ("renewal_column", billing.column, "column"))
    for name, value, cycle in needs:
        if billing.cycle == cycle and value is None:
            layer = _layer_of(sources, "cycle")
            raise BadSettings(
                f'cycle = "{cycle}" needs {BY_NAME[name].in_a_job_file}',
                where=layer.place("cycle"),
                remedy=f"For example: {layer.example(name)}",
            )
    for name, value, cycle in needs:
        if value is not None and billing.cycle != cycle:
            raise BadSettings(
                f'this has no effect without cycle = "{cycle}"',
                where=_layer_of(sources, name).place(name),
                remedy=f'Add: cycle = "{cycle}"  or remove it.',
            )


def _layer_of(sources: Sources, name: str) -> Layer:
    """The layer that says it; for what is known to be said."""
    return next(layer for layer in sources.layers if name in layer.values)
