"""Test each house rule on a text that breaks it, and the content of the lock files."""

import re
from pathlib import Path

import pytest

from tools.house_rules import (
    HOST,
    LOCKS,
    MACHINE_PATH,
    lines_with,
    long_modules,
    readme_faults,
    silent_raises,
    vague_names,
    without_project_urls,
)

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {"command": {"init", "sprint"}, "make target": {"demo"}, "tool": {"check.py"}}


def test_a_module_has_at_most_three_hundred_lines():
    found = list(long_modules({"gates/a.py": "x\n" * 500, "gates/b.py": "x\n" * 501}))

    assert found == ["gates/b.py: 501 lines, at most 500: it has more than one subject"]


def test_a_name_says_what_is_inside():
    paths = ["gates/utils.py", "sprints/service/__init__.py", "sprints/helper_text.py"]

    found = list(vague_names(paths))

    assert [line.split(":")[0] for line in found] == paths[:2]


FUNCTION = '''
def read(path):
    """{}"""
    try:
        raise OSError
    except OSError as exc:
        raise StoreError(path) from exc
'''


def test_a_docstring_names_the_errors_that_its_function_raises():
    silent = FUNCTION.format("Return the text.")

    found = list(silent_raises({"sprints/a.py": silent}))

    assert found == ["sprints/a.py:2: read raises StoreError: say so"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("sprints/a.py", "Return the text. Raises ``StoreError``."),
        ("sprints/views/a.py", "Return the text."),
    ],
)
def test_a_docstring_that_does_passes_and_so_does_a_face(path, told):
    assert not list(silent_raises({path: FUNCTION.format(told)}))


@pytest.mark.parametrize(
    "line",
    [
        "LOG = '/home/me/log'",
        'open("/tmp/x")',
        "cd /root/project",
        "/Users/me",
        r"C:\Users\me",
        r"'c:\\Users\\me'",
    ],
)
def test_a_path_of_one_machine_is_found(line):
    (found,) = lines_with(MACHINE_PATH, "found", {"a.py": f"\n{line}\n"})

    assert found.startswith("a.py:2: found: ")


@pytest.mark.parametrize("line", ["store/home/x", "self.root/'a'", "tmp/x", "the /rooted tree"])
def test_another_path_is_not(line):
    assert not list(lines_with(MACHINE_PATH, "found", {"a.py": line}))


@pytest.mark.parametrize(
    "line",
    [
        "--index-url x",
        "--extra-index-url=x",
        "-f x --find-links y",
        "--trusted-host z",
        "a @ https://host/a.whl",
        "file:///wheels",
    ],
)
def test_a_host_is_found(line):
    assert list(lines_with(HOST, "found", {"requirements.txt": line}))


def test_only_the_table_of_project_urls_may_name_a_host():
    pyproject = """[project.urls]
Issues = "https://example.org/issues"

[project.optional-dependencies]
a = ["a @ https://example.org/a.whl"]
"""

    found = list(lines_with(HOST, "found", {"p": without_project_urls(pyproject)}))

    assert found == ["p:5: found: s://"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_names_no_host_and_has_a_hash_for_everything(name):
    text = (ROOT / name).read_text("utf-8")

    assert not list(lines_with(HOST, "found", {name: text}))
    pins = re.findall(
        r"^[a-z][^\n]*(?:\n[ \t]+--hash=sha256:[0-9a-f]{64}[ \\]*)*", text, re.MULTILINE
    )
    assert pins
    assert all("==" in pin and "--hash" in pin for pin in pins)


def test_all_lock_files_pin_the_same_versions():
    runtime, dev, image = (
        set(re.findall(r"^[a-z][\w.-]*==\S+", (ROOT / name).read_text("utf-8"), re.MULTILINE))
        for name in LOCKS
    )

    assert runtime < image < dev


def test_a_readme_names_only_what_exists():
    readme = """
Run `make demo`, make haste, then `make coffee`.
```bash
python -m studio_gateway init
.venv/bin/studio-gateway fly
python tools/check.py && py tools\\gone.py
```
| `python manage.py sprint run ID` | runs |
"""

    assert list(readme_faults(readme, KNOWN)) == [
        "README.md: there is no command 'fly'",
        "README.md: there is no make target 'coffee'",
        "README.md: there is no tool 'gone.py'",
    ]


def test_a_readme_stays_short():
    assert list(readme_faults("x\n" * 149, KNOWN)) == []
    assert list(readme_faults("x\n" * 150, KNOWN)) == ["README.md: 150 lines, must stay under 150"]
