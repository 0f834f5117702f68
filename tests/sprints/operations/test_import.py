"""Test that a store is imported whole or not at all, and that every loss is reported."""

import json
import os
import shlex
import shutil
import sys
import tarfile
from io import BytesIO
from pathlib import Path, PurePosixPath

import pytest

from sprints.journal.path_mapping import mapped
from sprints.operations import import_source
from sprints.state.event_format import FIRST_PREV, canonical, chain
from tests.checkout import commit
from tests.sprints.bad_inputs.refusals import complaint, dump, files
from tests.world import ROOT, run_command

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A gateway in which nothing has happened, for all to copy."""
    repo = tmp_path_factory.mktemp("made")
    (repo / ".git").mkdir()
    assert run_command(repo, "init").code == 0
    return repo / ".studio_gateway"


@pytest.fixture
def fresh(made, repo):
    """A gateway in which nothing has happened."""
    return Path(shutil.copytree(made, repo / ".studio_gateway"))


@pytest.fixture
def old(tmp_path):
    """The store of an earlier gateway, with a failed sprint and its evidence."""
    folder = tmp_path / "old" / ".studio_gateway"
    shutil.copytree(GOLDEN / "failed", folder)
    outputs = folder / "artifacts" / "wk8_demo" / "gates" / "qa_smoke_quick"
    outputs.mkdir(parents=True)
    (outputs / "stdout.txt").write_bytes(b"old\r\n\xff")
    return folder


def told(said):
    assert (said.code, said.err) == (0, ""), said
    return json.loads(said.out)


def state_of(store):
    return json.loads((store / "state.json").read_text())


def events_of(store):
    return [json.loads(line) for line in (store / "events.jsonl").read_text().splitlines()]


def all_of(store):
    """What there is, but for the seal, which goes by the inode: that of a copy is another."""
    found = files(store)
    found.pop(".state.json.seal", None)
    return found, dump(store / "gateway.sqlite3")


def agrees(shell):
    for argv in (("verify",), ("rebuild", "--check")):
        said = shell(*argv)
        assert (said.code, said.err) == (0, ""), said.out


@pytest.mark.parametrize("name", ["", ".studio_gateway"])
def test_all_of_an_old_store_is_taken_over(fresh, old, shell, name):
    done = told(shell("import", str(old.parent / name), "--json"))

    assert (done["sprints"], done["events"], done["files"]) == (1, 14, 1)
    assert (done["damaged"], done["left"], done["astray"]) == ([], [], [])
    agrees(shell)
    came = json.loads((old / "state.json").read_text())["sprints"]["wk8_demo"]
    here = state_of(fresh)["sprints"]["wk8_demo"]
    assert here["artifacts_dir"] == str(fresh / "artifacts" / "wk8_demo")
    gate = fresh / "artifacts" / "wk8_demo" / "gates" / "qa_smoke_quick"
    assert here["gates"]["qa_smoke_quick"]["stdout_path"] == str(gate / "stdout.txt")
    assert here == json.loads(json.dumps(came).replace("/srv/kingdom", str(fresh.parent)))
    assert (gate / "stdout.txt").read_bytes() == b"old\r\n\xff"
    assert (gate / "runs" / "1" / "stdout.txt").read_bytes() == b"old\r\n\xff"


def packed(target, **sizes):
    """Pack files of zeros, which take little room in the archive; `__` in a name is a slash."""
    with tarfile.open(target, "w:gz") as archive:
        for name, size in {"state.json": 0, **sizes}.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = size
            archive.addfile(entry, BytesIO(bytes(size)))
    return target


BOUNDS = {
    "bytes": ("RESERVE_BYTES", 1 << 62, {"artifacts__wk1__x": 1}, "the disk has no room for"),
    "files": ("MOST_FILES", 2, {f"artifacts__wk1__{n}": 0 for n in range(4)}, "more than 2 files"),
    "state": ("LARGEST", {"state.json": 99}, {"state.json": 100}, "state.json is larger than"),
    "config": ("LARGEST", {"config.json": 9}, {"config.json": 10}, "config.json is larger than"),
}


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("way", ["archive", "folder"])
def test_an_import_has_bounds(store, tmp_path, monkeypatch, invoke, bound, way):
    name, value, sizes, words = BOUNDS[bound]
    monkeypatch.setattr(import_source, name, value)
    source = packed(tmp_path / "large.tar.gz", **sizes)
    if way == "folder":
        with tarfile.open(source) as archive:
            archive.extractall(tmp_path / "large", filter="data")
        source = tmp_path / "large"
    assert invoke("init").code == 0
    before = files(store.root)

    said = invoke("import", str(source))

    assert said.code == 2
    assert words in said.err
    assert said.err.count("\n") == 1
    assert files(store.root) == before


def test_what_nobody_knows_is_kept_wherever_it_stands(fresh, old, shell):
    state = json.loads((old / "state.json").read_text())
    sprint = state["sprints"]["wk8_demo"]
    for place in (
        state,
        sprint,
        sprint["rounds"]["R0_SETUP"],
        sprint["rounds"]["R0_SETUP"]["tasks"].setdefault("t/1".replace("/", "-"), {}),
        sprint["gates"]["qa_smoke_quick"],
        sprint["meta"],
    ):
        place["zz"] = {"deep": [1, None, "\u2028"]}
        place["a~/b"] = 1.5
    (old / "state.json").write_text(json.dumps(state))
    lines = (old / "events.jsonl").read_text().splitlines()
    lines[0] = json.dumps(json.loads(lines[0]) | {"zz": [1], "seq": "mine", "data": {"k": None}})
    (old / "events.jsonl").write_text("\n".join(lines) + "\n")

    told(shell("import", str(old), "--json"))

    agrees(shell)
    here = state_of(fresh)
    sprint = here["sprints"]["wk8_demo"]
    for place in (
        here,
        sprint,
        sprint["rounds"]["R0_SETUP"],
        sprint["rounds"]["R0_SETUP"]["tasks"]["t-1"],
        sprint["gates"]["qa_smoke_quick"],
        sprint["meta"],
    ):
        assert place["zz"] == {"deep": [1, None, "\u2028"]}
        assert place["a~/b"] == 1.5
    first = events_of(fresh)[1]
    assert (first["zz"], first["data"], first["seq"]) == ([1], {"k": None}, 2)
    assert first["imported"] == {"line": 1, "was": {"seq": "mine"}}
    assert shell("sprint", "retry", "wk8_demo").code == 1  # tools/qa_smoke.py is not there
    assert state_of(fresh)["sprints"]["wk8_demo"]["zz"] == {"deep": [1, None, "\u2028"]}
    agrees(shell)


def test_damaged_lines_are_told_by_their_numbers_and_kept(fresh, old, shell):
    lines = (old / "events.jsonl").read_bytes().splitlines()
    bad = {
        3: (b'{"ts": "2026-11-23T2', "it is not JSON"),
        5: (b'{"kind": "\xff"}', "byte 10 of it is not UTF-8"),
        6: (b"[1, 2]", "it is not an object"),
        7: (b'{"kind": "note", "ts": "noon"}', "its ts is no time"),
        8: (b'{"kind": "note", "data": NaN}', "NaN is not JSON"),
        9: (b'{"kind": "note", "kind": "error"}', "stands twice"),
        15: (b'{"kind": 7}', "its kind is no text"),
    }
    for number, (raw, _) in bad.items():
        lines[number - 1 : number] = [raw]
    (old / "events.jsonl").write_bytes(b"\r\n".join(lines))

    said = shell("import", str(old))

    assert said.code == 0
    for number, (_, why) in bad.items():
        line = next(one for one in said.out.splitlines() if f"line {number}: " in one)
        assert line.startswith("kept aside: ")
        assert why in line
    aside = (fresh / "events.damaged.jsonl").read_text("ascii").splitlines()
    kept = {one["line"]: one["text"] for one in map(json.loads, aside)}
    assert {n: text.encode("utf-8", "surrogateescape") for n, text in kept.items()} == {
        number: raw for number, (raw, _) in bad.items()
    }
    numbers = [e["imported"]["line"] for e in events_of(fresh) if "imported" in e]
    assert numbers == [n for n in range(1, 15) if n not in bad]
    agrees(shell)


def test_the_fewest_fields_are_enough(fresh, shell):
    done = told(shell("import", str(GOLDEN / "minimal_fields"), "--json"))

    agrees(shell)
    assert done["sprints"] == 2
    sprint = state_of(fresh)["sprints"]["m2"]
    assert (sprint["title"], sprint["meta"], sprint["last_error"]) == ("", {}, None)
    assert sprint["rounds"]["R3_BUILD_A_INTEGRATE"]["tasks"]["t"]["status"] == "pending"
    assert state_of(fresh)["unknown_top"] == 1
    assert events_of(fresh)[1]["imported"]["lacks"] == [
        *("ts", "kind", "sprint_id", "round_id", "data"),
    ]


HERE = PurePosixPath("/new/.studio_gateway/artifacts")


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/srv/k/.studio_gateway/artifacts/wk1", "wk1"),
        ("/srv/k/.studio_gateway/artifacts/wk1/gates/g/stdout.txt", "wk1/gates/g/stdout.txt"),
        (r"C:\Games\k\.studio_gateway\artifacts\wk1\gates\g\stdout.txt", "wk1/gates/g/stdout.txt"),
        (r"\\nas\k\.studio_gateway\artifacts\wk1", "wk1"),
        (r"artifacts\wk1\gates\g\stderr.txt", "wk1/gates/g/stderr.txt"),
        ("artifacts/wk1/gates/g/stderr.txt", "wk1/gates/g/stderr.txt"),
        (".studio_gateway/artifacts/wk1", "wk1"),
        ("./artifacts//wk1/", "wk1"),
        ("gates/g/stdout.txt", "wk1/gates/g/stdout.txt"),
        ("/data/elsewhere/artifacts/wk1/gates/g/stdout.txt", "wk1/gates/g/stdout.txt"),
        ("/new/.studio_gateway/artifacts/wk1", "wk1"),
        ("/srv/k/.studio_gateway/artifacts/../config.json", None),
        ("/var/log/gate.txt", None),
        ("C:", None),
        ("\\\\", None),
        ("/", None),
    ],
)
def test_a_path_of_a_store_leads_to_this_one_however_it_is_written(path, rest):
    led = mapped(path, "wk1", HERE)

    assert led == (None if rest is None else f"{HERE}/{rest}")


def test_a_path_that_leads_nowhere_is_kept_and_told(fresh, old, shell):
    text = (old / "state.json").read_text()
    text = text.replace(
        "/srv/kingdom/.studio_gateway/artifacts/wk8_demo/gates/qa_smoke_quick/stdout.txt",
        "/var/log/gate.txt",
    )
    (old / "state.json").write_text(text)

    said = shell("import", str(old))

    assert "path kept, it is outside of the store: /var/log/gate.txt" in said.out
    gate = state_of(fresh)["sprints"]["wk8_demo"]["gates"]["qa_smoke_quick"]
    assert gate["stdout_path"] == "/var/log/gate.txt"
    agrees(shell)


def test_switches_come_along_and_neither_keys_nor_addresses(fresh, old, shell):
    mine = json.loads((fresh / "config.json").read_text())
    given = {
        "auth_token": "a-token-from-elsewhere",
        "port": 4000,
        "gate_profile": "full",
        "max_concurrent_global": "many",
        "SLACK_TOKEN": "xoxb-1234567890",
        "studio": {"name": "kingdom"},
    }
    (old / "config.json").write_text(json.dumps(given))

    done = told(shell("import", str(old), "--json"))

    config = json.loads((fresh / "config.json").read_text())
    assert config == mine | {"gate_profile": "full", "studio": {"name": "kingdom"}}
    assert [name.split(" of ")[0] for name in done["left"]] == [
        "auth_token, port, SLACK_TOKEN",
        "max_concurrent_global",
    ]
    assert "xoxb" not in (fresh / "events.jsonl").read_text()


@pytest.mark.skipif(os.name == "nt", reason="no such links and pipes")
def test_what_is_no_plain_file_is_left_out_and_told(fresh, old, shell):
    (old / "artifacts" / "wk8_demo" / "link").symlink_to(fresh / "config.json")
    (old / "artifacts" / "there").symlink_to(old)
    os.mkfifo(old / "artifacts" / "wk8_demo" / "pipe")
    (old / "notes.md").write_text("mine")

    done = told(shell("import", str(old), "--json"))

    assert sorted(done["left"]) == [
        "artifacts/there (no plain file)",
        "artifacts/wk8_demo/link (no plain file)",
        "artifacts/wk8_demo/pipe (no plain file)",
        "notes.md",
    ]
    assert {path.name for path in (fresh / "artifacts").rglob("*")} >= {"stdout.txt"}
    assert not [path for path in (fresh / "artifacts").rglob("*") if path.is_symlink()]


def in_state(change):
    def make(old):
        state = json.loads((old / "state.json").read_text())
        change(state, state["sprints"]["wk8_demo"])
        (old / "state.json").write_text(json.dumps(state))

    return make


UNFIT = {
    "/sprints/wk8_demo/status is not one of": in_state(lambda _, s: s.update(status="paused")),
    "/sprints/wk8_demo/created_ts is missing": in_state(lambda _, s: s.pop("created_ts")),
    "/sprints/wk8_demo/created_ts is not a time": in_state(lambda _, s: s.update(created_ts=7)),
    "/sprints/wk8_demo/rounds/R9 is not a round": in_state(lambda _, s: s["rounds"].update(R9={})),
    "/sprints/wk8_demo/sprint_id is 'x', not its name": in_state(
        lambda _, s: s.update(sprint_id="x")
    ),
    "'../x' cannot be a sprint id": in_state(lambda w, s: w["sprints"].update({"../x": s})),
    "/sprints/wk8_demo differs from WK8_demo in the case": in_state(
        lambda w, s: w["sprints"].update(WK8_demo=s | {"sprint_id": "WK8_demo"})
    ),
    "tasks/a/b: a task id has": in_state(
        lambda _, s: s["rounds"]["R0_SETUP"]["tasks"].update({"a/b": {}})
    ),
    "gates/qa_smoke_quick/exit_code is not a whole number": in_state(
        lambda _, s: s["gates"]["qa_smoke_quick"].update(exit_code="3")
    ),
    "state.json is of version 2": in_state(lambda w, _: w.update(version=2)),
    "state.json has no object sprints": lambda old: (old / "state.json").write_text("[]"),
    "state.json cannot be read": lambda old: (old / "state.json").write_text('{"sprints": '),
    "state.json is not UTF-8": lambda old: (old / "state.json").write_bytes(b"\xff{}"),
    "holds no state.json, and no events that": lambda old: (old / "state.json").unlink(),
}


@pytest.mark.parametrize("words", UNFIT)
def test_what_cannot_be_taken_over_is_one_line_and_changes_nothing(fresh, old, shell, words):
    UNFIT[words](old)
    before = all_of(fresh)

    said = complaint(shell("import", str(old)))

    assert words in said
    assert all_of(fresh) == before


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere", "there is no "),
        ("empty", "holds no state.json and no events.jsonl"),
        ("file", "is neither a folder nor a .tar.gz"),
        ("cut.tar.gz", "is damaged"),
        ("bare.tar.gz", "holds no state.json"),
        ("repo", "is the store of this gateway"),
    ],
)
def test_what_is_no_store_is_one_line_and_changes_nothing(fresh, old, tmp_path, shell, path, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    with tarfile.open(tmp_path / "whole.tar.gz", "w:gz") as packed:
        packed.add(old, ".")
    whole = (tmp_path / "whole.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    with tarfile.open(tmp_path / "bare.tar.gz", "w:gz") as packed:
        packed.add(tmp_path / "file", "file")
    before = all_of(fresh)

    said = complaint(shell("import", str(tmp_path / path)))

    assert words in said
    assert all_of(fresh) == before


def test_a_gateway_with_a_sprint_or_evidence_is_left_alone(fresh, old, shell):
    (fresh / "artifacts" / "wk8_demo").mkdir()
    assert "there is evidence in" in complaint(shell("import", str(old)))
    (fresh / "artifacts" / "wk8_demo").rmdir()
    shell("sprint", "create", "wk1")
    before = all_of(fresh)

    said = complaint(shell("import", str(old)))

    assert "this gateway has sprints already" in said
    assert all_of(fresh) == before


@pytest.mark.parametrize("name", ["folder", "archive"])
def test_an_archive_writes_nothing_outside_of_the_store(fresh, tmp_path, shell, name):
    target = tmp_path / "hostile.tar.gz"
    with tarfile.open(target, "w:gz") as packed:
        text = (GOLDEN / "failed" / "state.json").read_bytes()
        for path, content in (
            (f"{'.studio_gateway/' if name == 'folder' else './'}state.json", text),
            ("artifacts/../../../escaped", b"x"),
            ("/absolute", b"x"),
            ("artifacts/wk8_demo/kept.txt", b"kept"),
            ("gateway.sqlite3", b"x"),
        ):
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            packed.addfile(entry, BytesIO(content))
        link = tarfile.TarInfo("artifacts/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../config.json"
        packed.addfile(link)

    done = told(shell("import", str(target), "--json"))

    assert sorted(done["left"]) == ["/absolute", "artifacts/../../../escaped", "artifacts/link"]
    assert [path.name for path in (fresh / "artifacts").rglob("*.txt")] == ["kept.txt"]
    assert not list(tmp_path.rglob("escaped"))
    agrees(shell)


@pytest.mark.parametrize("way", ["lines", "chain"])
@pytest.mark.parametrize("point", ["import_placed", "before_db_commit", "after_db_commit"])
def test_an_import_that_is_killed_is_all_there_or_can_be_done_again(
    fresh, old, lived, shell, point, way
):
    source = str(old if way == "lines" else lived)
    killed = shell("import", source, STUDIO_FAULT=f"{point}:1:sigkill")
    assert killed.code == -9

    again = shell("import", source)

    if point != "after_db_commit":
        assert (again.code, again.err) == (0, "")
    else:
        assert "has sprints already" in complaint(again)
        assert shell("init").code == 0  # it takes a command that writes to bring the files up
    assert not (fresh / ".importing").exists()
    agrees(shell)
    assert list((fresh / "artifacts").rglob("stdout.txt"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store of ours elsewhere: a sprint failed, was retried under another gate and succeeded."""
    repo = tmp_path_factory.mktemp("home")
    (repo / ".git").mkdir()
    for argv, code in (
        (("init",), 0),
        (("gate", "set", "qa_smoke_quick", "--command", "false"), 0),
        (("sprint", "create", "wk1", "--title", "One"), 0),
        (("sprint", "run", "wk1"), 1),
        (("gate", "set", "qa_smoke_quick", "--command", "sh -c 'echo yes'"), 0),
        (("sprint", "retry", "wk1"), 0),
        (("sprint", "create", "wk2"), 0),
    ):
        assert run_command(repo, *argv).code == code
    return repo / ".studio_gateway"


