"""Each exit code, brought about by what a person really meets; and for each error what, where and what to type."""

import base64
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import audit_rows, deletes, ids, input_of
from tests.service.faults import Fault, Rule
from tests.service.server import Sandbox
from tests.service.world import World


def test_0_for_a_plan_without_a_conflict(decom: Command, sandbox: Sandbox) -> None:
    ran = decom("plan", input_of(decom.folder, ids(sandbox.world.releasable)[:3]))
    assert ran.code == 0, ran.err


def test_3_for_a_plan_with_a_conflict_which_it_names(decom: Command, sandbox: Sandbox) -> None:
    held = sandbox.world.held_openly[0]
    ran = decom("plan", input_of(decom.folder, [held["id"]]))
    assert ran.code == 3, ran.err
    assert "campaign" in (decom.run_folder() / "plan.csv").read_text()


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, ["numbers.csv"]), ("", ["numbers.csv"]), ("colour,shape\nred,round\n", ["colour", "--column"])],
)
def test_2_for_a_file_that_cannot_be_used(
    decom: Command, sandbox: Sandbox, content: str | None, words: list[str]
) -> None:
    if content is not None:
        (decom.folder / "numbers.csv").write_text(content)
    ran = decom("plan", "numbers.csv")
    assert ran.code == 2, ran.err
    assert all(word in ran.err for word in words), ran.err
    assert "Traceback" not in ran.err
    assert sandbox.log == []


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DIALNEXA_API_KEY": ""}, "DIALNEXA_API_KEY"),
        ({"DIALNEXA_BASE_URL": "http://api.dialnexa.com/v1"}, "https"),
        ({"DECOM_MAX_RELEASE": "0"}, "DECOM_MAX_RELEASE"),
        ({"DECOM_RATE": "0/0"}, "DECOM_RATE"),
    ],
)
def test_2_for_settings_that_cannot_be_used(
    decom: Command, sandbox: Sandbox, environment: dict[str, str], words: str
) -> None:
    ran = decom("plan", input_of(decom.folder, ids(sandbox.world.releasable)[:1]), **environment)
    assert ran.code == 2, ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert sandbox.log == []


def test_4_when_the_service_is_not_there_and_every_row_is_reported(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, [*ids(sandbox.world.releasable)[:2], "no number"])
    ran = decom("run", numbers, "--execute", "--yes", DIALNEXA_BASE_URL="http://127.0.0.1:9/v1")
    assert ran.code == 4, ran.err
    rows = audit_rows(decom.run_folder())
    assert [row["outcome"] for row in rows] == ["not_attempted", "not_attempted", "invalid"]
    assert rows[0]["evidence"] == "stopped:outage"


@pytest.mark.parametrize(
    ("flags", "words"),
    [(("--max-release", "2"), "--max-release"), (("--max-share", "0.001"), "--max-share")],
)
def test_5_when_a_guard_refuses_with_both_numbers_and_the_way_out(
    decom: Command, sandbox: Sandbox, flags: tuple[str, str], words: str
) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    for execute in ((), ("--execute", "--yes")):
        ran = decom("run", numbers, *execute, *flags)
        assert ran.code == 5, ran.err
        assert words in ran.err
    assert deletes(sandbox) == []


