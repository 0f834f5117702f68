"""Test the demo: its commands, their order, and its end."""

import os

import pytest

from tools import bootstrap
from tools.bootstrap import choose, demo, last_word


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({}, ("wk8_demo", None)),
        ({"other": "succeeded"}, ("wk8_demo", None)),
        ({"wk8_demo": "created"}, ("wk8_demo", None)),
        ({"wk8_demo": "running"}, ("wk8_demo", None)),
        ({"wk8_demo": "succeeded"}, ("wk8_demo_2", "wk8_demo")),
        ({"wk8_demo": "failed", "wk8_demo_2": "blocked"}, ("wk8_demo_3", "wk8_demo_2")),
        ({"wk8_demo": "cancelled", "wk8_demo_2": "running"}, ("wk8_demo_2", "wk8_demo")),
    ],
)
def test_the_demo_takes_the_first_sprint_that_has_not_ended(statuses, expected):
    assert choose(statuses) == expected


@pytest.fixture
def typed(monkeypatch, venv):
    """What the demo types, in order; ``codes`` says what each answers (0 unless told)."""
    typed: list[str] = []
    codes: dict[str, int] = {}

    def answer(argv):
        words = " ".join(argv[3:])
        typed.append(words)
        return codes.get(words, 0)

    monkeypatch.setattr(bootstrap, "call", answer)
    monkeypatch.delenv("STUDIO_GATEWAY_REPO", raising=False)
    yield typed, codes
    os.environ.pop("STUDIO_GATEWAY_REPO", None)  # the demo's own, for its children


def test_the_demo_carries_a_sprint_from_start_to_end(venv, typed, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "sprint_statuses", lambda venv: {})

    assert demo(venv) == 0

    assert typed[0] == [
        "init",
        "sprint create wk8_demo --title Week 8 Demo",
        "sprint run wk8_demo",
        "sprint show wk8_demo",
    ]
    assert "wk8_demo succeeded. Next" in capsys.readouterr().out


def test_the_demo_resumes_what_did_not_end(venv, typed, monkeypatch):
    monkeypatch.setattr(bootstrap, "sprint_statuses", lambda venv: {"wk8_demo": "running"})

    assert demo(venv) == 0

    assert typed[0] == ["init", "sprint run wk8_demo", "sprint show wk8_demo"]


def test_the_demo_says_which_sprint_ended_before(venv, typed, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "sprint_statuses", lambda venv: {"wk8_demo": "failed"})

    demo(venv)

    assert "wk8_demo has already ended (failed); this run is wk8_demo_2" in capsys.readouterr().out
    assert "sprint run wk8_demo_2" in typed[0]


def test_the_demo_ends_with_the_exit_code_of_the_sprint(venv, typed, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "sprint_statuses", lambda venv: {})
    typed[1]["sprint run wk8_demo"] = 3

    assert demo(venv) == 3

    assert typed[0][-1] == "sprint show wk8_demo"
    assert "exit code 3. Next, see why" in capsys.readouterr().out


@pytest.mark.parametrize("refused", ["init", "sprint create wk8_demo --title Week 8 Demo"])
def test_the_demo_stops_where_a_command_refuses(venv, typed, monkeypatch, refused):
    monkeypatch.setattr(bootstrap, "sprint_statuses", lambda venv: {})
    typed[1][refused] = 2

    assert demo(venv) == 2

    assert typed[0][-1] == refused


def test_the_last_word_can_be_typed_where_the_folder_has_a_space(tmp_path):
    said = last_word("wk8_demo", 0, tmp_path / "my folder")

    assert f'"{tmp_path / "my folder" / "studio-gateway"}" init' in said
