"""Test a sprint's page while the sprint runs: new output, the failed line, the buttons."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Serving

# Prints in steps, and goes on to its end only when it is let.
STEPS = r"""
import pathlib, sys, time
for n in range(1, 1501):
    print(f"test_{n} \x1b[32mPASSED\x1b[0m", flush=n % 100 == 0)
for step in "abc":
    sys.stdout.write(f"step {step} \x1b[3")
    sys.stdout.flush()
    while not pathlib.Path(step).exists():
        time.sleep(0.05)
    sys.stdout.write(f"3mgoes on\x1b[0m \u20ac\n")
    sys.stdout.flush()
print("\x1b[31mE       AssertionError: assert 4 >= 6\x1b[0m")
print("<script>document.title = 'evil'</script>")
print("last words", end="")
sys.exit(1)
"""


def begin(page: Page, serving: Serving, program: str = STEPS) -> None:
    """A sprint wk1 whose gate is that program, open in the browser."""
    (serving.repo / "gate_program.py").write_text(program)
    serving.gate("python gate_program.py")
    serving.say("sprint", "create", "wk1", "--title", "Hero tuning")
    page.set_viewport_size({"width": 1280, "height": 1000})
    serving.sign_in(page)
    page.goto(f"{serving.url}/sprints/wk1/")


def let(serving: Serving, step: str) -> None:
    (serving.repo / step).touch()


def confirm(page: Page, name: str) -> None:
    """Press a button, and the one that asks once more."""
    page.locator("#live-acts summary", has_text=name).click()
    page.get_by_role("button", name=f"{name} wk1").click()


def test_it_is_run_watched_seen_to_fail_retried_and_cancelled(page: Page, serving: Serving):
    begin(page, serving)
    pane, last = page.locator(".log"), page.locator(".ln").last

    confirm(page, "Run")
    expect(page.get_by_text("Handed to the workers.")).to_be_visible()
    expect(last).to_have_text(re.compile("^1501 ?step a $"))
    assert page.locator(".ln").count() == 1000 or page.locator(".ln").count() == 1501
    assert not violations(page)

    let(serving, "a")
    expect(page.locator("#stdout-L1501 code")).to_have_text("step a goes on \u20ac")
    expect(page.locator("#stdout-L1501 .f3")).to_have_text("goes on")
    expect(page.locator("#stdout-L1502 code")).to_have_text("step b ")
    assert pane.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 24

    pane.evaluate("box => { box.scrollTop = 0 }")
    let(serving, "b")
    expect(page.locator("#stdout-L1503 code")).to_have_text("step c ")
    assert pane.evaluate("box => box.scrollTop") == 0  # who reads is left where they read

    page.locator("#edit > summary").click()
    page.get_by_label("Brief, in Markdown").fill("while I write")
    let(serving, "c")
    expect(page.locator("h1 .pill")).to_have_text("failed")
    expect(page.get_by_label("Why it stopped")).to_contain_text(
        "Gate qa_smoke_quick failed in R3, exit code 1. AssertionError: assert 4 >= 6"
    )
    expect(page.get_by_label("Brief, in Markdown")).to_have_value("while I write")
    expect(page.locator(".log-status")).to_contain_text("exit 1")
    assert pane.evaluate("box => box.scrollTop") == 0
    expect(last).to_contain_text("last words")
    numbers = page.locator(".ln > a").all_text_contents()
    assert numbers == [str(n) for n in range(int(numbers[0]), 1507)]

    page.get_by_role("link", name="Go to the failing line").click()
    expect(page.locator("#stdout-L1504")).to_have_class(re.compile("marked"))
    expect(page.locator("#stdout-L1504")).to_be_in_viewport()
    assert "line=1504#stdout-L1504" in page.url
    assert page.title().startswith("Hero tuning")
    assert not violations(page)

    (serving.repo / "c").unlink()
    confirm(page, "Retry from R3")
    expect(page.locator("#live-tabs")).to_contain_text("Earlier attempts (1)")
    expect(last).to_contain_text("step c")
    confirm(page, "Cancel")
    expect(page.locator("h1 .pill")).to_have_text("cancelled")
    expect(page.locator("#live-events")).to_contain_text("sprint cancelled by")


def test_who_follows_is_shown_the_failing_line_when_the_gate_ends(page: Page, serving: Serving):
    begin(page, serving)
    confirm(page, "Run")
    expect(page.locator(".ln").last).to_contain_text("step a")
    expect(page.locator(".log-status")).to_contain_text("running")

    for step in "abc":
        let(serving, step)

    expect(page.locator(".log-status")).to_contain_text("exit 1")
    expect(page.locator("#stdout-L1504")).to_have_class(re.compile("marked"))
    expect(page.locator("#stdout-L1504")).to_be_in_viewport()


def test_a_failed_sprint_opens_on_its_line_and_others_lead_to_theirs(page: Page, serving: Serving):
    for step in "abc":
        let(serving, step)
    begin(page, serving)
    serving.say("sprint", "run", "wk1")

    page.reload()
    expect(page.locator("#stdout-L1504")).to_be_in_viewport()

    page.get_by_role("link", name="Load earlier lines").click()
    expect(page.locator("#stdout-L1")).to_be_attached()
    assert page.locator(".ln").count() == 1506

    page.locator("#stdout-L1500 > a").click()
    expect(page.locator("#stdout-L1500")).to_have_class(re.compile("marked"))
    assert page.url.endswith("?run=qa_smoke_quick%2F1&stream=stdout&line=1500#stdout-L1500")

    page.goto(f"{serving.url}/sprints/wk1/#stdout-L7")
    expect(page.locator("#stdout-L7")).to_have_class(re.compile("marked"))
    expect(page.locator("#stdout-L7")).to_be_in_viewport()


def test_the_keyboard_finds_follows_and_asks_before_it_acts(page: Page, serving: Serving):
    begin(page, serving)
    confirm(page, "Run")
    expect(page.locator(".ln").last).to_contain_text("step a")
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_have_attribute("aria-pressed", "true")

    page.keyboard.press("f")
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("/")
    page.keyboard.type("test_1400")
    expect(page.locator(".hits")).to_have_text("1 of 1")
    expect(page.locator("#stdout-L1400")).to_be_in_viewport()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.get_by_label("Reason (visible to other users)")).to_be_focused()
    page.keyboard.type("pcr for lunch")
    page.keyboard.press("Enter")

    expect(page.locator("#live-state")).to_contain_text("Paused by")
    expect(page.locator("#live-state")).to_contain_text("pcr for lunch")
    page.locator("h1").click()
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Cancel wk1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1 .pill")).to_have_text("cancelled")


def test_without_a_script_all_is_there_and_can_be_done(browser: Browser, serving: Serving):
    page = browser.new_context(java_script_enabled=False).new_page()
    begin(page, serving, "print('hello')\nraise SystemExit(1)\n")
    serving.say("sprint", "run", "wk1")

    page.reload()
    expect(page.locator("#stdout-L1 code")).to_have_text("hello")
    confirm(page, "Retry from R3")

    expect(page.get_by_text("A new attempt is handed to the workers.")).to_be_visible()
    page.context.close()


def test_a_phone_shows_all_of_it_and_nothing_beside_it(page: Page, serving: Serving):
    begin(page, serving, "print('x' * 5000)\nraise SystemExit(1)\n")
    page.set_viewport_size({"width": 390, "height": 800})
    serving.say("sprint", "run", "wk1")

    page.reload()

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.get_by_label("Why it stopped")).to_be_in_viewport()
    assert not violations(page)