@pytest.fixture
def lived(home, tmp_path):
    """A copy of it, in which the paths are those of home."""
    return Path(shutil.copytree(home, tmp_path / "lived"))


def test_a_store_of_ours_keeps_its_chain_and_its_contracts(fresh, home, lived, shell):
    done = told(shell("import", str(lived), "--json"))

    agrees(shell)
    assert (done["chain"], done["sprints"], done["notes"]) == (True, 2, [])
    before = (lived / "events.jsonl").read_bytes()
    assert (fresh / "events.jsonl").read_bytes().startswith(before)
    run = "artifacts/wk1/gates/qa_smoke_quick/runs/3/stdout.txt"
    assert (fresh / run).read_bytes() == (lived / run).read_bytes() == b"yes\n"
    whole = json.dumps(state_of(lived)).replace(str(home), str(fresh))
    assert state_of(fresh) == json.loads(whole)
    assert shell("sprint", "run", "wk2").code == 0
    assert (fresh / "artifacts/wk2/gates/qa_smoke_quick/stdout.txt").read_bytes() == b"yes\n"
    agrees(shell)


def test_hooks_and_schedules_come_along_without_their_secrets(fresh, tmp_path, shell):
    repo = tmp_path / "theirs"
    (repo / ".git").mkdir(parents=True)
    for argv in (
        ("init",),
        ("hook", "add", "board", "--on", "error", "--url", "https://example.com/swordfish"),
        ("schedule", "add", "nightly", "--cron", "0 2 * * *"),
    ):
        assert run_command(repo, *argv).code == 0

    done = told(shell("import", str(repo / ".studio_gateway"), "--json"))

    assert [one for one in done["left"] if one.startswith("webhook board: its URL and its secret")]
    assert [one.split(";")[0] for one in done["notes"]] == [
        "schedule nightly starts sprints here, too"
    ]
    (hook,) = json.loads(shell("hook", "list", "--json").out)
    assert (hook["hook_id"], hook["enabled"]) == ("board", False)
    (schedule,) = json.loads(shell("schedule", "list", "--json").out)
    assert (schedule["schedule_id"], schedule["cron"]) == ("nightly", "0 2 * * *")
    agrees(shell)


