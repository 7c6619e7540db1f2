"""`audit.html` in a real browser: it renders with and without JavaScript, searches, sorts, and asks nobody anything.

Apart from `tests/`, because it needs Debian's Chromium: `make browser` (which installs it where it may).
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from decom.reporting.as_html import AsHtml
from tests.reporting.made_up import made_up_audit, mixed_rows, nasty_audit

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found is not None, "Chromium is not installed: make browser installs it on Debian"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


Opened = tuple[Page, list[str]]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens an audit's page: the page, and everything that it asked for or complained of."""
    contexts = []

    def open_page(audit: object, *, scripts: bool = True, **options: object) -> Opened:
        path = tmp_path / "audit.html"
        with path.open("wb") as stream:
            AsHtml().write(audit, stream)
        context = browser.new_context(java_script_enabled=scripts, **options)
        contexts.append(context)
        page, heard = context.new_page(), []
        page.on("request", lambda request: heard.append(request.url))
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.goto(path.as_uri())
        assert heard.pop(0) == path.as_uri()
        return page, heard

    yield open_page
    for context in contexts:
        context.close()


def shown_rows(page: Page) -> list[str]:
    return page.locator("#table tbody tr").all_inner_texts()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_renders_and_asks_nobody_anything(opened: Callable[..., Opened], scripts: bool, colours: str) -> None:
    page, heard = opened(made_up_audit(mixed_rows(60)), scripts=scripts, color_scheme=colours)
    assert page.get_by_role("heading", level=1).inner_text() != ""
    assert len(shown_rows(page)) == 60
    assert page.locator("svg").count() > 0
    assert heard == []


def test_text_of_any_kind_runs_nothing(opened: Callable[..., Opened]) -> None:
    page, heard = opened(nasty_audit())
    assert len(shown_rows(page)) > 0
    assert heard == []


def test_a_word_in_the_search_leaves_the_rows_that_hold_it(opened: Callable[..., Opened]) -> None:
    page, _ = opened(made_up_audit(mixed_rows(60)))
    before = shown_rows(page)
    page.locator("#search").fill("released")
    left = shown_rows(page)
    assert 0 < len(left) < len(before)
    assert all("released" in text.lower() for text in left)
    page.locator("#clear").click()
    assert shown_rows(page) == before


def test_a_click_on_a_heading_sorts_by_it_and_a_second_one_the_other_way(opened: Callable[..., Opened]) -> None:
    page, _ = opened(made_up_audit(mixed_rows(60)))
    heading = page.locator("#table thead th").filter(has_text="Row").first

    def row_numbers() -> list[int]:
        return [
            int(text.split()[0])
            for text in page.locator("#table tbody tr td:first-child, #table tbody tr th").all_inner_texts()
        ]

    heading.get_by_role("button").click()
    assert row_numbers() == sorted(row_numbers())
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.get_by_role("button").click()
    assert row_numbers() == sorted(row_numbers(), reverse=True)


def test_the_keyboard_alone_reaches_search_and_sorting(opened: Callable[..., Opened]) -> None:
    page, _ = opened(made_up_audit(mixed_rows(60)))
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"search", "outcome", "BUTTON"} <= reached


def test_ten_thousand_rows_are_searched_while_one_types(opened: Callable[..., Opened]) -> None:
    page, heard = opened(made_up_audit(mixed_rows(10_000)))
    page.locator("#search").press_sequentially("released", timeout=20_000)
    assert len(shown_rows(page)) > 0
    assert heard == []
