"""Flags, environment, `.env` and job file in, one frozen `Settings` out, made of the stages' own knobs; or BadSettings.

Flags beat the environment, the environment beats `.env`, that beats the job file, and that the defaults.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeVar, cast

from pydantic import PlainValidator, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from decom import settings_values as may_be
from decom.dialnexa.pacing.rate import AUTO, Pace, Rate, parse_rate
from decom.errors import BadSettings
from decom.intake.interface import Wanted
from decom.planning.guards import ACCEPTABLE, Limits
from decom.planning.plan import Billing, ReportOptions
from decom.planning.selection import Selection
from decom.secret import Secret
from decom.settings_checks import DEFAULT_BASE_URL, checked_base_url, checked_key, read_key_file
from decom.settings_places import home_of
from decom.settings_sources import BY_NAME, Layer, Sources, first, read_sources

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InputChoice:
    """What to read, and how."""

    path: Path | None
    """None: standard input."""
    wanted: Wanted
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
    protect: Path | None
    input: InputChoice
    report: ReportOptions
    window: str | None
    """The hours in which work is done, `22:00-05:00`; None: any."""
    timezone: str | None
    """The zone of `window`; None: the machine's."""
    deadline: float | None
    """Seconds that a run may take; None: any."""
    notify: NotifyOptions
    accept_unchecked: tuple[str, ...] = ()
    """The sources of conflicts, by name, that may stay unread."""
    warnings: tuple[str, ...] = ()
    """What is strange and no error: a variable that is no setting, a key that others may read."""
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
    values = _checked(sources)
    warnings = list(sources.warnings)
    key = _key(sources, warnings) if with_key else None
    if with_key and environ.get("SSLKEYLOGFILE", "") != "":
        warnings.append(
            f"SSLKEYLOGFILE is set: whoever reads {environ['SSLKEYLOGFILE']} can decrypt what is sent, the API key too."
            " Type: unset SSLKEYLOGFILE"
        )
    billing = Billing(values.cycle, values.day, values.renewal_column)
    _check_billing(sources, billing)
    path = values.input if values.input is None or str(values.input) != "-" else None
    return Settings(
        api_key=key,
        base_url=_base_url(sources) if with_key else DEFAULT_BASE_URL,
        workspace=values.workspace,
        home=home_of(sources, environ),
        output=values.output or cwd / "decom-runs",
        pace=Pace(values.rate, values.reserve),
        concurrency=values.concurrency,
        timeout=values.timeout,
        settle=values.settle,
        plan_ttl=values.plan_ttl,
        limits=Limits(values.max_release, values.max_share, values.max_missing, values.max_cost),
        protect=values.protect,
        accept_unchecked=values.accept_unchecked,
        input=InputChoice(
            path,
            Wanted(values.column, values.sheet, values.region, values.hidden_rows, values.max_rows),
            Selection(values.only, values.exclude, values.limit, values.ignore_column),
        ),
        report=ReportOptions(values.formats, values.group_by, billing),
        window=values.window,
        timezone=values.timezone,
        deadline=None if values.deadline is None else values.deadline.total_seconds(),
        notify=NotifyOptions(values.urls, values.on, values.heartbeat, values.metrics_file),
        warnings=tuple(warnings),
        origins={name: layer.place(name) for layer in reversed(sources.layers) for name in layer.values},
    )


def _a(check: Callable[[object], object]) -> PlainValidator:
    return PlainValidator(check)


def _rate(said: object) -> Rate:
    return parse_rate(may_be.text(said))


def _secrets(said: object) -> tuple[Secret, ...]:
    return tuple(Secret(word) for word in may_be.words(said))


def _secret_url(said: object) -> Secret:
    if not isinstance(said, str) or not said.startswith(("https://", "http://")) or not said.isprintable():
        raise ValueError("this is not allowed: it must be a URL that begins with https:// or http://")
    return Secret(said)


def _unseen(said: object) -> str:
    """What is checked elsewhere, and may be shown nowhere."""
    if not isinstance(said, str):
        raise ValueError("this is not allowed: it must be a text")
    return said


_LIMITS = Limits()


