"""A stop is never lost, at whatever instant its signal comes."""

import signal
import subprocess
import sys

import pytest

STRUCK = """
import asyncio, os, signal, sys
from decom.cli import _leaving_with
from decom.releasing.signals import run_interruptibly
from decom.vocabulary import ExitCode

NUMBER = signal.Signals[sys.argv[1]]

def strike(frame, event, argument):
    if event == "call" and frame.f_code.co_name == sys.argv[2] and frame.f_code.co_filename.endswith(sys.argv[3]):
        sys.setprofile(None)
        os.kill(os.getpid(), NUMBER)

async def work():
    for turn in range(1_000_000):
        if turn == 50:
            sys.setprofile(strike)
        await asyncio.sleep(0)

async def reading():
    os.kill(os.getpid(), NUMBER)
    while True:
        pass

async def waiting():
    asyncio.get_running_loop().call_later(0.05, lambda: os.kill(os.getpid(), NUMBER))
    await asyncio.get_running_loop().create_future()

async def twice():
    loop = asyncio.get_running_loop()
    for seconds in (0.05, 0.1):
        loop.call_later(seconds, lambda: os.kill(os.getpid(), NUMBER))
    while True:
        try:
            await loop.create_future()
        except asyncio.CancelledError:
            pass

signal.signal(NUMBER, _leaving_with(ExitCode[NUMBER.name]))
run_interruptibly({"work": work, "reading": reading, "waiting": waiting, "twice": twice}[sys.argv[4]]())
"""


def struck(number: signal.Signals, *, within: tuple[str, str] = ("none", "none"), work: str = "work") -> int:
    """The exit code of a process that gets the signal in the middle of that function of asyncio's."""
    return subprocess.run(
        [sys.executable, "-c", STRUCK, number.name, *within, work], timeout=30, check=False, stderr=subprocess.DEVNULL
    ).returncode


def test_a_signal_between_the_taking_up_of_a_callback_and_its_running_ends_the_work():
    assert struck(signal.SIGTERM, within=("_run", "asyncio/events.py")) == 143


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_work_that_waits(number: signal.Signals, code: int):
    assert struck(number, work="waiting") == code


def test_a_signal_ends_work_that_does_not_let_the_loop_run():
    assert struck(signal.SIGINT, work="reading") == 130


def test_a_second_signal_ends_work_that_the_first_did_not():
    assert struck(signal.SIGTERM, work="twice") == 143
