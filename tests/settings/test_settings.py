"""Settings: who beats whom, what each may be, and that a wrong one is named with its place and a way out."""

import os
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa.pacing.rate import AUTO, UNLIMITED, Fixed
from decom.errors import BadSettings
from decom.planning.plan import Billing
from decom.planning.selection import Selection
from decom.settings.catalogue import DEFAULT_BASE_URL, SETTINGS
from decom.settings.credentials import checked_base_url, checked_key
from decom.settings.home import home_of
from decom.settings.load import Settings, load
from decom.settings.secret import Secret
from decom.settings.setting import Setting
from decom.settings.sources import read_sources

KEY = "key_id:canary-7f3d9a51c0de"
ROOT = Path(__file__).parents[2]


def settings(
    folder: Path,
    flags: Mapping[str, object] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    dotenv: str | None = None,
    job: str | None = None,
) -> Settings:
    """What comes of flags, environment, a `.env` in `folder` and a job file in `folder/jobs`."""
    if dotenv is not None:
        (folder / ".env").write_text(dotenv)
        (folder / ".env").chmod(0o600)
    job_file = None
    if job is not None:
        job_file = folder / "jobs" / "night.toml"
        job_file.parent.mkdir()
        job_file.write_text(job)
    return load(flags or {}, job_file, {"HOME": str(folder), **(env or {})}, folder)


def refusal(folder: Path, flags: Mapping[str, object] | None = None, **sources: object) -> BadSettings:
    with pytest.raises(BadSettings) as caught:
        settings(folder, flags, **sources)  # type: ignore[arg-type]  # the same words as `settings` takes
    assert caught.value.remedy is not None
    assert "canary" not in str(caught.value)
    return caught.value