def test_a_chain_that_ends_torn_or_has_another_state_says_so(fresh, lived, shell):
    with (lived / "events.jsonl").open("ab") as file:
        file.write(b'{"seq": 99')
    state = (lived / "state.json").read_text()
    (lived / "state.json").write_text(state.replace('"title": "One"', '"title": "Two"'))

    done = told(shell("import", str(lived), "--json"))

    agrees(shell)
    assert done["chain"]
    assert [one["why"] for one in done["damaged"]] == ["it is torn: it ends without a newline"]
    assert "differs at /sprints/wk1/title" in done["notes"][0]
    assert '"Two"' in (fresh / "state.json.imported").read_text()
    assert state_of(fresh)["sprints"]["wk1"]["title"] == "One"


def test_a_chain_that_is_broken_is_taken_over_line_by_line(fresh, lived, shell):
    lines = (lived / "events.jsonl").read_text().splitlines(keepends=True)
    (lived / "events.jsonl").write_text("".join([*lines[:4], *lines[5:]]))

    done = told(shell("import", str(lived), "--json"))

    agrees(shell)
    assert not done["chain"]
    assert "broken at line 5" in done["notes"][0]
    assert done["events"] == len(lines) - 1
    was = [event["imported"]["was"]["seq"] for event in events_of(fresh) if "imported" in event]
    assert was == [1, 2, 3, 4, *range(6, len(lines) + 1)]


