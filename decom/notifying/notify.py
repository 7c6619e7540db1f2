"""How a run goes, told to whoever asked for it: the options and how it ended in, messages, heartbeat, metrics out.

All of it is off by default, and none of it can stop or change a run: what cannot be told becomes one warning in the
log, after at most `LONGEST` seconds. What is known to be wrong before the run begins is refused instead, since a night
in which nobody can be told is found out too late.
"""

import importlib.util
import socket
from collections.abc import Sequence
from dataclasses import asdict

import structlog

from decom.clock import SystemClock
from decom.errors import BadSettings, DecomError
from decom.notifying.delivery import LONGEST, NOT_AN_ADDRESS, Delivery, deliver
from decom.notifying.message import message
from decom.notifying.metrics import write_metrics
from decom.settings.load import NotifyOptions
from decom.settings.secret import Secret
from decom.vocabulary import ExitCode
from decom.workflow.reports import RunResult

log = structlog.get_logger()


def warn_about_missing_extras(options: NotifyOptions) -> None:
    """Raise BadSettings where an option cannot work: its extra is not installed, its address or name is none.

    Sends nothing. To be asked before a run is begun.
    """
    needs = (
        (len(options.urls) > 0, "apprise", "notify", "[notify] urls"),
        (options.metrics_file is not None, "prometheus_client", "metrics", "[notify] metrics_file"),
    )
    for is_wanted, module, extra, place in needs:
        if is_wanted and importlib.util.find_spec(module) is None:
            raise BadSettings(
                f"this needs a library that is not installed: {module}",
                where=place,
                remedy=f"Type: pip install 'decom[{extra}]'  or take the setting out.",
            )
    if options.metrics_file is not None and options.metrics_file.suffix != ".prom":
        raise BadSettings(
            f"{options.metrics_file.name} would not be read: the node exporter takes files that end in .prom",
            where="[notify] metrics_file",
            remedy='For example: metrics_file = "/var/lib/node_exporter/decom.prom"',
        )
    _check_addresses(options.urls)


def tell_begun(options: NotifyOptions, within: float = LONGEST) -> None:
    """Tell the heartbeat that a run begins; returns after `within` seconds at most."""
    if options.heartbeat is not None:
        _do([Delivery("ping", _with_path(options.heartbeat, "/start"))], within)


def tell_ended(
    options: NotifyOptions,
    finished: RunResult | None,
    error: DecomError | None,
    exit_code: ExitCode,
    within: float = LONGEST,
) -> None:
    """Tell everyone who asked for it that a command ended with `exit_code`.

    `finished` is None where no report of a run was written, `error` None where none stopped it. Returns after
    `within` seconds at most, and at once on Ctrl-C: the command's outcome is known by then and stays as it is.
    """
    if options.metrics_file is not None:
        try:
            write_metrics(options.metrics_file, finished, exit_code, SystemClock().now())
        except (OSError, ImportError) as trouble:
            why = getattr(trouble, "strerror", None) or type(trouble).__name__
            log.warning("no_metrics", file=str(options.metrics_file), why=why)
    deliveries = []
    if options.heartbeat is not None:
        went_well = exit_code is ExitCode.DONE
        deliveries.append(Delivery("ping", options.heartbeat if went_well else _with_path(options.heartbeat, "/fail")))
    if options.on == "always" or exit_code is not ExitCode.DONE:
        told = asdict(message(finished, error, exit_code, socket.gethostname()))
        deliveries += [Delivery("message", url, told) for url in options.urls]
    try:
        _do(deliveries, within)
    except KeyboardInterrupt:
        log.warning("not_notified", why="interrupted")


def _do(deliveries: Sequence[Delivery], within: float) -> None:
    """Make the deliveries; each that fails is one warning."""
    for delivery, why in zip(deliveries, deliver(deliveries, within), strict=True):
        if why is not None:
            event = "no_heartbeat" if delivery.kind == "ping" else "not_notified"
            log.warning(event, service=_service(delivery.url), why=why)


def _check_addresses(urls: Sequence[Secret]) -> None:
    """Raise BadSettings for the first address of which Apprise knows for sure that it is none."""
    for place, why in enumerate(deliver([Delivery("check", url) for url in urls]), 1):
        if why == NOT_AN_ADDRESS:
            raise BadSettings(
                f"Apprise does not understand address {place}, which begins with {_service(urls[place - 1])}",
                where="[notify] urls",
                remedy="Write it as an Apprise URL, e.g. mailto://user:password@example.com, and try it with:"
                " apprise -b test ADDRESS",
            )
        if why is not None:
            log.warning("address_not_checked", service=_service(urls[place - 1]), why=why)


def _with_path(url: Secret, path: str) -> Secret:
    """The heartbeat's address with `path` behind its own, before its query."""
    own, mark, query = url.reveal().partition("?")
    return Secret(f"{own.rstrip('/')}{path}{mark}{query}")


def _service(url: Secret) -> str:
    """The kind of an address, which is not secret: `slack://…`."""
    kind, colon, _ = url.reveal().partition("://")
    return f"{kind}://…" if colon != "" and kind.isalnum() else "an address"