def test_without_anything_said_the_defaults_are_those_of_the_documents(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.base_url == "https://api.dialnexa.com/v1"
    assert found.home == tmp_path / ".local/state/decom"
    assert found.output == tmp_path / "decom-runs"
    assert (found.pace.rate, found.pace.reserve) == (AUTO, 0.1)
    assert (found.concurrency, found.timeout, found.settle, found.quiet) == (16, 30.0, 60.0, 60.0)
    assert (found.limits.max_release, found.limits.max_share, found.limits.max_missing) == (100, 0.5, 0.5)
    assert found.input.wanted.max_rows == 1_000_000
    assert found.plan_ttl == timedelta(hours=24)
    assert (found.api_key, found.protect, found.window, found.deadline) == (None, None, None, None)
    assert (found.notify.urls, found.notify.heartbeat, found.notify.metrics_file) == ((), None, None)
    assert (found.warnings, found.origins) == ((), {})


def test_flags_beat_environment_beats_dotenv_beats_job_file_beats_default(tmp_path: Path) -> None:
    said = [
        ({"concurrency": "1"}, {"DECOM_CONCURRENCY": "2"}, "DECOM_CONCURRENCY=3", "[rate]\nconcurrency = 4"),
        (None, {"DECOM_CONCURRENCY": "2"}, "DECOM_CONCURRENCY=3", "[rate]\nconcurrency = 4"),
        (None, None, "DECOM_CONCURRENCY=3", "[rate]\nconcurrency = 4"),
        (None, None, None, "[rate]\nconcurrency = 4"),
        (None, None, None, None),
    ]
    found = []
    for number, (flags, env, dotenv, job) in enumerate(said):
        folder = tmp_path / str(number)
        folder.mkdir()
        found.append(settings(folder, flags, env=env, dotenv=dotenv, job=job))
    assert [each.concurrency for each in found] == [1, 2, 3, 4, 16]
    places = [each.origins.get("concurrency") for each in found]
    assert places == [
        "--concurrency",
        "DECOM_CONCURRENCY",
        ".env: DECOM_CONCURRENCY",
        "night.toml: [rate] concurrency",
        None,
    ]


def test_a_flag_that_was_not_given_hides_nothing(tmp_path: Path) -> None:
    assert settings(tmp_path, {"concurrency": None}, env={"DECOM_CONCURRENCY": "2"}).concurrency == 2


NOT_AS_THEY_STAND = ("api_key_file", "heartbeat")
"""One example names a file that is not there, the other is shortened."""
WITH_VARIABLES = [each for each in SETTINGS if each.env is not None and each.name not in NOT_AS_THEY_STAND]


@pytest.mark.parametrize("setting", WITH_VARIABLES, ids=lambda each: each.name)
def test_every_variable_takes_its_own_example(setting: Setting, tmp_path: Path) -> None:
    assert setting.env is not None
    assert settings(tmp_path, env={setting.env: setting.example_value}).origins[setting.name] == setting.env


@pytest.mark.parametrize("name", ["nightly.toml", "one_off.toml"])
def test_the_job_files_that_come_with_it_can_be_loaded(name: str, tmp_path: Path) -> None:
    found = load({}, ROOT / "jobs" / name, {"HOME": str(tmp_path)}, tmp_path)
    assert found.input.path is not None
    assert found.input.path.parent == ROOT / "jobs"
    assert found.limits.max_release > 100


def test_every_key_of_a_job_file_reaches_its_setting(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "key").chmod(0o600)
    found = settings(
        tmp_path,
        job=f"""
        [input]
        path = "numbers.csv"
        column = "phone"
        sheet = "Old"
        region = "in"
        hidden_rows = "skip"
        only = ["operation=Delete", "team=Sales"]
        exclude = "+14155550100"
        limit = 5
        ignore_column = ["to release"]
        [guards]
        max_release = 7
        max_share = 1
        max_missing = 0
        max_cost = 12.5
        max_rows = 10
        accept_unchecked = ["batch-calls"]
        plan_ttl = "1h30m"
        protect = "never.txt"
        [rate]
        rate = "20/2.5"
        concurrency = 3
        reserve = 0.25
        window = "22:00-05:00"
        timezone = "Asia/Kolkata"
        deadline = "3h"
        [report]
        output = "runs"
        formats = ["csv"]
        group_by = "team"
        [billing]
        cycle = "column"
        column = "renews"
        [notify]
        urls = ["mailto://a:b@example.com"]
        on = "always"
        heartbeat = "https://hc.example.com/x"
        metrics_file = "decom.prom"
        [account]
        base_url = "https://eu.dialnexa.com/v1"
        workspace = "production"
        api_key_file = "{tmp_path}/key"
        [run]
        home = "ledger"
        timeout = 5
        settle = 0
        """,
    )
    jobs = tmp_path / "jobs"
    assert found.input.path == jobs / "numbers.csv"
    wanted = found.input.wanted
    assert (wanted.column, wanted.sheet, wanted.region, wanted.hidden_rows, wanted.max_rows) == (
        "phone",
        "Old",
        "IN",
        "skip",
        10,
    )
    only = ("operation=Delete", "team=Sales")
    assert found.input.selection == Selection(only, ("+14155550100",), 5, ("to release",))
    assert (found.limits.max_release, found.limits.max_share, found.limits.max_missing) == (7, 1.0, 0.0)
    assert found.accept_unchecked == ("batch-calls",)
    assert (found.limits.max_cost, found.workspace) == (Decimal("12.5"), "production")
    assert (found.plan_ttl, found.protect) == (timedelta(minutes=90), jobs / "never.txt")
    assert (found.pace.rate, found.pace.reserve, found.concurrency) == (Fixed(20, 2.5), 0.25, 3)
    assert (found.window, found.timezone, found.deadline) == ("22:00-05:00", "Asia/Kolkata", 10_800.0)
    assert (found.output, found.home) == (jobs / "runs", jobs / "ledger")
    assert (found.report.formats, found.report.group_by) == (("csv",), "team")
    assert found.report.billing == Billing("column", None, "renews")
    assert [url.reveal() for url in found.notify.urls] == ["mailto://a:b@example.com"]
    assert (found.notify.on, found.notify.metrics_file) == ("always", jobs / "decom.prom")
    assert (found.base_url, found.timeout, found.settle) == ("https://eu.dialnexa.com/v1", 5.0, 0.0)
    assert found.quiet == 10.0, "what was given up may still be carried out: twice the timeout at least"
    assert found.api_key == Secret(KEY)
    assert {setting.name for setting in SETTINGS} - set(found.origins) == {"api_key", "day"}


def test_nothing_that_holds_a_secret_shows_it(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        env={"DIALNEXA_API_KEY": KEY, "DECOM_NOTIFY_URLS": "mailto://canary", "DECOM_HEARTBEAT": "https://x.y/canary"},
    )
    assert "canary" not in repr(found)
    assert "***" in repr(found)
    assert found.api_key is not None
    assert found.api_key.reveal() == KEY
    assert "canary" not in f"{found.api_key} {found.api_key!s}"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("max_release", "0", "whole number from 1"),
        ("max_release", "-5", "whole number from 1"),
        ("max_release", "1e3", "whole number from 1"),
        ("max_release", "1,000", "whole number from 1"),
        ("max_release", "١٢", "whole number from 1"),
        ("max_share", "0", "share above 0"),
        ("max_share", "1.5", "share above 0"),
        ("max_share", "nan", "share above 0"),
        ("max_share", "inf", "share above 0"),
        ("max_share", "50%", "share above 0"),
        ("max_missing", "-0.1", "share from 0"),
        ("max_rows", "0", "whole number from 1"),
        ("rate", "0/0", "at least 1 request"),
        ("rate", "fast", "not a valid rate"),
        ("concurrency", "0", "from 1 to 256"),
        ("concurrency", "257", "from 1 to 256"),
        ("reserve", "2", "share from 0"),
        ("timeout", "0", "seconds above 0"),
        ("timeout", "nan", "seconds above 0"),
        ("settle", "-1", "seconds from 0"),
        ("max_cost", "-1", "amount in USD"),
        ("max_cost", "$20", "amount in USD"),
        ("max_cost", "1e3", "amount in USD"),
        ("max_cost", "1000000000000", "amount in USD"),
        ("plan_ttl", "0h", "duration with its unit"),
        ("plan_ttl", "24", "duration with its unit"),
        ("plan_ttl", "1000000000d", "duration with its unit"),
        ("deadline", "soon", "duration with its unit"),
        ("window", "22-5", "expected hours"),
        ("window", "24:00-05:00", "expected hours"),
        ("window", "05:00-05:00", "differs from the start"),
        ("timezone", "Mars/Base", "expected a time zone"),
        ("timezone", "../../etc/passwd", "expected a time zone"),
        ("region", "IND", "two-letter"),
        ("region", "1N", "two-letter"),
        ("hidden_rows", "maybe", "include or skip"),
        ("column", " ", "single line of text"),
        ("protect", "a\0b", "path of a file"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_place_and_an_example(
    name: str, value: str, words: str, tmp_path: Path
) -> None:
    error = refusal(tmp_path, {name: value})
    assert error.where == f"--{name.replace('_', '-')}"
    assert words in error.what
    assert error.remedy is not None and error.where in error.remedy


@pytest.mark.parametrize(
    ("job", "where", "words", "remedy"),
    [
        ("[guards]\nmax_relaese = 3", "night.toml", "[guards] max_relaese", "Did you mean [guards] max_release?"),
        ("[guard]\nmax_release = 3", "night.toml", "[guard] max_release", "belongs under [guards]"),
        ("[rate]\nmax_release = 3", "night.toml", "[rate] max_release", "belongs under [guards]"),
        ('rate = "150/60"', "night.toml", "unknown setting rate", "section of its own: [rate]"),
        ("[zoo]\nlion = 3", "night.toml", "[zoo] lion", "[guards]"),
        ('[account]\napi_key = "a:b"', "night.toml", "[account] api_key", "api_key_file"),
        ("[guards]\nmax_release = true", "[guards] max_release", "invalid value True", "max_release = 100"),
        ("[guards]\nmax_release = 1.0", "[guards] max_release", "invalid value 1.0", "max_release = 100"),
        ("[rate]\nrate = 150", "[rate] rate", "invalid value 150", 'rate = "150/60"'),
        ('[report]\nformats = "csv', "night.toml", "not valid TOML", "nightly.toml"),
        ("[report]\nformats = []", "[report] formats", "at least one entry", "formats = ["),
        ('[input]\ncolumn = ""', "[input] column", "empty", "remove it"),
        ('[billing]\ncycle = "calendar"', "[billing] cycle", "needs [billing] day", "day = 1"),
        ('[billing]\ncycle = "column"', "[billing] cycle", "needs [billing] column", "column ="),
        ("[billing]\nday = 3", "[billing] day", 'without cycle = "calendar"', "remove it"),
        ('[billing]\ncycle = "weekly"', "[billing] cycle", "calendar", "cycle ="),
        ('[notify]\nheartbeat = "ftp://canary"', "[notify] heartbeat", "URL", "https://"),
        ("[notify]\nurls = [3]", "[notify] urls", "list of texts", "urls ="),
    ],
)
def test_a_job_file_that_says_something_wrong_is_refused_with_the_key_and_the_way_out(
    job: str, where: str, words: str, remedy: str, tmp_path: Path
) -> None:
    error = refusal(tmp_path, job=job)
    assert where in (error.where or "")
    assert words in error.what
    assert remedy in (error.remedy or "")


def test_a_job_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.toml", "cannot be read"), (tmp_path, "not a regular file")):
        with pytest.raises(BadSettings, match=words):
            load({}, path, {}, tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'[input]\npath = "\xe9"')
    with pytest.raises(BadSettings, match="UTF-8"):
        load({}, tmp_path / "latin.toml", {}, tmp_path)
    (tmp_path / "large.toml").write_bytes(b"#" * 2_000_000)
    with pytest.raises(BadSettings, match="too large"):
        load({}, tmp_path / "large.toml", {}, tmp_path)


def test_an_empty_variable_is_refused_because_nobody_meant_it(tmp_path: Path) -> None:
    error = refusal(tmp_path, env={"DECOM_MAX_RELEASE": ""})
    assert "DECOM_MAX_RELEASE" in error.what
    assert "unset" in (error.remedy or "")


def test_a_variable_that_is_no_setting_is_told_with_the_nearest_that_is(tmp_path: Path) -> None:
    env = {"DECOM_MAX_SHRE": "0.1", "DIALNEXA_API_KEYS": "x", "DIALNEXA_WEBHOOK": "the vendor's own"}
    warnings = settings(tmp_path, env=env).warnings
    assert ["DECOM_MAX_SHARE?" in warnings[0], "DIALNEXA_API_KEY?" in warnings[1]] == [True, True]
    assert len(warnings) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("canary:x\n", "line break"),
        ("canary:x\r\nX-Evil: y", "line break"),
        (" canary:x", "whitespace"),
        ("canary:x ", "whitespace"),
        ("canary: x", "whitespace"),
        ("canary\t:x", "whitespace"),
        ("“canary:x”", "quotation mark"),
        ("'canary:x'", "quotation mark"),
        ('"canary:x"', "quotation mark"),
        ("Bearer canary:x", "Bearer"),
        ("bearer canary:x", "Bearer"),
        ("canary", "colon"),
        (":canary", "one side"),
        ("canary:", "one side"),
        ("canary:é", "not ASCII"),
        ("canary:\x00", "not ASCII"),
        ("canary:\u200b", "not ASCII"),
        ("сanary:x", "not ASCII"),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(text: str, words: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, env={"DIALNEXA_API_KEY": text})
    assert words in error.what
    assert error.where == "DIALNEXA_API_KEY"
    assert text.strip() == "" or text.strip() not in str(error)


@given(st.text())
def test_a_key_that_is_accepted_fits_into_a_header_as_it_is(text: str) -> None:
    try:
        key = checked_key(text, "here").reveal()
    except BadSettings:
        return
    assert key == text
    assert key.isascii() and key.isprintable() and " " not in key and key.strip(":") == key


def test_a_key_file_loses_one_line_break_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for content, good in (
        (KEY, True),
        (f"{KEY}\n", True),
        (f"{KEY}\r\n", True),
        (f"{KEY}\n\n", False),
        (f" {KEY}", False),
    ):
        path.write_text(content, newline="")
        path.chmod(0o600)
        if good:
            assert settings(tmp_path, env={"DIALNEXA_API_KEY_FILE": "key"}).api_key == Secret(KEY)
        else:
            assert str(path) in (refusal(tmp_path, env={"DIALNEXA_API_KEY_FILE": "key"}).where or "")


def test_a_key_file_that_is_none_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text("canary:" + "x" * 5000)
    (tmp_path / "binary").write_bytes(b"canary:\xff")
    cases = {
        "missing": "cannot be read",
        ".": "cannot be read",
        "pipe": "not a regular file",
        "large": "too large",
        "binary": "no key has",
    }
    for name, words in cases.items():
        assert words in refusal(tmp_path, env={"DIALNEXA_API_KEY_FILE": name}).what


def test_a_key_that_others_may_read_is_told_and_a_link_to_a_private_one_is_fine(tmp_path: Path) -> None:
    secret = tmp_path / "..data"
    secret.write_text(KEY)
    secret.chmod(0o644)
    (tmp_path / "key").symlink_to(secret)
    found = settings(tmp_path, env={"DIALNEXA_API_KEY_FILE": "key"})
    assert ["chmod 600" in warning for warning in found.warnings] == [True]
    secret.chmod(0o600)
    found = settings(tmp_path, env={"DIALNEXA_API_KEY_FILE": "key"})
    assert (found.warnings, found.api_key) == ((), Secret(KEY))


def test_two_keys_in_one_place_are_refused_and_the_stronger_place_wins(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("other:secret")
    (tmp_path / "key").chmod(0o600)
    error = refusal(tmp_path, env={"DIALNEXA_API_KEY": KEY, "DIALNEXA_API_KEY_FILE": "key"})
    assert "DIALNEXA_API_KEY and DIALNEXA_API_KEY_FILE" in error.what
    found = settings(tmp_path, env={"DIALNEXA_API_KEY_FILE": "key"}, dotenv=f"DIALNEXA_API_KEY={KEY}")
    assert found.api_key == Secret("other:secret")


def test_a_command_that_sends_nothing_asks_for_no_key(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "DIALNEXA_API_KEY": "", "DIALNEXA_BASE_URL": "http://example.com"}
    assert load({}, None, environ, tmp_path, with_key=False).api_key is None


ELSEWHERE = "https://elsewhere.example/v1"


@pytest.mark.parametrize(
    ("flags", "env", "dotenv", "job", "allowed"),
    [
        ({}, {"DIALNEXA_API_KEY": KEY}, f"DIALNEXA_BASE_URL={ELSEWHERE}", None, False),
        ({}, {"DIALNEXA_API_KEY": KEY}, None, f'[account]\nbase_url = "{ELSEWHERE}"', False),
        ({}, {}, f"DIALNEXA_API_KEY={KEY}", f'[account]\nbase_url = "{ELSEWHERE}"', False),
        ({}, {}, f"DIALNEXA_BASE_URL={ELSEWHERE}", '[account]\napi_key_file = "key"', False),
        ({}, {"DIALNEXA_API_KEY": KEY}, f"DIALNEXA_BASE_URL={ELSEWHERE}\nDIALNEXA_API_KEY=other:key", None, False),
        ({}, {}, f"DIALNEXA_BASE_URL={ELSEWHERE}\nDIALNEXA_API_KEY_FILE=jobs/key", None, False),
        (
            {},
            {"DIALNEXA_API_KEY_FILE": "jobs/key"},
            f"DIALNEXA_BASE_URL={ELSEWHERE}\nDIALNEXA_API_KEY=a:b",
            None,
            False,
        ),
        ({}, {}, f"DIALNEXA_BASE_URL={ELSEWHERE}\nDIALNEXA_API_KEY={KEY}", None, True),
        ({}, {}, None, f'[account]\nbase_url = "{ELSEWHERE}"\napi_key_file = "key"', True),
        ({"base_url": ELSEWHERE}, {"DIALNEXA_API_KEY": KEY}, "DIALNEXA_BASE_URL=https://a.example/v1", None, True),
        ({}, {"DIALNEXA_API_KEY": KEY, "DIALNEXA_BASE_URL": ELSEWHERE}, None, None, True),
        ({}, {"DIALNEXA_BASE_URL": ELSEWHERE}, f"DIALNEXA_API_KEY={KEY}", None, True),
    ],
)
def test_a_base_url_in_a_file_counts_only_for_a_key_in_the_same_file(
    flags: dict[str, object], env: dict[str, str], dotenv: str | None, job: str | None, allowed: bool, tmp_path: Path
) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "key").write_text(KEY)
    (tmp_path / "jobs" / "key").chmod(0o600)
    job_file = None
    if job is not None:
        job_file = tmp_path / "jobs" / "night.toml"
        job_file.write_text(job)
    if dotenv is not None:
        (tmp_path / ".env").write_text(dotenv)
    environ = {"HOME": str(tmp_path), **env}
    if allowed:
        assert load(flags, job_file, environ, tmp_path).base_url == ELSEWHERE
        return
    with pytest.raises(BadSettings, match="the key comes from") as caught:
        load(flags, job_file, environ, tmp_path)
    assert f"--base-url {ELSEWHERE}" in str(caught.value)


@pytest.mark.parametrize("said", ["", "${DIALNEXA_API_KEY}", "$DIALNEXA_API_KEY"])
def test_a_dotenv_that_only_points_at_a_key_has_none_written_in_it(said: str, tmp_path: Path) -> None:
    dotenv = f"DIALNEXA_BASE_URL={ELSEWHERE}\nDIALNEXA_API_KEY={said}\n"
    refusal(tmp_path, dotenv=dotenv)
    refusal(tmp_path, env={"DIALNEXA_API_KEY": KEY}, dotenv=dotenv)


def test_the_usual_base_url_in_a_file_is_harmless(tmp_path: Path) -> None:
    found = settings(tmp_path, env={"DIALNEXA_API_KEY": KEY}, dotenv=f"DIALNEXA_BASE_URL={DEFAULT_BASE_URL}/")
    assert found.base_url == DEFAULT_BASE_URL


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://api.dialnexa.com/v1", "in the clear"),
        ("http://127.0.0.1.example.com/v1", "in the clear"),
        ("http://localhost.example.com/v1", "in the clear"),
        ("http://10.0.0.1/v1", "in the clear"),
        ("api.dialnexa.com/v1", "https://"),
        ("ftp://api.dialnexa.com/v1", "https://"),
        ("key_id:canary-secret", "https://"),
        ("https://user:canary@api.dialnexa.com/v1", "user name"),
        ("https://api.dialnexa.com@evil.example/v1", "user name"),
        ("https://api.dialnexa.com/v1?x=1", "? or #"),
        ("https://api.dialnexa.com/v1?", "? or #"),
        ("https://api.dialnexa.com/v1#x", "? or #"),
        ("https://api.dialnexa.com", "/v1"),
        ("https://api.dialnexa.com/v2", "/v1"),
        ("https://api.dialnexa.com/../v1", "/v1"),
        ("https://api.dialnexa.com/x/%2e%2e/v1", "/v1"),
        ("https://api.dialnexa.com//v1", "/v1"),
        ("https://api.dialnexa.com:99999/v1", "port"),
        ("https://api.dialnexa.com:0/v1", "host"),
        ("https://api.dialnexa.com:x/v1", "port"),
        ("https:///v1", "host"),
        ("https://api dialnexa.com/v1", "character"),
        ("https://api.dialnexa.com\\@evil.example/v1", "character"),
        ("https://аpi.dialnexa.com/v1", "character"),
        ("https://api.dialnexa.com/v1\n", "character"),
        ("https://api.dialnexa.com.evil.example/v1", "only looks like"),
        ("https://evildialnexa.com/v1", "only looks like"),
        ("https://[::1/v1", "not a valid URL"),
    ],
)
def test_a_base_url_that_could_send_the_key_elsewhere_is_refused(text: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, {"base_url": text}).what


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://api.dialnexa.com/v1/", DEFAULT_BASE_URL),
        ("https://API.Dialnexa.com:443/v1", DEFAULT_BASE_URL),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://localhost:8080/v1", "http://localhost:8080/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://gateway.corp.example:8443/dialnexa/v1", "https://gateway.corp.example:8443/dialnexa/v1"),
    ],
)
def test_a_good_base_url_has_one_form(text: str, meant: str) -> None:
    assert checked_base_url(text, "here") == meant
    assert checked_base_url(meant, "here") == meant


