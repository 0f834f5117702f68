"""Test the documentation: type its commands, and compare their output with the page."""

import re
import shutil

import pytest

from sprints.state.event_codes import EventCode, EventKind
from sprints.state.stop_reason import StopCode
from tests.docs import pages, parsed, typed
from tests.docs.pages import DOCS, PAGES, name_of
from tests.world import FOLDER, ROOT, run_command

OURS = re.compile(r"(?:tests|gates|sprints|gateway_project|deploy|docs)/[\w/.@-]*")

# What no test can type: the page, the beginning of the block, and why.
NOT_RUN = {
    ("README.md", "make demo"): "tests/tools/test_demo.py does, with an environment of its own",
    ("CONTRIBUTING.md", "make test"): "the test suite itself",
    ("RELEASING.md", ".ci/run"): "the test suite itself",
    ("RELEASING.md", "studio-gateway upgrade"): "tests/e2e/test_upgrade.py does, from old stores",
    ("RELEASING.md", "git commit"): "signs a tag and pushes it",
    ("RELEASING.md", "git clone"): "builds a wheel and installs it from a package index",
    ("RELEASING.md", "make lock"): "asks a package index",
    ("docs/operations.md", "studio-gateway config set clones_folder"): (
        "tests/sprints/store/test_moved_clones.py does, to a folder of its own"
    ),
    ("deploy/README.md", "python3 -m venv"): "an account and a service of the system",
    ("deploy/README.md", "export STUDIO_GATEWAY_REPO"): "a container engine",
    ("deploy/README.md", "export POSTGRES_PASSWORD"): "a container engine",
}
SHELLS = {"bash", "sh", "shell"}
BEGIN_BARE = {"README.md", "docs/getting-started.md"}  # they tell of ``init`` themselves


@pytest.fixture(scope="module")
def store_to_copy(tmp_path_factory):
    """What ``init`` makes, once for all pages: nothing in it knows where it lies."""
    repo = typed.scene(tmp_path_factory.mktemp("begun"))
    assert run_command(repo, "init", timeout=typed.LONGEST_S).code == 0
    return repo / FOLDER


@pytest.mark.parametrize("doc", PAGES, ids=name_of)
def test_what_a_page_types_does_what_the_page_says(doc, tmp_path, store_to_copy):
    if missing := [name for name in ("bash", "curl") if not shutil.which(name)]:
        pytest.skip(f"no {missing[0]} here")
    steps = pages.steps(doc)
    if not steps:
        pytest.skip("it types nothing")
    repo = typed.scene(tmp_path)
    if name_of(doc) not in BEGIN_BARE:
        shutil.copytree(store_to_copy, repo / store_to_copy.name)

    said = typed.type_all(steps, repo)

    wrong = [
        f"{name_of(doc)}:{step.line}: {step.command}\n{one}"
        for step, one in zip(steps, said, strict=True)
        if one is None
        or one.code != step.code
        or (step.printed and not typed.is_like(one.out, step.printed))
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("doc", PAGES, ids=name_of)
def test_every_command_that_a_page_names_is_one_that_we_have(doc):
    refused = [why for text in parsed.named(doc) if (why := parsed.refusal(text))]

    assert refused == []


@pytest.mark.parametrize("doc", PAGES, ids=name_of)
def test_every_command_in_a_block_is_run_or_it_is_said_why_not(doc):
    left = [
        f"{name_of(doc)}:{block.line}: {line}"
        for block in pages.blocks(doc)
        if block.tag != "console"
        and not any(
            name_of(doc) == where and block.text.startswith(begins) for where, begins in NOT_RUN
        )
        for line in block.text.splitlines()
        if block.tag in SHELLS or line.startswith("$ ") or parsed.CALLED.match(line)
    ]

    assert left == []


def test_the_index_leads_to_every_page():
    there = {page.name for page in DOCS.glob("*.md")} - {"README.md"}

    assert there - pages.links(DOCS / "README.md") == set()


@pytest.mark.parametrize("doc", PAGES, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(doc):
    here = [href.partition("#") for href in pages.links(doc) if "://" not in href]
    led = {(doc.parent / path if path else doc, anchor) for path, _, anchor in here}

    assert [str(path) for path, _ in led if not path.exists()] == []
    assert [f"{path}#{at}" for path, at in led if at and at not in pages.anchors(path)] == []


@pytest.mark.parametrize("doc", PAGES, ids=name_of)
def test_every_file_of_the_project_that_a_page_names_is_there(doc):
    named = {span.partition(":")[0] for span in pages.spans(doc) if OURS.fullmatch(span)}

    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_every_kind_of_event_is_in_the_page_about_formats():
    told = set(pages.spans(DOCS / "formats.md"))

    assert set(EventKind) - told == set()


def test_every_code_of_an_event_is_in_the_page_about_formats():
    told = set(pages.spans(DOCS / "formats.md"))

    assert set(EventCode) - told == set()


def test_every_way_in_which_a_sprint_stops_is_in_the_page_about_trouble():
    causes = {code.value for code in StopCode} - {StopCode.OTHER.value}

    told = " ".join(pages.spans(DOCS / "troubleshooting.md"))
    assert len(causes) >= 10
    assert {cause for cause in causes if cause not in told} == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sprint retry ID --queue", ""),
        ("sprint create ID [--title T] [--profile quick|full]", ""),
        ("agent set", ""),
        ("sprint retry ID --quick", "unrecognized arguments: --quick"),
        ("sprint restart ID", "invalid choice: 'restart'"),
        ("verfy", "there is no command verfy"),
    ],
)
def test_a_command_that_we_do_not_have_is_noticed(text, why):
    said = parsed.refusal(text)

    assert bool(said) == bool(why)
    assert why in said


@pytest.mark.parametrize(
    ("printed", "shown", "alike"),
    [
        ("17:44:58  R3  gate started  \n", "…  R3  gate started", True),
        ("one\ntwo\nthree\n", "one\n…\nthree", True),
        ("one\ntwo\n", "one\nthree", False),
        ("one\ntwo\n", "one", False),
    ],
)
def test_what_is_shown_is_compared_but_for_what_is_left_out(printed, shown, alike):
    assert typed.is_like(printed, shown) == alike
