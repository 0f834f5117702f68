"""Test that another gateway can import an export, and that an old gateway's files are accepted."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sprints.journal.foreign_events import as_it_came
from tests.formats.test_golden import completed
from tests.sprints.bad_inputs.refusals import complaint
from tests.world import ROOT, environment, run_command, unpack

GOLDEN = Path(__file__).parents[2] / "golden"
NAMES = ("failed", "minimal_fields", "succeeded", "synthetic_all_enums")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A gateway in which nothing has happened, for all to copy."""
    repo = tmp_path_factory.mktemp("made")
    (repo / ".git").mkdir()
    assert run_command(repo, "init").code == 0
    return repo


@pytest.fixture
def gateway(made, tmp_path):
    """``gateway("name")``: the store of a new gateway."""

    def copy(name):
        shutil.copytree(made, tmp_path / name)
        return tmp_path / name / ".studio_gateway"

    return copy


def done(store, *argv):
    said = run_command(store.parent, *argv)
    assert (said.code, said.err) == (0, ""), said
    return said.out


def unpacked(archive, folder):
    unpack(archive, folder)
    return folder


def expected(text, store):
    """What an old state.json says, once what is missing is filled in and its paths lead here."""
    given = json.loads(text)
    sprints = json.loads(completed(text))["sprints"]
    for name, sprint in sprints.items():
        sprint["artifacts_dir"] = sprint["artifacts_dir"] or str(store / "artifacts" / name)
        for value in sprint["rounds"].values():
            for task in value["tasks"].values():
                task["created_ts"] = task["created_ts"] or sprint["created_ts"]
                task["updated_ts"] = task["updated_ts"] or sprint["created_ts"]
    whole = json.dumps(given | {"sprints": sprints, "version": 1})
    return json.loads(whole.replace("/srv/kingdom", str(store.parent)))


@pytest.mark.parametrize("name", NAMES)
def test_an_old_store_goes_out_as_it_came_in(gateway, tmp_path, name):
    old, first, second = tmp_path / "old", gateway("first"), gateway("second")
    shutil.copytree(GOLDEN / name, old)
    evidence = old / "artifacts" / "wk8_demo" / "gates" / "qa_smoke_quick"
    evidence.mkdir(parents=True)
    (evidence / "stdout.txt").write_bytes(os.urandom(3000))
    archive = tmp_path / "out.tar.gz"

    done(first, "import", str(old))
    done(first, "verify")
    told = json.loads(done(first, "export", "--out", str(archive), "--json"))
    out = unpacked(archive, tmp_path / "out")

    text = (old / "state.json").read_text()
    assert json.loads((out / "state.json").read_text()) == expected(text, first)
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    lines = (old / "events.jsonl").read_text().splitlines()
    came = [as_it_came(event) for event in events if "imported" in event]
    assert came == [json.loads(line) for line in lines]
    run = "artifacts/wk8_demo/gates/qa_smoke_quick/stdout.txt"
    assert (out / run).read_bytes() == (old / run).read_bytes()
    assert (told["sprints"], told["events"]) == (len(json.loads(text)["sprints"]), len(events))

    done(second, "import", str(archive))

    done(second, "verify")
    done(second, "rebuild", "--check")
    here = (second / "state.json").read_text()
    assert json.loads(here.replace(str(second.parent), str(first.parent))) == expected(text, first)
    assert (second / "events.jsonl").read_bytes().startswith((out / "events.jsonl").read_bytes())
    assert (second / run).read_bytes() == (old / run).read_bytes()


