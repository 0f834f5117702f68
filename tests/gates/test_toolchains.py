"""Toolchains on PATH are readable with what their programs need, and nothing beside them."""

import os
from pathlib import Path

import pytest

from gates import toolchains


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The HOME of somebody who has installed a few things."""
    home = tmp_path / "home"
    for name in (
        ".nvm/versions/node/v20/bin/node",
        ".nvm/versions/node/v20/lib/node_modules/tool/cli.js",
        ".pyenv/shims/python",
        ".pyenv/versions/3.12/bin/python3.12",
        ".pyenv/versions/3.12/lib/python3.12/os.py",
        ".cargo/bin/cargo",
        ".cargo/credentials.toml",
        ".rustup/toolchains/stable/bin/cargo",
        ".local/share/uv/tools/ruff/bin/ruff",
        ".local/share/uv/tools/ruff/pyvenv.cfg",
        ".local/share/keyrings/login.keyring",
        ".local/lib/python3.12/site-packages/x.py",
        ".local/bin/plain",
        "project/.git/HEAD",
        "project/lib/secret.txt",
        "project/bin/start",
        "project/node_modules/.bin/tsc",
        "project/node_modules/typescript/tsc.js",
        "project/.venv/bin/pytest",
        "project/.venv/lib/python3.12/site-packages/y.py",
        "scripts/run.sh",
        "bin/mine",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("#!/bin/sh\n")
    link = home / ".nvm/versions/node/v20/bin/tool"
    link.symlink_to("../lib/node_modules/tool/cli.js")
    (home / ".local/bin/ruff").symlink_to(home / ".local/share/uv/tools/ruff/bin/ruff")
    (home / "project/.venv/pyvenv.cfg").write_text(f"home = {home}/.pyenv/versions/3.12/bin\n")
    (home / "project/.venv/bin/python").symlink_to(home / ".pyenv/versions/3.12/bin/python3.12")
    return home


def read(home: Path, *folders: str, words: tuple[str, ...] = ()) -> list[str]:
    """What is readable below that HOME with these folders of it on PATH."""
    path = os.pathsep.join(["/usr/bin", *(str(home / one) for one in folders), "relative"])
    found = toolchains.readable(path, words, home)
    assert set(toolchains.SYSTEM) <= set(found)
    return [str(one.relative_to(home)) for one in found if one.is_relative_to(home)]


def opens(found: list[str], path: str) -> bool:
    return any(Path(path).is_relative_to(one) for one in found)


@pytest.mark.parametrize(
    ("folder", "needed", "closed"),
    [
        (".nvm/versions/node/v20/bin", ".nvm/versions/node/v20/lib/node_modules", ".nvm/alias"),
        (".pyenv/shims", ".pyenv/versions/3.12/lib", ".rustup"),
        (".cargo/bin", ".rustup/toolchains/stable/bin/cargo", ".cargo/credentials.toml"),
        (".local/bin", ".local/share/uv/tools/ruff/bin/ruff", ".local/share/keyrings"),
        (".local/bin", ".local/lib/python3.12", ".local/state"),
        ("project/node_modules/.bin", "project/node_modules/typescript", "project/lib"),
        ("project/.venv/bin", "project/.venv/lib", "project/lib/secret.txt"),
        ("project/.venv/bin", ".pyenv/versions/3.12/lib/python3.12", "project/.git"),
        ("project/bin", "project/bin/start", "project/lib"),
        ("bin", "bin/mine", "scripts/run.sh"),
    ],
)
def test_a_folder_of_path_opens_its_installation_and_nothing_beside(home, folder, needed, closed):
    found = read(home, folder)

    assert opens(found, needed), found
    assert not opens(found, closed), found


def test_what_is_not_on_path_stays_closed(home):
    assert read(home) == []


@pytest.mark.parametrize("folder", ["", "..", "../.."])
def test_a_path_that_names_the_home_or_a_folder_above_opens_nothing(home, folder):
    found = toolchains.readable(str((home / folder).resolve()), (), home)

    assert set(found) == set(toolchains.SYSTEM)


def test_a_file_that_the_command_names_is_readable(home):
    found = read(home, words=(str(home / "scripts/run.sh"), str(home), "project/lib"))

    assert found == ["scripts/run.sh"]


def test_the_interpreter_of_a_script_is_readable(home):
    script = home / "scripts/run.sh"
    script.write_text(f"#!{home}/project/.venv/bin/python\n")

    found = read(home, words=(str(script),))

    assert opens(found, "project/.venv/lib")
    assert opens(found, ".pyenv/versions/3.12/lib")
    assert not opens(found, "project/lib")


def test_a_program_on_path_is_found_with_its_interpreter(home):
    (home / "bin/mine").write_text(f"#!{home}/project/.venv/bin/python\n")

    found = toolchains.program("mine", f"/usr/bin:{home}/bin", home)

    assert home / "project/.venv" in found
    assert toolchains.program("sh", "/usr/bin:/bin", home) == ()


@pytest.mark.parametrize(
    ("folder", "needed", "closed"),
    [
        (".pyenv/shims", ".pyenv/versions/3.12/lib", ".rustup"),
        (".cargo/bin", ".rustup/toolchains/stable/bin/cargo", ".cargo/credentials.toml"),
        (".local/bin", ".local/lib/python3.12", ".local/share/keyrings"),
    ],
)
def test_a_version_manager_in_another_home_is_readable(home, tmp_path, folder, needed, closed):
    found = toolchains.readable(str(home / folder), (), tmp_path / "of-a-service")
    opened = [str(path.relative_to(home)) for path in found if path.is_relative_to(home)]

    assert opens(opened, needed), opened
    assert not opens(opened, closed), opened
    assert toolchains.variables(str(home / folder), tmp_path / "of-a-service") == (
        toolchains.variables(str(home / folder), home)
    )


def test_version_managers_find_what_lies_in_the_users_home(home):
    path = f"{home}/.cargo/bin:{home}/.pyenv/shims:{home}/.local/bin"

    assert toolchains.variables(path, home) == {
        "RUSTUP_HOME": str(home / ".rustup"),
        "PYENV_ROOT": str(home / ".pyenv"),
        "PYTHONUSERBASE": str(home / ".local"),
    }
    assert toolchains.variables(f"{home}/.volta/bin", home) == {}


@pytest.fixture
def whole(home: Path) -> dict[str, str]:
    """Ways to name the whole HOME in a PATH, without its own name."""
    beside = home.parent
    (beside / "link").symlink_to(home)
    (beside / "above").symlink_to(home.parent)
    (beside / "venv/bin").mkdir(parents=True)
    (beside / "venv/lib").mkdir()
    (beside / "venv/pyvenv.cfg").write_text(f"home = {home}\n")
    return {
        "link": str(beside / "link"),
        "link above": str(beside / "above"),
        "back": f"{home}/scripts/..",
        "back above": f"{home}/scripts/../..",
        "environment": str(beside / "venv/bin"),
    }


def holds(found: tuple[Path, ...], home: Path) -> list[Path]:
    return [one for one in found if home.is_relative_to(os.path.realpath(one))]


@pytest.mark.parametrize("way", ["link", "link above", "back", "back above", "environment"])
def test_no_folder_of_path_and_no_word_opens_the_whole_home(home, whole, way):
    assert holds(toolchains.readable(whole[way], (), home), home) == []
    assert holds(toolchains.readable("/usr/bin", ("tool", whole[way]), home), home) == []


def test_a_home_that_lies_in_a_folder_of_the_system_is_no_part_of_it(home, monkeypatch):
    (home.parent / "tool/bin").mkdir(parents=True)
    monkeypatch.setattr(toolchains, "SYSTEM", (Path("/usr"), home.parent))

    found = toolchains.readable(f"/usr/bin:{home}/.cargo/bin", (), home)

    assert holds(found, home) == []
    assert home.parent / "tool" in found
    assert home / ".cargo/bin" in found
    assert not any((home / "project").is_relative_to(one) for one in found)
