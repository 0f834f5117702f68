"""Check a page against WCAG 2.1 A and AA, with the rules of axe-core."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
# What else is wrong in the dark is wrong in the light.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def violations(page: Page) -> list[str]:
    """What is wrong with the page as it stands, a line each, in both themes."""
    found = []
    for theme, rules in (("light", RULES), ("dark", COLOURS)):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        # Colours change in a moment, not at once, and on a busy machine the moment is long.
        page.wait_for_function("() => document.getAnimations().length === 0")
        for one in Axe().run(page, options=rules).response["violations"]:
            nodes = [node["html"][:200] for node in one["nodes"]]
            found.append(f"{theme}: {one['id']}: {one['help']}: {nodes}")
    return found
