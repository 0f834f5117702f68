"""Test the entry points: their version and their settings."""

from gateway_project import __version__
from tests.world import run_command


def test_the_version_is_ours(repo):
    assert run_command(repo, "--version").out == f"{__version__}\n"
    assert run_command(repo, "version").out == f"{__version__}\n"


def test_the_help_lists_our_commands_in_two_columns(repo):
    said = run_command(repo, "help").out

    assert "\n  schedule  create and start sprints on a cron schedule\n" in said
    assert "flush" not in said


def test_settings_of_the_users_own_django_project_are_not_taken_for_ours(repo):
    said = run_command(repo, "init", DJANGO_SETTINGS_MODULE="mysite.settings")

    assert (said.code, said.err.count("\n")) == (0, 1)  # that the gate is not there
    assert (repo / ".studio_gateway/config.json").exists()


def test_garbage_is_looked_for_once_a_command_is_loaded(repo):
    said = run_command(repo, "shell", "--no-imports", "-c", "import gc; print(gc.isenabled())")

    assert (said.code, said.out) == (0, "True\n")
