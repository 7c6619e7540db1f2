"""The commands of a night, one after the other, and what happens between them. In: a `Night`. Out: it, lived through.

After each command the run is put before the checker as it is then.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from decom.errors import DecomError, Locked, Refused
from decom.ledger.reader import Reader, RunRecord
from decom.reporting.audit import build
from decom.reporting.interface import Audit
from decom.settings.secret import Secret
from decom.workflow import job
from decom.workflow.plan import PlanResult
from tests.reporting.oracle.compare import differences
from tests.reporting.oracle.interface import AuditRow
from tests.reporting.rows import rows_of
from tests.simulation import elsewhere, robbery
from tests.simulation.checker import judge
from tests.simulation.desk import BASE_PATH, approve_in_secret, change_one_byte, settings_for
from tests.simulation.process import (
    Command,
    Ended,
    Process,
    ask_for_release,
    ask_for_report,
    ask_for_resume,
    ask_for_run,
    ask_for_verify,
)
from tests.simulation.promises_of_ends import IN_FLIGHT
from tests.simulation.scenario import KEY, Strike
from tests.simulation.seen import Case, Line, Part, Truth, read_lines

if TYPE_CHECKING:
    from tests.simulation.night import Night

LONG_AGO = -100_000.0
"""When a rehearsal was that came first, on the night's clock."""
CALM_AFTER = 4_000.0
"""Seconds until nothing of the night is still on its way."""
NEW_KEY = "key_8:canary-1b20c4"
"""Another key of the same workspace."""


