"""What a command is given beside its settings: time, chance, people, network. Out: the service and its names."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass

from decom.clock import Clock
from decom.dialnexa.connection import Endpoint, Key, TransportMaker
from decom.dialnexa.pacing import Pacer
from decom.dialnexa.retrying import Patience
from decom.dialnexa.service import Service
from decom.errors import BadSettings
from decom.planning.plan import Plan
from decom.releasing.events import Listener
from decom.settings import Settings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that a test or the simulation may want to be different."""

    clock: Clock
    random: random.Random
    make_transport: TransportMaker
    """Makes what carries the bytes; each connection has its own."""
    listener: Listener
    """Is told how the releases go on."""
    confirm: Callable[[Plan], bool]
    """Asks a person for leave to carry out a plan, once, before anything is sent. Raises Refused where nobody is
    there to be asked."""
    operator: str
    """`user@host`."""


def service_for(settings: Settings, around: Surroundings) -> Service:
    """The service that the settings name. Raises BadSettings without a key."""
    endpoint = Endpoint(settings.base_url, _key(settings), settings.timeout)
    pacer = Pacer(settings.pace, around.clock, around.random)
    return Service(endpoint, pacer, Patience(around.clock, around.random), around.make_transport)


def workspace_of(settings: Settings) -> str:
    """A name for the workspace: made of the base URL and the public half of the key, and giving neither away."""
    facts = f"{settings.base_url}\n{_key(settings).public_half}"
    return f"ws-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"


def _key(settings: Settings) -> Key:
    if settings.api_key is None:
        raise BadSettings(
            "there is no API key",
            where="DIALNEXA_API_KEY",
            remedy="Type: export DIALNEXA_API_KEY=key_id:secret  (or name a file with DIALNEXA_API_KEY_FILE).",
        )
    return Key(settings.api_key.reveal())
