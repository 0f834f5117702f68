"""Test that everything named in deploy/ exists, and that its commands are valid."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from tests.world import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
PROGRAM = "/opt/studio-gateway/bin/studio-gateway"


def unit(path: Path) -> configparser.ConfigParser:
    """A systemd unit, where no key comes twice."""
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(path.read_text())
    return read


def compose() -> dict[str, Any]:
    """deploy/compose.yaml as YAML has it."""
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def ours() -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    return {name: one for name, one in compose()["services"].items() if "build" in one}


def can_be_typed(words: list[str]) -> bool:
    """Whether ``studio-gateway WORDS`` is a command of ours with options that it has."""
    name, *rest = words
    home = str(get_commands()[name])
    assert home in ("sprints", "gateway_project.accounts")
    load_command_class(home, name).create_parser("studio-gateway", name).parse_args(rest)
    return True


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_of_ours_and_leaves_its_gates_to_it(path):
    service = unit(path)["Service"]

    program, *words = shlex.split(service["ExecStart"].replace("%i", "fox"))

    assert program == PROGRAM
    assert can_be_typed(words)
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > 30 + 5
    assert service["OOMPolicy"] == "continue"
    assert service["Restart"] == "always"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_finds_no_fault_in_a_unit(path, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    copy = tmp_path / path.name
    copy.write_text(path.read_text().replace(PROGRAM, sys.executable))

    done = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
    )

    assert [line for line in done.stderr.splitlines() if "studio-gateway" in line] == []
    assert done.returncode == 0, done.stderr


def test_the_image_is_made_of_files_that_exist_and_starts_what_exists():
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    by_word = [line.split(maxsplit=1) for line in lines if line and line[0].isupper()]
    copied = [path for word, rest in by_word if word == "COPY" for path in rest.split()[:-1]]
    admitted = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    ]
    last = dict(by_word)

    assert all((ROOT / path).exists() for path in copied)
    assert sorted(copied) == sorted(admitted)
    assert json.loads(last["ENTRYPOINT"]) == ["studio-gateway"]
    assert can_be_typed(json.loads(last["CMD"]))
    assert last["USER"] == "gateway"
    assert any("--require-hashes -r requirements.txt" in rest for _, rest in by_word)


def test_every_service_of_ours_types_what_can_be_typed():
    services = ours()

    assert sorted(services) == ["init", "web", "worker"]
    assert all(can_be_typed(one["command"]) for one in services.values())
    assert {json.dumps(one["volumes"]) for one in services.values()} == {
        json.dumps(services["web"]["volumes"])
    }
    for one in services.values():
        build = one["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
        assert not one.get("privileged")


def test_only_this_machine_reaches_the_web_unless_told():
    (port,) = compose()["services"]["web"]["ports"]

    assert port.startswith("127.0.0.1:")
    assert all("ports" not in one for name, one in compose()["services"].items() if name != "web")


def test_the_databases_belong_to_the_profile_that_scale_env_turns_on():
    text = (DEPLOY / "scale.env").read_text()
    values = dict(line.split("=", 1) for line in text.splitlines() if line and line[0] != "#")
    services = compose()["services"]

    assert {name for name, one in services.items() if one.get("profiles")} == {"postgres", "redis"}
    assert services["postgres"]["profiles"] == services["redis"]["profiles"] == ["scale"]
    assert values["COMPOSE_PROFILES"] == "scale"
    assert "@postgres:5432/" in values["DATABASE_URL"]
    assert values["STUDIO_GATEWAY_BROKER"].startswith("redis://redis:")
    in_compose = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert set(values) - {"COMPOSE_PROFILES"} <= in_compose


def test_every_variable_that_deploy_sets_is_one_that_we_read():
    settings = "".join(
        (ROOT / "gateway_project" / name).read_text()
        for name in ("settings.py", "exposure.py", "variables.py")
    )
    read = set(re.findall(r"\b(?:STUDIO_GATEWAY_[A-Z_]+|DATABASE_URL)\b", settings))

    for path in DEPLOY.iterdir():
        named = re.findall(r"\b(?:STUDIO_GATEWAY_[A-Z_]+|DATABASE_URL)\b", path.read_text())
        assert set(named) <= read, path.name