@given(st.text(alphabet="abc:/@?#.%[]1 \n\\é-_v", max_size=30))
def test_no_base_url_whatever_raises_anything_else(text: str) -> None:
    try:
        found = checked_base_url(f"https://{text}", "here")
    except BadSettings:
        return
    assert checked_base_url(found, "here") == found


def test_a_dotenv_is_read_as_people_write_it(tmp_path: Path) -> None:
    text = f"# ours\nexport DECOM_RATE='none'\nOTHER=x\nDIALNEXA_API_KEY=\"{KEY}\"\nNOT A LINE\n"
    found = settings(tmp_path, dotenv=text)
    assert (found.pace.rate, found.api_key, found.warnings) == (UNLIMITED, Secret(KEY), ())


def test_a_line_of_ours_in_a_dotenv_that_cannot_be_read_is_refused_and_not_shown(tmp_path: Path) -> None:
    error = refusal(tmp_path, dotenv='X=1\nDIALNEXA_API_KEY="canary:x\n')
    assert "line 2" in (error.where or "")


def test_a_dotenv_that_holds_the_key_and_is_open_to_others_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DIALNEXA_API_KEY={KEY}\n")
    (tmp_path / ".env").chmod(0o644)
    assert "chmod 600" in settings(tmp_path).warnings[0]