def test_no_secret_goes_out_and_the_switches_do(gateway, tmp_path):
    store, archive = gateway("first"), tmp_path / "out.tar.gz"
    config = json.loads((store / "config.json").read_text())
    more = {"gate_profile": "full", "SLACK_TOKEN": "xoxb-0000000000", "studio": ["kingdom"]}
    (store / "config.json").write_text(json.dumps(config | more))
    (store / "artifacts" / "wk1").mkdir()
    (store / "artifacts" / "wk1" / "link").symlink_to(store / "config.json")

    done(store, "export", "--out", str(archive))

    assert stat.S_IMODE(archive.stat().st_mode) & 0o077 == 0
    out = unpacked(archive, tmp_path / "out")
    assert json.loads((out / "config.json").read_text()) == {
        "bind_host": "127.0.0.1",
        "port": 18790,
        "gate_profile": "full",
        "studio": ["kingdom"],
    }
    assert {path.name for path in out.rglob("*")} == {"config.json", "events.jsonl", "state.json"}
    words = b"".join(path.read_bytes() for path in out.iterdir())
    assert not [k for k in ("auth_token", "secret_key") if config[k].encode() in words]


def test_damaged_lines_go_along_and_more_are_added_to_them(gateway, tmp_path):
    old, first, second = tmp_path / "old", gateway("first"), gateway("second")
    shutil.copytree(GOLDEN / "failed", old)
    with (old / "events.jsonl").open("ab") as file:
        file.write(b"{torn\n")
    done(first, "import", str(old))
    done(first, "export", "--out", str(tmp_path / "out.tar.gz"))

    done(second, "import", str(tmp_path / "out.tar.gz"))

    aside = (second / "events.damaged.jsonl").read_text()
    assert [json.loads(line)["text"] for line in aside.splitlines()] == ["{torn"]


def test_what_cannot_be_exported_is_one_line_and_leaves_nothing(gateway, tmp_path):
    store = gateway("first")
    (tmp_path / "there.tar.gz").write_text("mine")
    for target, words in (
        ("there.tar.gz", "is there already"),
        ("out", "is to be a .tar.gz; name it so: --out "),
        ("no/where.tar.gz", "No such file"),
        ("first/.studio_gateway/out.tar.gz", "lies in the store itself"),
    ):
        said = run_command(store.parent, "export", "--out", str(tmp_path / target))

        assert words in complaint(said)
    assert (tmp_path / "there.tar.gz").read_text() == "mine"
    assert not [*tmp_path.glob(".*unfinished*"), *tmp_path.glob("out*")]


def test_an_export_that_is_killed_leaves_no_archive(gateway, tmp_path):
    store = gateway("first")
    (store / "artifacts" / "wk1").mkdir()
    with (store / "artifacts" / "wk1" / "large").open("wb") as file:
        file.truncate(1 << 30)
    argv = [sys.executable, "-m", "studio_gateway", "export", "--out", str(tmp_path / "x.tar.gz")]
    begun = subprocess.Popen(argv, cwd=store.parent, env=environment(store.parent))
    while not (left := list(tmp_path.glob(".x.tar.gz.unfinished-*"))):
        assert begun.poll() is None
    begun.kill()
    begun.wait()

    assert not (tmp_path / "x.tar.gz").exists()
    assert left
    (store / "artifacts" / "wk1" / "large").unlink()
    done(store, "export", "--out", str(tmp_path / "x.tar.gz"))


GROWS = """
import resource, sys
import django; django.setup()
from pathlib import Path
from sprints import operations
operations.export(Path(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss")
def test_the_memory_of_an_export_does_not_grow_with_the_store(gateway, tmp_path):
    store = gateway("first")
    env = environment(store.parent) | {"DJANGO_SETTINGS_MODULE": "gateway_project.settings"}

    def peak_kib(name):
        argv = [sys.executable, "-c", GROWS, str(tmp_path / name)]
        return int(subprocess.check_output(argv, cwd=ROOT, env=env))

    little = peak_kib("little.tar.gz")
    folder = store / "artifacts" / "wk1"
    folder.mkdir()
    for number in range(5000):
        (folder / f"{number}.txt").write_bytes(b"x")
    with (folder / "large").open("wb") as file:
        file.truncate(100 << 20)

    assert peak_kib("much.tar.gz") - little < 8 << 10
