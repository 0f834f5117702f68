"""Test that a lost database is rebuilt from events.jsonl with the same content."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from sprints.contract.hook_spec import HookDefinition
from sprints.definitions import agents as agent_rows
from sprints.definitions import hooks as hook_rows
from sprints.journal.settings_projection import Settings
from sprints.models import Event, Schedule, Sprint
from sprints.operations.rebuild import MODELS, as_upgraded
from sprints.state.event_format import FIRST_PREV, canonical, chain
from tests import studio

ARCHIVE = ("state.json", "events.jsonl")


@pytest.fixture
def lived(store):
    """A store in which sprints succeeded, failed, were retried, blocked, cancelled and paused."""
    studio.create("wk1", brief="Ünïcode\nin two lines", deadline="stop")
    studio.run("wk1")
    studio.gate("false", gate_id="lint", required=False)
    studio.gate("false")
    studio.create("wk2")
    studio.run("wk2")
    studio.gate("true")
    studio.retry("wk2")
    for name in ("wk3", "wk4", "wk5"):
        studio.create(name)
    studio.pause("wk3", "sam", "lunch")
    studio.run("wk4", one_round=True)
    studio.cancel("wk4", "sam")
    hook = HookDefinition(
        "ask", "command", ("gate_start", "round_done"), ("false",), tries=1, blocking=True
    )
    hook_rows.put(hook)
    agent = agent_rows.get("agent_03").definition
    changed = replace(agent, title="Ours", authority=(), deliverables=("a map",), env={"A": "1"})
    agent_rows.put([changed], "sam")
    studio.run("wk5")
    studio.settle_files()
    assert sorted(Sprint.objects.values_list("status", flat=True)) == [
        "blocked",
        "cancelled",
        "created",
        "succeeded",
        "succeeded",
    ]
    return store


def test_rows_are_what_the_events_tell(lived, invoke):
    said = invoke("rebuild", "--check")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("agree: 1 agent, 1 delivery, 2 gate, ")
    assert "5 sprint" in said.out


@pytest.mark.parametrize(
    ("kind", "name", "changed", "words"),
    [
        ("sprint", "wk2", {"attempt": 1}, "sprint wk2: attempt is 2 by the events, 1 in the"),
        ("sprint", "wk1", {"contract": None}, "sprint wk1: contract is {"),
        ("sprint", "wk4", {"cancel_by": ""}, "sprint wk4: cancel_by is 'sam' by the events"),
        ("task", "wk1/R0_SETUP/lead_agent_01", {"reply": "no"}, 'reply is "Status: '),
        ("gate_run", "wk2/qa_smoke_quick/1", {"status": "passed"}, "'failed' by the events"),
        (
            "agent",
            "agent_03",
            {"authority": ["x"]},
            "agent_03: authority is [] by the",
        ),
        ("gate", "lint", {"required": True}, "gate lint: required is False by the events"),
    ],
)
def test_a_row_that_is_not_what_the_events_tell_is_named(lived, invoke, kind, name, changed, words):
    MODELS[kind].objects.filter(pk=name).update(**changed)

    said = invoke("rebuild", "--check")

    assert said.code == 1
    assert words in said.out


def test_a_row_that_no_event_tells_of_is_found(lived, invoke):
    row = studio.task(pk="wk1/R0_SETUP/lead_agent_01")
    row.pk = "wk1/R0_SETUP/more"
    row.save(force_insert=True)

    said = invoke("rebuild", "--check")

    assert said.code == 1
    assert "of task, the events tell of" in said.out


def test_the_events_alone_make_the_database_anew(lived, tmp_path, shell, invoke):
    there = tmp_path / "elsewhere"
    (there / ".studio_gateway").mkdir(parents=True)
    for name in ARCHIVE:
        shutil.copy(lived.root / name, there / ".studio_gateway" / name)
    shutil.copytree(lived.artifacts, there / ".studio_gateway/artifacts")
    before = {name: (lived.root / name).read_bytes() for name in ARCHIVE}
    at_home = {"STUDIO_GATEWAY_REPO": str(there)}

    made = shell("rebuild", **at_home)

    assert (made.code, made.err) == (0, "")
    assert "5 sprint" in made.out
    assert "left out: users, passwords and tokens" in made.out
    after = {name: (there / ".studio_gateway" / name).read_bytes() for name in ARCHIVE}
    assert after == before
    for argv in (("verify",), ("rebuild", "--check")):
        said = shell(*argv, **at_home)
        assert (said.code, said.err) == (0, ""), said.out
    gates = json.loads(shell("gate", "list", "--json", **at_home).out)
    assert [gate["gate_id"] for gate in gates] == ["qa_smoke_quick", "lint"]
    agents = shell("agent", "list", "--json", **at_home).out
    assert agents == invoke("agent", "list", "--json").out
    assert shell("sprint", "retry", "wk5", **at_home).code == 3  # the hook is there, and says no
    assert shell("sprint", "resume", "wk3", **at_home).code == 0
    assert shell("verify", **at_home).code == 0


def elsewhere(store, tmp_path):
    """The environment of a store that has nothing but the events of the other."""
    there = tmp_path / "elsewhere"
    (there / ".studio_gateway").mkdir(parents=True)
    shutil.copy(store.events, there / ".studio_gateway")
    return {"STUDIO_GATEWAY_REPO": str(there)}


def test_hooks_and_schedules_come_back_without_their_secrets(
    store, tmp_path, shell, invoke, monkeypatch
):
    monkeypatch.setenv("CI_TOKEN", "swordfish-and-more")
    say = ("python", "tell.py")
    for hook in (
        HookDefinition("plain", "command", ("error",), say, tries=7),
        HookDefinition("told", "command", ("error",), (*say, "swordfish-and-more")),
        HookDefinition("board", "webhook", ("error",), ("https://example.com/swordfish",)),
        HookDefinition("me", "notify", ("note",), ("mailto://user:swordfish@example.com",)),
    ):
        hook_rows.put(hook)
    studio.add_schedule("nightly", "sam", cron="0 2 * * *", zone="Europe/Berlin", brief="Do it")
    studio.add_schedule("weekly", "sam", cron="0 2 * * 1", brief="with swordfish-and-more")
    studio.add_schedule("idle", "sam", cron="0 3 * * *")
    studio.turn_schedule("idle", "sam", on=False)
    agent = agent_rows.get("agent_03").definition
    agent_rows.put([replace(agent, env={"A": "1", "KEY": "swordfish-and-more"})], "sam")
    studio.settle_files()
    assert b"swordfish" not in store.events.read_bytes()
    at_home = elsewhere(store, tmp_path)

    made = shell("rebuild", **at_home)

    left = [line for line in made.out.splitlines() if line.startswith("left out: ")]
    assert "users, passwords and tokens" in left.pop()
    assert [line.split(":")[1].strip() for line in left] == [
        "agent agent_03",
        "webhook board",
        "notification me",
        "hook told",
        "schedule weekly",
    ]
    assert all("type: studio-gateway " in line for line in left)
    for said in (invoke("rebuild", "--check"), shell("rebuild", "--check", **at_home)):
        assert (said.code, said.err) == (0, ""), said.out
    hooks = {hook["hook_id"]: hook for hook in json.loads(invoke("hook", "list", "--json").out)}
    again = json.loads(shell("hook", "list", "--json", **at_home).out)
    assert [hook.pop("enabled") for hook in again] == [False, False, True, False]
    assert hooks["plain"]["tries"] == 7
    for hook in again:
        del hooks[hook["hook_id"]]["enabled"]
        if hook["hook_id"] != "told":
            assert hook == hooks[hook["hook_id"]]
    before = _by_id(invoke("schedule", "list", "--json").out)
    after = _by_id(shell("schedule", "list", "--json", **at_home).out)
    assert (after["idle"], after["nightly"]) == (before["idle"], before["nightly"])
    assert after["weekly"] == before["weekly"] | {"next_ts": None, "next": None}
    shown = json.loads(shell("agent", "show", "agent_03", "--json", **at_home).out)
    assert shown["env"] == {"A": "1", "KEY": ""}

    for name, option in (("board", "--url"), ("me", "--notify")):
        for argv in (("test", name), ("set", name, "--enable")):
            said = shell("hook", *argv, **at_home)
            assert (said.code, said.err.count("\n")) == (2, 1), said
            assert f"give it again with {option} URL" in said.err
    new = ("hook", "set", "board", "--url", "https://example.com/new", "--enable")
    assert shell(*new, **at_home).code == 0
    assert shell("hook", "show", "board", "--secret", **at_home).out.startswith("whsec_")
    assert shell("rebuild", "--check", **at_home).code == 0


def _by_id(text):
    return {one["schedule_id"]: one for one in json.loads(text)}


def test_a_schedule_comes_back_as_it_last_fired(store, tmp_path, shell, invoke):
    studio.add_schedule("nightly", "sam", cron="* * * * *")
    Schedule.objects.update(next_at=timezone.now() - timedelta(hours=1))
    studio.fire_schedules()
    studio.settle_files()
    at_home = elsewhere(store, tmp_path)

    assert shell("rebuild", **at_home).code == 0

    fired = json.loads(invoke("schedule", "list", "--json").out)
    assert fired[0]["last_sprint_id"].startswith("nightly-")
    assert json.loads(shell("schedule", "list", "--json", **at_home).out) == fired
    assert shell("rebuild", "--check", **at_home).code == 0


def test_a_schedule_of_which_old_events_do_not_tell_all_is_named():
    told = Settings()
    data = {"schedule_id": "nightly", "cron": "0 2 * * *", "zone": "UTC", "next_ts": None}
    event = {"seq": 2, "kind": "schedule_changed", "message": "schedule added: nightly"}
    told.apply(event | {"data": data})

    assert list(told.rows()) == []
    assert [line.split(":")[0] for line in told.lost()] == ["schedule nightly"]

    told.apply(event | {"message": "schedule removed: nightly", "data": data})
    assert told.lost() == []


def test_a_sprint_that_was_running_is_carried_to_its_end(lived, tmp_path, shell):
    """Up to the start of a gate: its process is gone, and it is run again."""
    there = tmp_path / "elsewhere"
    (there / ".studio_gateway").mkdir(parents=True)
    lines = lived.events.read_text().splitlines(keepends=True)
    started = [n for n, line in enumerate(lines, 1) if '"kind": "gate_started"' in line]
    kept = "".join(lines[: started[0]]) + lines[started[0]][:50]
    (there / ".studio_gateway/events.jsonl").write_text(kept)
    at_home = {"STUDIO_GATEWAY_REPO": str(there)}

    made = shell("rebuild", **at_home)
    run = shell("sprint", "run", "wk1", **at_home)

    assert "left out: 50 bytes of a torn last line" in made.out
    assert (run.code, run.err) == (0, "")
    assert shell("verify", **at_home).code == 0  # what was printed elsewhere is not missed here
    assert shell("rebuild", "--check", **at_home).code == 0


def test_a_database_that_is_not_empty_is_left_alone(lived, invoke, shell, tmp_path):
    shell("init")
    before = lived.database.read_bytes()

    said = shell("rebuild")

    assert said.code == 2
    assert said.err.startswith("error: the database is not empty; move it away: mkdir ")
    assert said.err.count("\n") == 1
    assert lived.database.read_bytes() == before
    assert invoke("rebuild").code == 2
    assert Event.objects.exists()


def test_events_that_are_not_sound_make_no_database(lived, tmp_path, shell):
    lines = lived.events.read_text().splitlines(keepends=True)
    file = tmp_path / "events.jsonl"
    for text, words in (
        ("".join([*lines[:6], *lines[7:]]), "line 7: it is event 8, where 7 belongs"),
        (_forged(lines), "has an event that is impossible"),
        ("", "there is no event to rebuild from"),
    ):
        file.write_text(text)
        there = tmp_path / "elsewhere"
        there.mkdir(exist_ok=True)

        said = shell("rebuild", "--from", str(file), STUDIO_GATEWAY_REPO=str(there))

        assert said.code == 2
        assert words in said.err
        assert said.err.count("\n") == 1


def _forged(lines):
    """A chain that holds, and a patch that cannot be made."""
    prev, forged = FIRST_PREV, []
    for line in lines[:5]:
        event = {k: v for k, v in json.loads(line).items() if k != "hash"} | {"prev": prev}
        if event["seq"] == 4:
            event["change"] = [{"op": "replace", "path": "/sprints/wk9/title", "value": ""}]
        prev = chain(prev, event)
        forged.append(canonical(event | {"hash": prev}) + "\n")
    return "".join(forged)


def test_no_events_is_one_line_and_exit_2(tmp_path, shell):
    said = shell("rebuild", STUDIO_GATEWAY_REPO=str(tmp_path))

    assert said.code == 2
    assert "events.jsonl: No such file or directory" in said.err


def test_what_programs_have_said_is_told_whole(store, invoke):
    """A reply in its own words, a question that waits, one that was answered, a failure."""
    studio.ask("asks1")
    studio.ask("asks2", "offers")
    studio.answer("asks2", "red", "sam")
    waits = invoke("rebuild", "--check")
    studio.run("asks2")
    studio.speaker("exits3")
    studio.create("fails")
    studio.run("fails")

    said = invoke("rebuild", "--check")

    assert (waits.code, waits.out[:6]) == (0, "agree:"), waits
    assert (said.code, said.out[:6]) == (0, "agree:"), said


@pytest.mark.parametrize(
    ("told", "home", "network"),
    [
        ({"command": ["x"]}, "user", "all"),
        ({"command": []}, "private", ["program"]),
        ({"command": ["x"], "home": "private"}, "private", "all"),
        ({"command": [], "home": "user"}, "user", ["program"]),
        ({"command": ["x"], "network": ["program"]}, "user", ["program"]),
        ({"command": [], "network": "none"}, "private", "none"),
    ],
)
def test_an_agent_of_old_events_is_as_an_upgrade_leaves_it(told, home, network):
    assert as_upgraded(told) == {**told, "home": home, "network": network}
