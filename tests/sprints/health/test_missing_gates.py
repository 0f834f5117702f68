"""Test what is suggested for a gate whose command is not there."""

import json
from html import unescape

import pytest

from sprints.health.missing_gates import suggested
from tests import studio
from tests.people import Role, signed_in, text_of

NODE = json.dumps({"scripts": {"test": "jest"}})
UNSET = json.dumps({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}})


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"Makefile": "all:\n\ttrue\ntest: all\n\ttrue\n", "package.json": NODE}, "make test"),
        ({"Makefile": "test := 1\n", "package.json": NODE}, "npm test"),
        ({"package.json": NODE, "pnpm-lock.yaml": ""}, "pnpm test"),
        ({"package.json": NODE, "yarn.lock": ""}, "yarn test"),
        ({"package.json": UNSET, "go.mod": ""}, "go test ./..."),
        ({"package.json": "[" * 100_000}, ""),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "python -m pytest -q"),
        ({"pyproject.toml": "dev = ['pytest']", "uv.lock": ""}, "uv run pytest -q"),
        ({"conftest.py": "", "poetry.lock": ""}, "poetry run pytest -q"),
        ({"manage.py": ""}, "python manage.py test"),
        ({"Cargo.toml": "", "README": ""}, "cargo test --quiet"),
        ({"README": "test:"}, ""),
    ],
)
def test_a_command_that_suits_the_repository_is_suggested(tmp_path, files, command):
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    assert suggested(tmp_path) == command


def test_init_doctor_run_and_the_empty_page_say_what_to_type(store, invoke):
    studio.gate("python", "tools/qa_smoke.py", "--quick")
    (store.repo / "package.json").write_text(NODE)
    typed = "studio-gateway gate set qa_smoke_quick --command 'npm test'"

    page = unescape(text_of(signed_in(Role.ADMIN).get("/")))
    begun, found = invoke("init"), invoke("doctor")
    studio.create("s1")
    run = invoke("sprint", "run", "s1")

    assert typed in page
    assert typed in begun.err
    assert typed in found.out
    assert typed in run.err
    assert "there is no tools/qa_smoke.py" in run.err


def test_nothing_is_said_of_gates_that_are_there(store, invoke):
    studio.gate("true")

    assert invoke("init").err == ""
    assert "First:" not in text_of(signed_in(Role.ADMIN).get("/"))
