"""Lines under a rule: who moves, who is woken, and what a cancellation leaves behind."""

import asyncio
import math

from decom.dialnexa.pacing.queue import Queue
from tests.dialnexa.virtual_time import VirtualClock, virtually


class Doors:
    """A rule: each line opens at an instant, for all who stand in it."""

    def __init__(self, **opens: float) -> None:
        self.opens = opens
        self.let_in: list[str] = []
        self.taken_back: list[int] = []
        self.asked = 0

    def opens_at(self, line: str, now: float) -> float:
        self.asked += 1
        return self.opens[line]

    def let_go(self, line: str, now: float) -> int:
        """A number: who was let in first has 1."""
        self.let_in.append(line)
        return len(self.let_in)

    def take_back(self, given: int) -> None:
        self.taken_back.append(given)


def now() -> float:
    return asyncio.get_running_loop().time()


async def arrive(queue: Queue[int], line: str) -> float:
    await queue.turn(line)
    return now()


def test_a_line_that_may_not_move_does_not_hold_up_another_one() -> None:
    async def main() -> None:
        queue = Queue(Doors(late=30.0, soon=5.0, open=0.0), VirtualClock())
        lines = ("late", "late", "soon", "open", "late", "soon")
        assert await asyncio.gather(*(arrive(queue, line) for line in lines)) == [30, 30, 5, 0, 30, 5]

    virtually(main())


def test_whoever_waits_longest_goes_first_whatever_the_line() -> None:
    async def main() -> None:
        doors = Doors(a=5.0, b=5.0)
        queue = Queue(doors, VirtualClock())
        await asyncio.gather(*(arrive(queue, line) for line in "abbaab"))
        assert doors.let_in == list("abbaab")

    virtually(main())


def test_whoever_comes_in_the_moment_when_a_line_opens_stands_behind_those_who_waited() -> None:
    async def main() -> None:
        queue = Queue(Doors(a=5.0), VirtualClock())

        async def come(at: float) -> int:
            await asyncio.sleep(at)
            return await queue.turn("a")

        assert list(await asyncio.gather(come(5.0), come(1.0))) == [2, 1]

    virtually(main())


def test_a_line_that_waits_for_an_event_moves_when_it_is_served() -> None:
    async def main() -> None:
        doors = Doors(a=math.inf)
        queue = Queue(doors, VirtualClock())
        arriving = asyncio.create_task(arrive(queue, "a"))
        await asyncio.sleep(7.0)
        doors.opens["a"] = 0.0
        queue.serve()
        assert await arriving == 7.0

    virtually(main())


def test_a_line_that_opens_earlier_than_was_said_is_woken_earlier() -> None:
    async def main() -> None:
        doors = Doors(a=100.0)
        queue = Queue(doors, VirtualClock())
        arriving = asyncio.create_task(arrive(queue, "a"))
        await asyncio.sleep(1.0)
        doors.opens["a"] = 20.0
        queue.serve()
        assert await arriving == 20.0

    virtually(main())


def test_nobody_polls() -> None:
    async def main() -> None:
        doors = Doors(a=1e6)
        queue = Queue(doors, VirtualClock())
        await asyncio.gather(*(arrive(queue, "a") for _ in range(10)))
        assert doors.asked < 40

    virtually(main())


def test_what_was_given_in_the_moment_of_a_cancellation_is_taken_back() -> None:
    async def main() -> None:
        doors = Doors(a=math.inf)
        queue = Queue(doors, VirtualClock())
        first, second = asyncio.create_task(queue.turn("a")), asyncio.create_task(queue.turn("a"))
        await asyncio.sleep(1.0)
        doors.opens["a"] = 0.0
        queue.serve()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        assert first.cancelled()
        assert second.result() == 2
        assert doors.taken_back == [1]

    virtually(main())


def test_places_given_up_are_passed_over_and_leave_no_alarm_behind() -> None:
    async def main() -> None:
        doors = Doors(a=50.0)
        queue = Queue(doors, VirtualClock())
        asked = [asyncio.create_task(queue.turn("a")) for _ in range(4)]
        await asyncio.sleep(1.0)
        for task in asked[:3]:
            task.cancel()
        await asyncio.sleep(60.0)
        assert doors.let_in == ["a"]
        doors.opens["a"] = 500.0
        last = asyncio.create_task(queue.turn("a"))
        await asyncio.sleep(1.0)
        last.cancel()
        await asyncio.gather(*asked, last, return_exceptions=True)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    virtually(main())
