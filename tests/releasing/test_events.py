"""Listeners are told, and can change nothing, not even by failing."""

import pytest

from decom.ledger.records import Settled
from decom.releasing.events import Began, Done, Event, Paused, Stopping, tell
from decom.vocabulary import Outcome

SETTLED = Settled("phn_1", "+14155550101", Outcome.RELEASED, "answered_2xx", "because")
EVENTS: list[Event] = [
    Began(3),
    Done(SETTLED),
    Paused("a second look at 1 number", 60.0),
    Stopping("stopped by SIGTERM"),
]


@pytest.mark.parametrize("event", EVENTS)
def test_a_listener_is_told(event):
    heard: list[Event] = []
    tell(heard.append, event)
    assert heard == [event]


@pytest.mark.parametrize("error", [BrokenPipeError, ZeroDivisionError, UnicodeEncodeError("ascii", "é", 0, 1, "no")])
def test_a_listener_that_fails_is_forgotten(error):
    def fail(_: Event) -> None:
        raise error

    for event in EVENTS:
        tell(fail, event)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_nothing_to_be_forgotten(error):
    def end(_: Event) -> None:
        raise error

    with pytest.raises(error):
        tell(end, EVENTS[0])