class _Values(BaseSettings):
    """Each setting by its name, its form and its default; where they stand is `settings_sources`' affair."""

    model_config = SettingsConfigDict(
        extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True, validate_default=False
    )

    input: Annotated[Path | None, _a(may_be.path)] = None
    column: Annotated[str | None, _a(may_be.text)] = None
    sheet: Annotated[str | None, _a(may_be.text)] = None
    region: Annotated[str | None, _a(may_be.region)] = None
    hidden_rows: Annotated[str | None, _a(may_be.one_of("include", "skip"))] = None
    max_release: Annotated[int, _a(may_be.whole(1, 100_000_000))] = _LIMITS.max_release
    max_share: Annotated[float, _a(may_be.share(zero=False))] = _LIMITS.max_share
    max_missing: Annotated[float, _a(may_be.share(zero=True))] = _LIMITS.max_missing
    max_cost: Annotated[Decimal | None, _a(may_be.dollars)] = None
    only: Annotated[tuple[str, ...], _a(may_be.texts)] = ()
    exclude: Annotated[tuple[str, ...], _a(may_be.texts)] = ()
    limit: Annotated[int | None, _a(may_be.whole(1, 100_000_000))] = None
    ignore_column: Annotated[tuple[str, ...], _a(may_be.texts)] = ()
    max_rows: Annotated[int, _a(may_be.whole(1, 100_000_000))] = Wanted().max_rows
    plan_ttl: Annotated[timedelta, _a(may_be.length)] = timedelta(hours=24)
    protect: Annotated[Path | None, _a(may_be.path)] = None
    accept_unchecked: Annotated[tuple[str, ...], _a(may_be.some_of(*ACCEPTABLE))] = ()
    rate: Annotated[Rate, _a(_rate)] = AUTO
    concurrency: Annotated[int, _a(may_be.whole(1, 256))] = 16
    reserve: Annotated[float, _a(may_be.share(zero=True))] = 0.1
    window: Annotated[str | None, _a(may_be.hours)] = None
    timezone: Annotated[str | None, _a(may_be.timezone)] = None
    deadline: Annotated[timedelta | None, _a(may_be.length)] = None
    output: Annotated[Path | None, _a(may_be.path)] = None
    formats: Annotated[tuple[str, ...], _a(may_be.words)] = ReportOptions().formats
    group_by: Annotated[str | None, _a(may_be.text)] = None
    cycle: Annotated[str | None, _a(may_be.one_of("calendar", "anniversary", "column"))] = None
    day: Annotated[int | None, _a(may_be.whole(1, 31))] = None
    renewal_column: Annotated[str | None, _a(may_be.text)] = None
    urls: Annotated[tuple[Secret, ...], _a(_secrets)] = ()
    on: Annotated[Literal["trouble", "always"], _a(may_be.one_of("trouble", "always"))] = "trouble"
    heartbeat: Annotated[Secret | None, _a(_secret_url)] = None
    metrics_file: Annotated[Path | None, _a(may_be.path)] = None
    home: Annotated[Path | None, _a(may_be.path)] = None
    timeout: Annotated[float, _a(may_be.seconds(zero=False))] = 30.0
    settle: Annotated[float, _a(may_be.seconds(zero=True))] = 60.0
    base_url: Annotated[str | None, _a(_unseen)] = None
    workspace: Annotated[str | None, _a(may_be.text)] = None
    api_key: Annotated[str | None, _a(_unseen)] = None
    api_key_file: Annotated[Path | None, _a(may_be.path)] = None


def _checked(sources: Sources) -> _Values:
    """Every value in its form, the strongest source first. Raises BadSettings for the first that has none."""

    class Said(_Values):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: object, **__: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(InitSettingsSource(settings_cls, dict(layer.values)) for layer in sources.layers)

    try:
        return Said()
    except ValidationError as error:
        trouble = error.errors(include_input=False, include_url=False)[0]
        name = str(trouble["loc"][0])
        layer, _ = _said(sources, name)
        raise BadSettings(
            str(trouble.get("ctx", {}).get("error", trouble["msg"])),
            where=layer.place(name),
            remedy=f"For example: {layer.example(name)}",
        ) from None


def _said(sources: Sources, *names: str) -> tuple[Layer, str]:
    """The layer that says it; for what is known to be said."""
    return cast(tuple[Layer, str], first(sources.layers, *names))


def _key(sources: Sources, warnings: list[str]) -> Secret | None:
    found = first(sources.layers, "api_key", "api_key_file")
    if found is None:
        return None
    layer, name = found
    value = layer.values[name]
    if name == "api_key_file":
        return checked_key(read_key_file(value, warnings), str(value))
    return checked_key(value, layer.place(name))


def _base_url(sources: Sources) -> str:
    """The base URL in force. One that a file names counts only for the key of that file.

    Otherwise a stray file in the working directory, or a job file from somewhere, could send the key elsewhere. Nor is
    it enough for a `.env` to name a key file: whoever leaves one lying about could name one that is not theirs.
    """
    found = first(sources.layers, "base_url")
    if found is None:
        return DEFAULT_BASE_URL
    layer, name = found
    place = layer.place(name)
    url = checked_base_url(layer.values[name], place)
    key = first(sources.layers, "api_key", "api_key_file")
    if url == DEFAULT_BASE_URL or layer.file is None or key is None:
        return url
    same_file = key[0] is layer and (layer.kind != ".env" or key[1] == "api_key")
    if not same_file:
        raise BadSettings(
            f"the base URL {url} is set here, but the key comes from {key[0].place(key[1])}",
            where=place,
            remedy=f"If the key is really meant for it, say so: --base-url {url}  (or DIALNEXA_BASE_URL).",
        )
    return url


def _check_billing(sources: Sources, billing: Billing) -> None:
    needs = {"calendar": ("day", billing.day), "column": ("renewal_column", billing.column)}
    if billing.cycle in needs and needs[billing.cycle][1] is None:
        layer, _ = _said(sources, "cycle")
        missing = needs[billing.cycle][0]
        raise BadSettings(
            f'cycle = "{billing.cycle}" needs [{str(BY_NAME[missing].job).replace(".", "] ")}',
            where=layer.place("cycle"),
            remedy=f"For example: {layer.example(missing)}",
        )
    for name, value, cycle in (("day", billing.day, "calendar"), ("renewal_column", billing.column, "column")):
        if value is not None and billing.cycle != cycle:
            layer, _ = _said(sources, name)
            raise BadSettings(
                f'this says nothing without cycle = "{cycle}"',
                where=layer.place(name),
                remedy=f'Add: cycle = "{cycle}"  or take it out.',
            )
