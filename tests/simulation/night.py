"""A whole night: commands, kills, resumes, and at last a calm in which everything is brought to its end.

In: a scenario and a folder. Out: a `Night`: every command and how it ended, and a `Case` for the checker after each.
"""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from decom import job
from decom.errors import Locked, Refused
from decom.intake.interface import Wanted
from decom.ledger.reader import Reader, RunStory
from decom.planning.plan import ReportOptions
from decom.reporting.audit import build
from decom.secret import Secret
from decom.settings import InputChoice, NotifyOptions, Settings
from tests.reporting.oracle.compare import differences
from tests.reporting.rows import rows_of
from tests.simulation.checker import judge
from tests.simulation.process import (
    Command,
    Ended,
    Process,
    ask_for_release,
    ask_for_resume,
    ask_for_run,
    ask_for_verify,
)
from tests.simulation.scenario import Scenario, Strike, happens
from tests.simulation.seen import Case, Part, read_lines
from tests.simulation.service import Service
from tests.simulation.world import World

KEY = "key_7:canary-7f3e91"
BASE_PATH = "/v1"
CALM_AFTER = 4_000.0
"""Seconds until nothing of the night is still on its way."""


@dataclass(slots=True)
class Night:
    """What happened."""

    scenario: Scenario
    service: Service
    folder: Path
    parts: list[Part] = field(default_factory=list)
    ends: list[tuple[str, Ended]] = field(default_factory=list)
    """Every command's word and how it ended."""
    case: Case | None = None
    """The run as it was last judged; None where none was begun."""
    exit_codes: Counter[int] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    """Outcomes, evidence and reasons to stop that were seen in any audit."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The account before anything happened: E.164 by ID."""
    held: frozenset[str] = frozenset()
    """The E.164 numbers that something held then, in plain sight."""
    broken: list[str] = field(default_factory=list)
    """Every broken promise, after which command."""


def live(night: Scenario, folder: Path) -> Night:
    """Live through one night in a folder that may be new."""
    folder.mkdir(mode=0o700, exist_ok=True)
    service = Service(night.world, night.faults, night.seed, base_path=BASE_PATH, settle=night.settle)
    service.limit = night.limit
    service.on_request = {nth: happens(night, *change) for nth, change in night.changes.items()}
    with structlog.testing.capture_logs() as logs:
        lived = _Life(Night(night, service, folder, known=dict(night.world.numbers), held=_held(night.world)))
        lived.trouble()
        lived.calm()
    if any("canary" in str(line) for line in logs):
        lived.night.broken.append("I23: the key stands in the log")
    return lived.night