class Life:
    """One home and one list, from the first command to the last."""

    def __init__(self, night: "Night") -> None:
        self.night = night
        self.now = 0.0
        self.settings = settings_for(night.scenario, night.folder)
        self.run_id: str | None = None
        self.lost = False
        """True once the home is gone: nothing more can be asked of it."""
        self.backup: Path | None = None
        """The home as it was when the run was planned; None: nobody kept it."""
        self.besides: set[str] = set()
        """Runs that other commands made."""
        self.audited: tuple[str, Audit, tuple[AuditRow, ...]] | None = None
        """The ledger's head at the last audit, that audit and its rows: built again only when there is more to tell."""

    def all_night(self) -> None:
        """From the evening to the morning."""
        if self.night.scenario.rehearsal in ("same", "foreign"):
            self.rehearsed(LONG_AGO)
            self.settings = replace(self.settings, limits=self.night.scenario.limits)
        self.trouble()
        if not self.lost:
            self.calm()

    def rehearsed(self, at: float) -> None:
        """Another workspace of this home is at work."""
        scenario, known = self.night.scenario, self.besides | {part.run_id or "" for part in self.night.parts}
        made = elsewhere.rehearse(scenario, self.settings, at, self.night.broken) - known
        self.night.elsewhere = made
        self.besides |= made
        self.night.count(f"rehearsal {scenario.rehearsal}")

    def trouble(self) -> None:
        """The commands before the calm, each with what strikes it."""
        scenario = self.night.scenario
        for place, strike in enumerate(scenario.strikes):
            backup = self.copied() if scenario.between == "restored" and place > 0 else None
            self.go_on(strike, two_steps=scenario.two_steps and place == 0)
            if self.lost:
                return
            self.now += scenario.pauses[place]
            if scenario.between == "restored":
                self.restored(backup or self.backup)
            elif place == 0 and scenario.between != "":
                self.between(scenario.between)

    def between(self, what: str) -> None:
        """What happens between the first two commands."""
        story = self.story()
        if story is None or len(story.starts) == 0:
            return
        if what == "other key":
            words = elsewhere.resume_with_another_key(self.night.scenario, self.settings, story.run_id, self.now)
            self.night.count(what)
            self.night.broken += words
        elif what == "rotated":
            self.night.count(what)
            self.rotated(NEW_KEY)
            self.go_on(None)
            self.rotated(KEY)

    def rotated(self, key: str) -> None:
        """From now on this key is the only one: the service knows, and echoes, no other."""
        service = self.night.service
        service.world.key = key
        service.voice.echo = "" if service.voice.echo == "" else key
        self.settings = replace(self.settings, api_key=Secret(key))

    def copied(self) -> Path | None:
        """A backup of the home; None where there is none yet."""
        if not self.settings.home.is_dir():
            return None
        place = self.night.folder / "backup"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.settings.home, place)
        return place

    def restored(self, backup: Path | None) -> None:
        """An old ledger is brought back after newer reports were written: nothing may be done from what it knows."""
        run_id = self.run_id
        last = self.night.ends[-1][1]
        if backup is None or run_id is None or last.killed or last.struck in robbery.FILES:
            return
        with Reader(backup) as ledger:
            story = ledger.story(run_id)
        manifest = self.settings.output / run_id / "manifest.json"
        if story is None or not manifest.is_file() or len(read_lines(backup)) >= len(read_lines(self.settings.home)):
            return
        self.night.count("restored")
        written = manifest.read_bytes()
        for command in (ask_for_resume if len(story.starts) > 0 else ask_for_release, ask_for_report):
            first = len(self.night.service.log) + 1
            process = Process(self.night.service, replace(self.settings, home=backup), self.now, ())
            ended = process.run(command(run_id))
            self.now = ended.at
            deletes = [each.seq for each in self.night.service.log[first - 1 :] if each.method == "DELETE"]
            self.night.parts.append(Part("restored", None, first, None, len(self.night.service.log), ended_at=self.now))
            if ended.trouble is None or len(deletes) > 0 or manifest.read_bytes() != written:
                said = f"{command.__name__}, exit {ended.exit_code}, DELETEs {deletes}"
                self.night.broken.append(f"I26: an older ledger went on with a run that was reported since: {said}")

    def go_on(self, strike: Strike | None, *, two_steps: bool = False) -> Ended:
        """The command that a person would type next."""
        if two_steps:
            ended = self.does("plan", job.plan, None)
            if (planned := self.story()) is None:
                return ended
            self.backup = self.copied() if self.night.scenario.between == "restored" else None
            if self.night.scenario.rehearsal == "meanwhile":
                self.rehearsed(self.now)
            if self.night.scenario.again == "tampered":
                change_one_byte(self.settings.output / planned.run_id / "plan.json")
            if self.night.scenario.again == "rewritten" and approve_in_secret(self.settings.home, planned.run_id):
                return self.rewritten(planned.run_id)
        story = self.story()
        if story is None or (len(story.starts) == 0 and story.ended is not None):
            self.run_id = None
            return self.does("run", ask_for_run, strike)
        if len(story.starts) > 0:
            return self.does("resume", ask_for_resume(story.run_id), strike)
        return self.does("release", ask_for_release(story.run_id), strike)

    def rewritten(self, run_id: str) -> Ended:
        """The plan's rows were changed in the ledger: nothing may be released of what nobody was shown."""
        self.night.count("rewritten")
        first = len(self.night.service.log)
        ended = self.does("release", ask_for_release(run_id), None, judged=False)
        if any(each.method == "DELETE" for each in self.night.service.log[first:]):
            self.night.broken.append("I15: a plan was carried out that was changed in the ledger")
        self.run_id, self.lost = None, True
        return ended

    def calm(self) -> None:
        """Nothing goes wrong any more: bring the run to its end, look again, and try what must be refused."""
        scenario, service = self.night.scenario, self.night.service
        world = scenario.world
        scenario.faults.quiet, service.limit, service.on_request = True, None, {}
        world.key_accepted = world.may_delete = world.may_read_holds = True
        world.stubborn = None
        service.voice.ills = {}
        self.settings = replace(self.settings, deadline=None, window=None)
        self.now += CALM_AFTER
        self.go_on(None)
        story = self.story()
        if self.lost or story is None or len(story.starts) == 0:
            return
        self.judged(final=True)
        if scenario.again == "changed":
            self.changed()
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

    def changed(self) -> None:
        """Somebody changes the account after the report: what was gone comes back, or what stayed leaves."""
        world, case = self.night.scenario.world, self.night.case
        assert case is not None
        gone = [row for row in case.rows if row.outcome in ("missing", "released") and row.number_id is not None]
        stays = [row for row in case.rows if row.outcome in ("conflicted", "protected") and row.number_id is not None]
        if len(gone) > 0:
            world.arrive(gone[-1].number_id or "", gone[-1].phone_number or "+14155551111")
        elif len(stays) > 0:
            world.remove(stays[-1].number_id or "", None)
        self.night.count("changed")

    def does(self, word: str, command: Command, strike: Strike | None, *, judged: bool = True) -> Ended:
        """Run one command, and judge what it left behind."""
        service = self.night.service
        first = len(service.log) + 1
        process = Process(service, self.settings, self.now, self.night.scenario.jumps)
        ended = process.run(command, strike, self.run_id)
        self.now = ended.at
        service.world.advance(self.now)
        self.settings = robbery.given_back(replace(self.settings, home=ended.home), ended.struck)
        self.note(word, ended, first)
        self.lost = self.lost or ended.struck == "home gone"
        if not self.lost:
            self.run_id = self.run_id or self.latest()
        part = Part(
            word,
            self.run_id,
            first,
            ended.leave,
            len(service.log),
            stopped_at=ended.stopped_at,
            killed=ended.killed,
            exit_code=ended.exit_code,
            robbed_at=ended.robbed_at,
            ended_at=self.now,
        )
        self.night.parts.append(part)
        if judged:
            self.judged()
        return ended

    def note(self, word: str, ended: Ended, first: int) -> None:
        """Keep how a command ended, for the table; `first` is the number of its first request."""
        night = self.night
        night.ends.append((word, ended))
        if ended.exit_code is not None:
            night.exit_codes[ended.exit_code] += 1
        if ended.crash is not None:
            night.broken.append(f"I28: {word} ended in a traceback: {ended.crash}")
        if isinstance(ended.second, DecomError):
            night.exit_codes[int(ended.second.exit_code)] += 1
        if isinstance(ended.second, PlanResult):
            self.besides.add(ended.second.plan.head.run_id)
        elif ended.second is not None and not isinstance(ended.second, Locked):
            night.broken.append(f"I17: a second command beside {word}: {ended.second!r}")
        if ended.struck is not None:
            night.count(ended.struck)
        if ended.struck == "home gone" and ended.exit_code in (0, 3) and ended.robbed_at is not None:
            of_part = [each for each in night.service.log if each.seq >= first]
            sent = any(each.method == "DELETE" for each in of_part)
            if sent and any(each.arrived > ended.robbed_at + IN_FLIGHT for each in of_part):
                night.broken.append(f"E4: {word} lost its record of releases, and ended with {ended.exit_code}")

    def judged(self, *, final: bool = False) -> None:
        """Put the run as it is now before the checker."""
        night = self.night
        after = f"after command {len(night.parts)} ({night.parts[-1].command})"
        if self.lost:
            case = self.case((), (), 4, final=False)
            self.broke(judge(case, without_ledger=True), after)
            return
        with Reader(self.settings.home) as ledger:
            story = None if self.run_id is None else ledger.story(self.run_id)
            if story is None or (len(story.starts) == 0 and story.ended is None):
                of_run = [part for part in night.parts if part.run_id == self.run_id]
                sent = [each for part in of_run for each in night.service.log[part.first - 1 : part.last]]
                if any(request.method != "GET" for request in sent):
                    night.broken.append("I15: something was sent for a plan that was never begun")
                return
            head = ledger.head(story.run_id)
            if self.audited is None or self.audited[0] != head:
                audit = build(ledger, story.run_id)
                self.audited = (head, audit, rows_of(audit))
            _, audit, rows = self.audited
            if final:
                night.broken += [f"reports differ: {pair}" for pair in differences(audit, ledger, story.run_id)[:3]]
        night.case = self.case(read_lines(self.settings.home), rows, audit.exit_code, final=final)
        night.words.update(str(row.outcome) for row in rows)
        night.words.update(row.evidence.partition(":20")[0] for row in rows)
        night.words.update(f"{name} {state}" for name, state in night.case.states().items())
        self.broke(judge(night.case), after)

    def broke(self, found: Iterable[str], after: str) -> None:
        """Keep each broken promise once, with the command after which it was first seen."""
        known = {words.rpartition(" (after")[0] for words in self.night.broken}
        self.night.broken += [f"{words} ({after})" for words in found if words not in known]

    def case(self, lines: Sequence[Line], rows: Sequence[AuditRow], exit_code: int, *, final: bool) -> Case:
        """Everything that is needed to judge the run as it is now."""
        night = self.night
        scenario, world = night.scenario, night.service.world
        return Case(
            run_id=self.run_id or "",
            base_path=BASE_PATH,
            requests=night.service.log,
            removals=world.removals,
            changes=world.changes,
            parts=night.parts,
            lines=lines,
            cells=[row.number_id or row.number for row in scenario.rows],
            rows=rows,
            exit_code=exit_code,
            concurrency=scenario.concurrency,
            settle=night.service.settle,
            known=night.known,
            truth=Truth(
                rows=scenario.rows,
                operations=scenario.operations,
                protected=frozenset(scenario.protected),
                holds=[*world.every_hold()],
                sources=frozenset(name for name in ("campaigns", "batch-calls", "workflows") if world.has(name)),
                accepted=frozenset(scenario.accepted),
                ills=night.ills,
                pending=frozenset(world.pending),
                workflows=any(str(each["status"]).lower() == "active" for each in world.workflows),
                elsewhere=night.elsewhere,
                foreign=scenario.rehearsal == "foreign",
                plan_ttl=scenario.plan_ttl.total_seconds(),
                jumps=scenario.jumps,
            ),
            final=final,
        )

    def story(self) -> RunRecord | None:
        """The run as the ledger has it; None where there is none yet."""
        if self.run_id is None or self.lost:
            return None
        with Reader(self.settings.home) as ledger:
            return ledger.story(self.run_id)

    def latest(self) -> str | None:
        """The run that the last command began; None where it came to none."""
        known = {part.run_id for part in self.night.parts} | self.besides
        with Reader(self.settings.home) as ledger:
            return next((run_id for run_id in reversed(ledger.run_ids()) if run_id not in known), None)