def test_a_store_that_was_imported_can_be_imported_once_more(fresh, old, tmp_path, shell):
    shutil.move(old / "artifacts", tmp_path / "artifacts")
    told(shell("import", str(old), "--json"))
    third = tmp_path / "third"
    (third / ".git").mkdir(parents=True)
    assert run_command(third, "init").code == 0

    done = told(run_command(third, "import", str(fresh), "--json"))

    assert (done["chain"], done["mapped"]) == (True, 3)
    for argv in (("verify",), ("rebuild", "--check")):
        said = run_command(third, *argv)
        assert (said.code, said.err) == (0, ""), said.out


def test_a_sprint_that_ran_elsewhere_waits_for_a_person_here(fresh, shell):
    told(shell("import", str(GOLDEN / "synthetic_all_enums"), "--json"))
    shell("gate", "set", "qa_smoke_quick", "--command", "true")

    waiting = json.loads(shell("status", "--json").out)["waiting"]
    assert waiting["x_running"]["what"] == "a retry; the sprint was imported"
    assert waiting["x_running"]["who"] == "an operator"
    for act in ("run", "step"):
        said = complaint(shell("sprint", act, "x_running"))
        assert "from its first round: studio-gateway sprint retry x_running" in said
    assert "there is nothing to cancel" in complaint(shell("sprint", "cancel", "x_failed"))
    assert shell("sprint", "cancel", "x_blocked").code == 0

    for act, name in (("retry", "x_running"), ("retry", "x_failed"), ("run", "x_created")):
        said = shell("sprint", act, name)
        assert (said.code, said.err) == (0, ""), said.out
    sprint = state_of(fresh)["sprints"]["x_running"]
    assert {value["status"] for value in sprint["rounds"].values()} == {"done"}
    assert (fresh / "artifacts/x_running/gates/qa_smoke_quick/runs/1/stdout.txt").is_file()
    agrees(shell)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"status": "created"', '"status": "paused"', "/sprints/wk2/status is not one of"),
        ("wk2", "../wk2", "cannot be a sprint id"),
    ],
)
def test_a_chain_that_holds_may_not_tell_of_what_cannot_be(
    fresh, lived, shell, before, after, words
):
    prev, lines = FIRST_PREV, []
    for line in (lived / "events.jsonl").read_text().splitlines():
        changed = line.replace(before, after) if "wk2" in line else line
        event = {k: v for k, v in json.loads(changed).items() if k != "hash"} | {"prev": prev}
        if after.startswith("../"):
            event["change"] = [
                op | {"path": op["path"].replace("/../wk2", "/..~1wk2")} for op in event["change"]
            ]
        prev = chain(prev, event)
        lines.append(canonical(event | {"hash": prev}) + "\n")
    (lived / "events.jsonl").write_text("".join(lines))
    unchanged = all_of(fresh)

    said = complaint(shell("import", str(lived)))

    assert words in said
    assert all_of(fresh) == unchanged


