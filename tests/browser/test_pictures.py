"""The pictures of the README: the dashboard and a failed sprint, light and dark.

``make pictures`` keeps them in docs/pictures; any other run only sees that they can be made.
"""

import os
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Serving
from tests.world import ROOT

SUITE = """
import pathlib, sys, time
red = pathlib.Path("red").exists()
for n in range(1, 139):
    area = "economy pathing save sim ai ui render quests".split()[n % 8]
    print(f"tests/test_{area}_{n:03}.py::test_tick \\x1b[32mPASSED\\x1b[0m [{n * 100 // 139:3}%]")
time.sleep(0.3)
if red:
    print("\\x1b[31m================ FAILURES ================\\x1b[0m")
    print("\\x1b[1;31mtest_wave_spawns\\x1b[0m")
    print("    def test_wave_spawns(sim):\\n        sim.run(minutes=5)")
    print("\\x1b[31m>       assert sim.goblins.count >= 6\\x1b[0m")
    print("\\x1b[31mE       AssertionError: assert 4 >= 6\\x1b[0m")
    print("\\x1b[1mtests/test_quests_118.py\\x1b[0m:41: AssertionError")
print(f"{'1 failed, ' if red else ''}138 passed in 61.2s")
sys.exit(red)
"""
TITLES = (
    "Playtest pause checklist",
    "Dragon hunt showcase",
    "Quest launcher readiness",
    "Audio pass, second half",
    "Save games that survive",
)


def test_the_dashboard_and_a_failed_sprint_in_both_themes(page: Page, serving: Serving, tmp_path):
    (serving.repo / "suite.py").write_text(SUITE)
    serving.gate("python suite.py")
    for number, title in enumerate(TITLES, 139):
        serving.say("sprint", "create", f"wk{number}", "--title", title)
        serving.say("sprint", "run", f"wk{number}")
    (serving.repo / "red").touch()
    serving.say("sprint", "create", "wk144", "--title", "Hero agency and content tuning")
    serving.say("sprint", "run", "wk144")
    serving.gate("sh -c 'echo warming up; sleep 30'")
    serving.say("sprint", "create", "wk145", "--title", "Hero AI significance hysteresis")
    serving.say("sprint", "run", "wk145", "--queue")
    serving.say("sprint", "create", "wk146", "--title", "Goblin waves")
    kept = ROOT / "docs/pictures" if os.environ.get("STUDIO_TEST_PICTURES") else tmp_path
    page.set_viewport_size({"width": 1280, "height": 860})
    serving.sign_in(page)
    expect(page.get_by_text("qa_smoke_quick").first).to_be_visible()

    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for name, path in (("dashboard", "/"), ("failed", "/sprints/wk144/")):
            page.goto(serving.url + path)
            page.wait_for_timeout(500)  # what opens at a line has scrolled there by then
            made = Path(kept) / f"{name}-{theme}.png"
            page.screenshot(path=made)
            assert made.stat().st_size > 20_000

    serving.say("sprint", "cancel", "wk145")