class _Life:
    """One home and one input, from the first command to the last."""

    def __init__(self, night: Night) -> None:
        self.night = night
        self.now = 0.0
        self.settings = _settings(night.scenario, night.folder)
        self.run_id: str | None = None

    def trouble(self) -> None:
        """The commands before the calm, each with what strikes it."""
        scenario = self.night.scenario
        for place, strike in enumerate(scenario.strikes):
            self.go_on(strike, two_steps=scenario.two_steps and place == 0)
            self.now += scenario.pauses[place]

    def go_on(self, strike: Strike | None, *, two_steps: bool = False) -> Ended:
        """The command that a person would type next."""
        if two_steps:
            ended = self.does("plan", job.plan, None)
            if (planned := self.story()) is None:
                return ended
            if self.night.scenario.again == "tampered":
                _tamper(self.settings.output / planned.run_id / "plan.json")
        story = self.story()
        if story is None or (len(story.starts) == 0 and story.ended is not None):
            self.run_id = None
            return self.does("run", ask_for_run, strike)
        if len(story.starts) > 0:
            return self.does("resume", ask_for_resume(story.run_id), strike)
        return self.does("release", ask_for_release(story.run_id), strike)

    def calm(self) -> None:
        """Nothing goes wrong any more: bring the run to its end, look again, and try what must be refused."""
        scenario, service = self.night.scenario, self.night.service
        world = scenario.world
        scenario.faults.quiet, service.limit, service.on_request = True, None, {}
        world.key_accepted = world.may_delete = world.may_read_holds = True
        self.settings = replace(self.settings, deadline=None, window=None)
        self.now += CALM_AFTER
        self.go_on(None)
        story = self.story()
        if story is None or len(story.starts) == 0:
            return
        self.judged(final=True)
        seen = self.does("verify", ask_for_verify(story.run_id), None)
        others = len(world.changes) + sum(1 for each in world.removals if each.by is None)
        if seen.exit_code != 0 and others == 0:
            self.night.broken.append("I34: verify found a difference, and nobody else had touched the account")
        if scenario.again == "release":
            sent = len(service.log)
            ended = self.does("release", ask_for_release(story.run_id), None)
            if not isinstance(ended.trouble, Refused) or len(service.log) > sent:
                self.night.broken.append("I15: a plan was carried out twice")
        elif scenario.again == "run":
            self.run_id = None
            self.does("run", ask_for_run, None)
            self.judged(final=True)

    def does(self, word: str, command: Command, strike: Strike | None) -> Ended:
        """Run one command, and judge what it left behind."""
        service = self.night.service
        first = len(service.log) + 1
        ended = Process(service, self.settings, self.now, self.night.scenario.jumps).run(command, strike)
        self.settings = replace(self.settings, home=ended.home)
        self.now = ended.at
        service.world.advance(self.now)
        self.run_id = self.run_id or self.latest()
        part = Part(word, self.run_id, first, ended.leave, len(service.log), ended.stopped_at, ended.killed)
        self.night.parts.append(part)
        self.note(word, ended)
        self.judged()
        return ended

    def note(self, word: str, ended: Ended) -> None:
        """Keep how a command ended, for the table."""
        night = self.night
        night.ends.append((word, ended))
        if ended.exit_code is not None:
            night.exit_codes[ended.exit_code] += 1
        if isinstance(ended.second, Locked):
            night.exit_codes[int(ended.second.exit_code)] += 1
        elif ended.second is not None:
            night.broken.append(f"I17: {ended.second!r}")
        if ended.struck is not None:
            night.service.faults.count({ended.struck: 1})

    def judged(self, *, final: bool = False) -> None:
        """Put the run as it is now before the checker."""
        night = self.night
        with Reader(self.settings.home) as ledger:
            story = None if self.run_id is None else ledger.story(self.run_id)
            if story is None or (len(story.starts) == 0 and story.ended is None):
                of_run = [part for part in night.parts if part.run_id == self.run_id]
                sent = [each for part in of_run for each in night.service.log[part.first - 1 : part.last]]
                if any(request.method != "GET" for request in sent):
                    night.broken.append("I15: something was sent for a plan that was never begun")
                return
            audit = build(ledger, story.run_id)
            rows = rows_of(audit)
            if final:
                night.broken += [f"reports differ: {pair}" for pair in differences(ledger, story.run_id)[:3]]
        night.case = Case(
            run_id=story.run_id,
            base_path=BASE_PATH,
            requests=night.service.log,
            removals=night.service.world.removals,
            changes=night.service.world.changes,
            parts=night.parts,
            lines=read_lines(self.settings.home),
            cells=[number_id or number for number_id, number in night.scenario.cells],
            rows=rows,
            exit_code=audit.exit_code,
            concurrency=night.scenario.concurrency,
            settle=night.scenario.settle,
            known=night.known,
            held=night.held,
            final=final,
        )
        night.words.update(str(row.outcome) for row in rows)
        night.words.update(row.evidence.partition(":20")[0] for row in rows)
        after = f"after command {len(night.parts)} ({night.parts[-1].command})"
        night.broken.extend(f"{broken} ({after})" for broken in judge(night.case))

    def story(self) -> RunStory | None:
        """The run as the ledger has it; None where there is none yet."""
        if self.run_id is None:
            return None
        with Reader(self.settings.home) as ledger:
            return ledger.story(self.run_id)

    def latest(self) -> str | None:
        """The run that the last command began; None where it came to none."""
        known = {part.run_id for part in self.night.parts}
        with Reader(self.settings.home) as ledger:
            return next((run_id for run_id in reversed(ledger.run_ids()) if run_id not in known), None)


def _settings(night: Scenario, folder: Path) -> Settings:
    return Settings(
        api_key=Secret(KEY),
        base_url=f"https://api.example{BASE_PATH}",
        home=folder / "home",
        output=folder / "runs",
        pace=night.pace,
        concurrency=night.concurrency,
        timeout=night.timeout,
        settle=night.settle,
        plan_ttl=night.plan_ttl,
        limits=night.limits,
        protect=_protected(night, folder),
        input=InputChoice(_input(night, folder), Wanted()),
        report=ReportOptions(formats=()),
        window=night.window,
        timezone="UTC",
        deadline=night.deadline,
        notify=NotifyOptions(),
    )


def _input(night: Scenario, folder: Path) -> Path:
    path = folder / "numbers.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "phone number"))
        writer.writerows(night.cells)
    return path


def _protected(night: Scenario, folder: Path) -> Path | None:
    if len(night.protected) == 0:
        return None
    path = folder / "protected.txt"
    path.write_text("\n".join(night.protected))
    return path


def _tamper(path: Path) -> None:
    """Change one byte of a plan after it was shown."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _held(world: World) -> frozenset[str]:
    over = ("completed", "cancelled") if world.generation == 1 else ("completed", "cancelled", "odd")
    return frozenset(each.number for each in world.campaigns if each.status not in over)