def test_5_when_nobody_confirms(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    ran = decom("run", numbers, "--execute")
    assert ran.code == 5, ran.err
    assert "--yes" in ran.err
    assert deletes(sandbox) == []


def test_5_when_a_plan_was_changed(decom: Command, sandbox: Sandbox) -> None:
    decom("plan", input_of(decom.folder, ids(sandbox.world.releasable)[:3]))
    plan = decom.run_folder() / "plan.json"
    plan.write_bytes(plan.read_bytes().replace(b"release", b"missing", 1))
    ran = decom("release", plan, "--yes")
    assert ran.code == 5, ran.err
    assert "changed" in ran.err
    assert deletes(sandbox) == []


def test_5_when_a_plan_is_too_old_or_for_another_key(decom: Command, sandbox: Sandbox) -> None:
    decom("plan", input_of(decom.folder, ids(sandbox.world.releasable)[:3]))
    run_id = decom.run_folder().name
    assert decom("release", run_id, "--yes", DECOM_PLAN_TTL="0s").code in (2, 5)
    assert decom("release", run_id, "--yes", DIALNEXA_API_KEY="other:secret").code == 5
    assert deletes(sandbox) == []


def test_6_when_the_key_is_refused_before_anything_is_planned(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    ran = decom("run", numbers, "--execute", "--yes", DIALNEXA_API_KEY="wrong:key")
    assert ran.code == 6, ran.err
    assert not decom.output.exists() or list(decom.output.iterdir()) == []
    assert deletes(sandbox) == []


def test_json_is_one_object_on_stdout_and_nothing_else(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:3])
    ran = decom("run", numbers, "--execute", "--yes", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["counts"]["released"] == 3
    assert found["exit_code"] == 0
    assert "rows" not in found
    assert all(json.loads(line)["event"] for line in ran.err.splitlines())


CANARY = "canary:7f3d9a51c0de7f3d9a51c0de"


def test_the_key_is_in_no_byte_that_a_run_leaves(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    world = World.made_up(numbers=60)
    world.key = CANARY
    decom = decom_for(start_sandbox(world))
    numbers = input_of(decom.folder, [*ids(world.releasable)[:3], ids(world.held_openly)[0]])
    printed = ""
    for arguments in (
        ("plan", numbers, "--verbose"),
        ("run", numbers, "--execute", "--yes", "--verbose"),
        ("runs",),
        ("doctor", "--verbose"),
        ("run", numbers, "--json", "--verbose"),
    ):
        ran = decom(*arguments)
        printed += ran.out + ran.err
    left = [path for path in decom.folder.rglob("*") if path.is_file()]
    assert len(left) > 8
    secret = CANARY.split(":")[1]
    assert secret not in printed
    assert [path for path in left if secret.encode() in path.read_bytes()] == []


def test_a_key_that_the_service_says_again_is_in_no_byte_either(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    """In nicknames, in what holds a number, in the words of a refusal and of an error; as it is and in base64."""
    world = World.made_up(numbers=60)
    world.key = CANARY
    secret, in_base64 = CANARY.split(":")[1], base64.b64encode(CANARY.encode()).decode()
    chosen = [*ids(world.releasable)[:5], ids(world.held_openly)[0]]
    for number_id in chosen:
        world.numbers[number_id]["nickname"] = f"of {CANARY} or {in_base64}"
    for campaign in world.campaigns:
        campaign["name"] = f"with {secret}"
    world.secret_holds[chosen[0]] = f"in use by {CANARY}"
    decom = decom_for(
        start_sandbox(
            world,
            faults=[
                Rule.of(Fault("body", text=f'{{"message":"released with {in_base64}"}}'), ids=[chosen[1]]),
                Rule.of(Fault("redirect_307", text=f"http://[{CANARY}"), ids=[chosen[2]], nth=1),
            ],
        )
    )
    printed = ""
    ran = decom("run", input_of(decom.folder, chosen), "--execute", "--yes", "--verbose")
    assert ran.code in (3, 4), ran.err
    for arguments in (("show", decom.run_folder().name), ("show", chosen[0]), ("plan", "numbers.csv", "--json")):
        again = decom(*arguments)
        printed += again.out + again.err
    printed += ran.out + ran.err
    assert "***" in printed
    assert secret not in printed and in_base64 not in printed
    left = [path for path in decom.folder.rglob("*") if path.is_file()]
    assert len(left) > 8
    assert [p for p in left if secret.encode() in p.read_bytes() or in_base64.encode() in p.read_bytes()] == []


def test_files_are_0600_and_folders_0700_whatever_the_umask(decom: Command, sandbox: Sandbox) -> None:
    assert decom("run", input_of(decom.folder, ids(sandbox.world.releasable)[:2]), "--execute", "--yes").code == 0
    for top in (decom.home, decom.output):
        for path in (top, *top.rglob("*")):
            expected = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_2_for_a_report_format_that_does_not_exist_before_anything_is_asked(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:1])
    (decom.folder / "job.toml").write_text(f'[input]\npath = "{numbers.name}"\n[report]\nformats = ["csv", "pdf"]\n')
    ran = decom("run", "job.toml", "--execute", "--yes")
    assert ran.code == 2, ran.err
    assert "pdf" in ran.err
    assert sandbox.log == []


def test_5_outside_the_window_and_the_plan_stays_for_later(decom: Command, sandbox: Sandbox) -> None:
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:2])
    hour = datetime.now(UTC) + timedelta(hours=3)
    window = f"{hour:%H:%M}-{hour + timedelta(hours=1):%H:%M}"
    ran = decom("run", numbers, "--execute", "--yes", "--window", window, "--timezone", "UTC")
    assert ran.code == 5, ran.err
    assert window in ran.err
    assert deletes(sandbox) == []
    assert decom("release", decom.run_folder().name, "--yes").code == 0


def test_4_when_the_deadline_passes_and_resume_does_the_rest(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(World.made_up(numbers=100), faults=[Rule.of("latency:0.3")])
    decom = decom_for(sandbox)
    numbers = input_of(decom.folder, ids(sandbox.world.releasable)[:20])
    ran = decom("run", numbers, "--execute", "--yes", "--concurrency", "2", "--deadline", "1s")
    assert ran.code == 4, ran.err
    left = {row["evidence"] for row in audit_rows(decom.run_folder()) if row["outcome"] != "released"}
    assert left == {"stopped:deadline"}
    assert 0 < len(sandbox.removed) < 20
    sandbox.faults = ()
    assert decom("resume", "--yes").code == 0
    assert len(sandbox.removed) == 20
