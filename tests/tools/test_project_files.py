"""Test that the project's public files agree with the code, the checks and each other."""

import re
import tomllib

import pytest
import yaml

from gateway_project import __version__
from tests.world import ROOT
from tools.check import STEPS

SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_workflow_runs_what_a_contributor_can_run():
    (job,) = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"].values()

    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert job["steps"][-1]["run"] == ".ci/run"
    assert {name.split("/")[0] for name in used} == {"actions"}
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name) for name in used)


def test_advisories_are_looked_for_beside_ci_in_everything_that_is_locked():
    text = (ROOT / ".github/workflows/audit.yml").read_text()
    target = re.search(r"^audit:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    workflow = yaml.safe_load(text)
    (job,) = workflow["jobs"].values()

    assert target
    assert re.findall(r"--requirement (\S+)", target[1]) == [
        "deploy/requirements.txt",
        "requirements-dev.txt",
    ]
    assert job["steps"][-1]["run"] == "make audit"
    assert "schedule" in workflow[True]  # YAML reads `on` as true
    assert "pip-audit" not in (ROOT / ".ci/run").read_text()
    ci = (ROOT / ".github/workflows/ci.yml").read_text()
    assert set(re.findall(r"actions/\S+", text)) <= set(re.findall(r"actions/\S+", ci))


def test_the_lock_of_a_deployment_has_every_extra():
    lock = (ROOT / "deploy/requirements.txt").read_text()

    for extra, wanted in project()["project"]["optional-dependencies"].items():
        for one in wanted:
            name = re.split(r"[\[<>=]", one)[0]
            assert re.search(rf"^{name}(\[.*\])?==", lock, re.MULTILINE), extra


def test_the_workflow_runs_on_the_oldest_and_the_newest_python():
    (job,) = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"].values()

    named = re.findall(r"Python :: (3\.\d+)", " ".join(project()["project"]["classifiers"]))
    assert job["strategy"]["matrix"]["python"] == [named[0], named[-1]]
    assert project()["project"]["requires-python"] == f">={named[0]}"


def test_each_hook_before_a_commit_is_a_step_of_make_check():
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    steps = {
        step.name: [word for word in step.argv if word not in (".", "--check")] for step in STEPS
    }
    assert repo["repo"] == "local"
    for hook in repo["hooks"]:
        python, *argv = [word for word in hook["entry"].split() if word != "--force-exclude"]
        assert (python, argv) == (".venv/bin/python", steps[hook["name"]])


def test_a_bug_report_asks_for_what_the_doctor_says():
    form = yaml.safe_load((FORMS / "bug.yml").read_text())

    required = {
        part["id"]: part["attributes"]["label"]
        for part in form["body"]
        if part.get("validations", {}).get("required")
    }
    assert "studio-gateway doctor" in required["doctor"]


@pytest.mark.parametrize("package", ["gateway_project", "gates", "sprints"])
def test_a_package_tells_type_checkers_that_it_is_typed(package):
    (patterns,) = project()["tool"]["setuptools"]["package-data"].values()

    assert (ROOT / package / "py.typed").exists()
    assert "py.typed" in patterns


def test_every_address_of_the_project_is_of_one_repository():
    home = project()["project"]["urls"]["Repository"]
    pages = [ROOT / "SECURITY.md", FORMS / "config.yml"]

    named = [
        url
        for page in pages
        for url in re.findall(r"https://github\.com/[^)\s]+", page.read_text())
    ]

    assert all(
        url.startswith(f"{home}/") for url in project()["project"]["urls"].values() if url != home
    )
    assert named
    assert all(url.startswith(f"{home}/") for url in named)


def test_the_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text()

    (first, *_) = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert re.fullmatch(rf"{re.escape(__version__)} \((unreleased|\d{{4}}-\d\d-\d\d)\)", first)


def test_the_changelog_sorts_what_changed():
    text = (ROOT / "CHANGELOG.md").read_text()

    for version in text.split("\n## ")[1:]:
        sections = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert sections
        assert sections == [name for name in SECTIONS if name in sections]