def test_a_file_into_which_the_secrets_of_tls_are_written_is_told(tmp_path: Path) -> None:
    (warning,) = settings(tmp_path, env={"SSLKEYLOGFILE": "/tmp/keys.log"}).warnings
    assert "SSLKEYLOGFILE" in warning and "/tmp/keys.log" in warning and "unset SSLKEYLOGFILE" in warning
    assert settings(tmp_path, env={"SSLKEYLOGFILE": ""}).warnings == ()


def test_a_folder_called_dotenv_is_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert settings(tmp_path).warnings == ()


@pytest.mark.parametrize(
    ("flags", "env", "home"),
    [
        ({"home": "here"}, {"DECOM_HOME": "/there"}, "{cwd}/here"),
        ({}, {"DECOM_HOME": "there"}, "{cwd}/there"),
        ({}, {"XDG_STATE_HOME": "/state"}, "/state/decom"),
        ({}, {"XDG_STATE_HOME": "relative"}, "{cwd}/.local/state/decom"),
        ({}, {}, "{cwd}/.local/state/decom"),
    ],
)
def test_the_home_is_the_same_by_the_short_way_and_by_the_long(
    flags: dict[str, object], env: dict[str, str], home: str, tmp_path: Path
) -> None:
    environ = {"HOME": str(tmp_path), **env}
    expected = Path(home.format(cwd=tmp_path))
    assert home_of(read_sources(flags, None, environ, tmp_path), environ) == expected
    assert load(flags, None, environ, tmp_path).home == expected


def test_standard_input_is_no_path(tmp_path: Path) -> None:
    assert settings(tmp_path, {"input": Path("-")}).input.path is None
    assert settings(tmp_path, {"input": Path("-x.csv")}).input.path == tmp_path / "-x.csv"


@given(st.dictionaries(st.sampled_from([each.env for each in SETTINGS if each.env]), st.text(max_size=20)))
def test_no_environment_whatever_raises_anything_else(env: dict[str, str]) -> None:
    try:
        load({}, None, {"HOME": "/nowhere", **env}, Path("/nowhere"))
    except BadSettings as error:
        assert error.remedy is not None
