"""What a command is given beside its settings: time, chance, people, network. Out: the service that they name."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from decom.clock import Clock
from decom.dialnexa.connection import Endpoint, Key, TransportMaker
from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.retrying import RetryPolicy
from decom.dialnexa.service import Service
from decom.planning.plan import ToConfirm
from decom.releasing.events import Listener
from decom.settings.load import Settings
from decom.workflow.workspace import key_of


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a test or the simulation may want to be different."""

    clock: Clock
    random: random.Random
    make_transport: TransportMaker
    """Makes what carries the bytes; each connection has its own."""
    listener: Listener
    """Is told how the releases go on."""
    confirm: Callable[[ToConfirm], bool]
    """Asks a person for leave to carry out a plan, once, before anything is sent. Raises Refused where nobody is
    there to be asked."""
    operator: str
    """`user@host`."""
    say: Callable[[str], None] = lambda _: None
    """Tells a person a sentence before leave is asked for."""


def service_for(settings: Settings, context: Context) -> Service:
    """The service that the settings name. Raises BadSettings without a key."""
    endpoint = Endpoint(settings.base_url, Key(key_of(settings).reveal()), settings.timeout)
    pacer = Pacer(settings.pace, context.clock, context.random)
    return Service(endpoint, pacer, RetryPolicy(context.clock, context.random), context.make_transport)
