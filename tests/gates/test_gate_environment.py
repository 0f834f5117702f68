"""Test which environment variables a gate in a clone receives, and which not."""

import os
from pathlib import Path

import pytest

from gates.definition import Definition
from gates.gate_environment import allowed
from gates.kinds.command import Place, judge
from sprints.agents import command_runner
from sprints.contract.agent_spec import AgentDefinition
from sprints.git.git import version
from sprints.hooks import command as hook
from tests.checkout import commit, git


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOME_MADE", "1"),
        ("FORGE_TOKEN", "abcdefgh"),
        ("NPM_CONFIG__AUTH", "dXNlcjpwYXNzd29yZA=="),
        ("YARN_NPM_AUTH_IDENT", "user:word"),
        ("BUNDLE_GITHUB__COM", "x-access-token:abcdefgh"),
        ("PIP_EXTRA_INDEX_URL", "https://deploy:@pypi.example.org/simple"),
        ("UV_INDEX_URL", "https://glpat-abcdefgh@pypi.example.org/simple"),
        ("GOPROXY", "https://one@proxy.example.org"),
        ("GRADLE_OPTS", "-Dpassword=word"),
        ("https_proxy", "http://me:word@proxy.example.org"),
    ],
)
def test_a_credential_or_what_nobody_has_named_is_left_out(name, value):
    assert allowed({name: value}) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/opt/token-tools/bin:/usr/bin"),
        ("LC_ALL", "C"),
        ("VIRTUAL_ENV", "/srv/secretary/venv"),
        ("PIP_INDEX_URL", "https://pypi.example.org/simple"),
        ("GRADLE_OPTS", "-Xmx2g"),
        ("https_proxy", "http://proxy.example.org:3128"),
    ],
)
def test_what_tools_are_found_and_built_by_is_passed_on(name, value):
    assert allowed({name: value}) == {name: value}


# As git sets them for its hooks, and some that a user may have set.
OF_GIT = {
    "GIT_DIR": "/users/.git",
    "GIT_INDEX_FILE": "/users/.git/index",
    "GIT_WORK_TREE": "/users",
    "GIT_CEILING_DIRECTORIES": "/",
    "GIT_CONFIG_COUNT": "0",
    "GIT_EXEC_PATH": "/nowhere",
    "GIT_TRACE": "1",
}


@pytest.fixture
def in_a_git_hook(monkeypatch):
    """The environment of a gateway that a git hook has started."""
    for name, value in OF_GIT.items():
        monkeypatch.setenv(name, value)


def of_git(env):
    return {name: value for name, value in env.items() if name.startswith("GIT_")}


@pytest.mark.parametrize("clone", [None, Path("/work/wk1")])
def test_no_variable_of_the_callers_git_reaches_a_gate_a_hook_or_an_agent(in_a_git_hook, clone):
    agent = AgentDefinition("agent_01", "One", "", "", pass_env=("GIT_DIR", "PATH"))

    gates = [hook.environment(os.environ, {}, clone)]
    gates += [hook.environment(os.environ, {"GIT_AUTHOR_NAME": "Ada"}, clone)]
    agents = command_runner.environment(os.environ, agent, clone)

    above = {"GIT_CEILING_DIRECTORIES": "/work"} if clone else {}
    assert [of_git(env) for env in gates] == [above, above | {"GIT_AUTHOR_NAME": "Ada"}]
    assert of_git(agents) == above
    assert agents["PATH"] == os.environ["PATH"]


def test_the_commit_of_a_gates_own_tests_lands_in_their_own_repository(tmp_path, monkeypatch):
    commit(tmp_path, {"a": "1\n"})
    before = git(tmp_path, "log", "--format=%H")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / ".git" / "index"))
    suite = "cd $(mktemp -d) && git init -q && echo x > x && git add x && git commit -qm fixture"
    who = {
        f"GIT_{role}_{key}": "x@y" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")
    }
    gate = Definition("g1", "G", ("sh", "-c", suite), ("R0_SETUP",), env=who)

    said = judge(gate, Place(tmp_path, tmp_path / "run", "t1", 60.0), lambda: None)

    assert (said.verdict, said.exit_code) == ("passed", 0)
    assert git(tmp_path, "log", "--format=%H") == before
    assert git(tmp_path, "status", "--porcelain", "--untracked-files=no") == ""


def test_the_doctor_reads_gits_version_whatever_the_callers_git_prints(in_a_git_hook):
    assert version().startswith("git version ")
    assert "trace" not in version()