def test_a_sprint_of_ours_that_runs_goes_on_here_and_its_agents_files_come_along(
    fresh, tmp_path, shell
):
    repo = tmp_path / "home"
    repo.mkdir()
    commit(repo, {"a.txt": "a"})
    says = shlex.join([sys.executable, str(ROOT / "tests" / "speaker.py"), "replies"])
    for argv in (
        ("init",),
        ("gate", "set", "qa_smoke_quick", "--command", "true"),
        ("agent", "set", "agent_01", "--command", says),
        ("sprint", "create", "wk1"),
        ("sprint", "step", "wk1"),
    ):
        assert run_command(repo, *argv).code == 0

    done = told(shell("import", str(repo), "--json"))

    agrees(shell)
    (note,) = done["notes"]
    assert note.startswith("sprint wk1 goes on here once a worker is at work; to hold it: ")
    details = state_of(fresh)["sprints"]["wk1"]["rounds"]["R0_SETUP"]["tasks"]["lead_agent_01"][
        "details"
    ]
    assert Path(details["stdout"]).is_relative_to(fresh)
    assert Path(details["stdout"]).read_text().startswith("Status: DONE")
    run = shell("sprint", "run", "wk1")
    assert run.code == 1  # its clone is no part of the record
    assert "the work of wk1 so far, is not in this store" in run.out
    agrees(shell)
    assert shell("replay").code == 0
