"""Test the forms of admins: refused at the field like the command, and recorded as an event."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.signals import post_save

from gates.models import Gate
from sprints.agents.presets import PRESETS
from sprints.contract.protected_paths import PROTECTED
from sprints.models import Agent, Hook, Schedule
from tests import studio
from tests.people import Role, signed_in
from tests.sprints.admin.rows import TABLES

GATE = {
    "gate_id": "lint",
    "title": "Lint",
    "kind": "command",
    "command": "ruff check 'a b'",
    "required": "on",
    "enabled": "on",
    "rounds": ["R3_BUILD_A_INTEGRATE"],
    "profiles": ["quick"],
    "timeout_s": "60",
    "grace_s": "5",
    "cap_bytes": "1000000",
    "env": "CI=1\nEMPTY=",
    "network": "pypi.org localhost:5432",
}
HOOK = {
    "hook_id": "tell",
    "kind": "command",
    "points": ["round_done"],
    "target": "notify-send 'a b'",
    "timeout_s": "10",
    "tries": "3",
    "backoff_s": "10",
    "enabled": "on",
}
SCHEDULE = {"schedule_id": "nightly", "cron": "0 2 * * *", "zone": "Europe/Berlin"}


def last() -> dict:
    """The newest event."""
    return studio.last_event()


def told_at(answer) -> set[str]:
    """The fields at which the form complains."""
    assert answer.status_code == 200, answer.status_code
    return set(answer.context["adminform"].form.errors)


def test_a_gate_is_added_as_the_command_would(store):
    answer = signed_in(Role.ADMIN, "ada").post("/admin/gates/gate/add/", GATE)

    assert answer.status_code == 302
    row = Gate.objects.get(pk="lint")
    assert (row.command, row.env) == (["ruff", "check", "a b"], {"CI": "1", "EMPTY": ""})
    assert (last()["kind"], last()["message"]) == ("gate_changed", "gate added: lint")
    assert last()["data"]["by"] == "ada"
    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.object_id) == ("ada", "lint")


def test_a_gate_that_is_there_is_changed_under_its_id(store):
    browser = signed_in(Role.ADMIN, "ada")
    browser.post("/admin/gates/gate/add/", GATE)
    before = studio.seq()

    shown = browser.get("/admin/gates/gate/lint/change/").content.decode()
    changed = GATE | {"gate_id": "other", "command": "true", "enabled": ""}
    answer = browser.post("/admin/gates/gate/lint/change/", changed)

    assert answer.status_code == 302
    assert "ruff check &#x27;a b&#x27;" in shown
    row = Gate.objects.get(pk="lint")
    assert (row.command, row.enabled) == (["true"], False)
    assert not Gate.objects.filter(pk="other").exists()
    assert studio.seq() == before + 1
    assert last()["data"]["by"] == "ada"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gate_id", ""),
        ("gate_id", "../x"),
        ("gate_id", "qa_smoke_quick"),
        ("gate_id", "QA_SMOKE_QUICK"),
        ("title", ""),
        ("command", ""),
        ("command", "'"),
        ("command", " "),
        ("command", "a\0b"),
        ("rounds", []),
        ("rounds", ["R9"]),
        ("profiles", []),
        ("profiles", ["slow"]),
        ("kind", "magic"),
        ("timeout_s", "0"),
        ("timeout_s", "-1"),
        ("timeout_s", "nan"),
        ("timeout_s", "inf"),
        ("timeout_s", "1e9"),
        ("timeout_s", "x"),
        ("grace_s", "61"),
        ("cap_bytes", "0"),
        ("cap_bytes", "1e9"),
        ("env", "NO"),
        ("env", "=x"),
        ("network", ""),
        ("network", "https://pypi.org"),
        ("network", "localhost"),
    ],
)
def test_what_the_gate_command_refuses_is_told_at_its_field(store, field, value):
    browser = signed_in(Role.ADMIN)
    before = (studio.seq(), Gate.objects.count())

    answer = browser.post("/admin/gates/gate/add/", GATE | {field: value})

    assert told_at(answer) == {field}
    assert (studio.seq(), Gate.objects.count()) == before
    assert not LogEntry.objects.exists()


def test_a_hook_is_added_and_changed(store):
    browser = signed_in(Role.ADMIN, "ada")

    first = browser.post("/admin/sprints/hook/add/", HOOK)
    target = Hook.objects.get(pk="tell").target
    hidden = HOOK | {"kind": "webhook", "target": "https://hooks.example/s3cret"}
    second = browser.post("/admin/sprints/hook/add/", hidden | {"hook_id": "web"})

    assert (first.status_code, second.status_code) == (302, 302)
    assert target == ["notify-send", "a b"]
    assert last()["data"]["by"] == "ada"
    assert Hook.objects.get(pk="web").secret.startswith("whsec_")
    assert "s3cret" not in json.dumps(last())
    assert "s3cret" not in signed_in(Role.VIEWER).get("/admin/sprints/hook/").content.decode()
    page = signed_in(Role.OPERATOR).get("/admin/sprints/hook/web/change/").content.decode()
    assert "hooks.example" in page
    assert "s3cret" not in page
    assert "whsec_" not in browser.get("/admin/sprints/hook/web/change/").content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hook_id": "a/b"}, "hook_id"),
        ({"points": []}, "points"),
        ({"points": ["x"]}, "points"),
        ({"timeout_s": "0"}, "timeout_s"),
        ({"tries": "21"}, "tries"),
        ({"backoff_s": "-1"}, "backoff_s"),
        ({"target": "'"}, "target"),
        ({"target": ""}, "target"),
        ({"kind": "x"}, "kind"),
        ({"blocking": "on", "points": ["note"]}, "points"),
        ({"allow_private": "on"}, "allow_private"),
    ],
)
def test_what_the_hook_command_refuses_is_told_at_its_field(store, changes, field):
    answer = signed_in(Role.ADMIN).post("/admin/sprints/hook/add/", HOOK | changes)

    assert told_at(answer) == {field}
    assert not Hook.objects.exists()


def test_a_schedule_is_added_changed_and_deleted(store):
    browser = signed_in(Role.ADMIN, "ada")

    browser.post("/admin/sprints/schedule/add/", SCHEDULE)
    added = last()
    browser.post("/admin/sprints/schedule/nightly/change/", SCHEDULE | {"cron": "0 3 * * *"})
    changed = studio.schedule(pk="nightly")
    answer = browser.post("/admin/sprints/schedule/nightly/delete/", {"post": "yes"})

    assert (added["message"], added["data"]["by"]) == ("schedule added: nightly", "ada")
    assert (changed.cron, changed.enabled) == ("0 3 * * *", True)
    assert answer.status_code == 302
    assert (last()["message"], last()["data"]["by"]) == ("schedule removed: nightly", "ada")
    assert LogEntry.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schedule_id": "a/b"}, "schedule_id"),
        ({"cron": "x"}, "cron"),
        ({"cron": "0 0 31 2 *"}, "cron"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"title": "a\nb"}, "title"),
        ({"profile": "slow"}, "profile"),
        ({"deadline": "x"}, "deadline"),
    ],
)
def test_what_the_schedule_command_refuses_is_told_at_its_field(store, changes, field):
    answer = signed_in(Role.ADMIN).post("/admin/sprints/schedule/add/", SCHEDULE | changes)

    assert told_at(answer) == {field}
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("path", ["gates/gate", "sprints/hook", "sprints/schedule"])
def test_many_are_deleted_each_by_its_operation(store, path):
    ids = [TABLES[path](n).pk for n in range(2)]
    browser = signed_in(Role.ADMIN, "ada")
    before = studio.seq()

    form = {"action": "delete_selected", "_selected_action": ids, "post": "yes"}
    browser.post(f"/admin/{path}/", form)

    assert studio.seq() == before + 2
    assert last()["data"]["by"] == "ada"


AGENT = {
    "title": "Architect",
    "mission": "Boundaries,\r\nand what they cost.",
    "responsibilities": "Sees\r\n\r\n Hears ",
    "authority": "May say no",
    "deliverables": "",
    "runner": "command",
    "command": "speak --model '{model} x'",
    "model": "m1",
    "timeout_s": "60",
    "grace_s": "1",
    "idle_s": "0",
    "policy": "read",
    "home": "user",
    "network": "api.example.org pypi.org",
    "pass_env": "A B",
    "env": "C=1",
}


def test_an_agents_card_is_edited_as_the_command_would(store, invoke):
    invoke("agent", "set", "agent_03", "--preset", "gemini")
    browser = signed_in(Role.ADMIN, "ada")
    path = "/admin/sprints/agent/agent_03/change/"

    answer = browser.post(path, AGENT)

    agent = studio.agent("agent_03")
    assert answer.status_code == 302
    assert (agent.title, agent.mission) == ("Architect", "Boundaries,\nand what they cost.")
    assert (agent.responsibilities, agent.deliverables) == (("Sees", "Hears"), ())
    assert (agent.command, agent.pass_env) == (("speak", "--model", "{model} x"), ("A", "B"))
    assert agent.reply == PRESETS["gemini"]["reply"]
    assert (last()["kind"], last()["data"]["by"]) == ("agent_changed", "ada")
    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.object_id) == ("ada", "agent_03")
    before = studio.seq()
    browser.post(path, browser.get(path).context["adminform"].form.initial)
    assert (studio.seq(), studio.agent("agent_03")) == (before, agent)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "a\nb"),
        ("mission", " "),
        ("mission", "x" * 4001),
        ("responsibilities", "x" * 301),
        ("authority", "x\n" * 21),
        ("deliverables", "a\x1bb"),
        ("runner", "magic"),
        ("command", ""),
        ("command", "'"),
        ("model", ""),
        ("model", "a\tb"),
        ("timeout_s", "0"),
        ("timeout_s", "x"),
        ("grace_s", "601"),
        ("idle_s", "-1"),
        ("pass_env", "SECRET_KEY"),
        ("network", ""),
        ("network", "https://pypi.org"),
        ("env", "NO"),
        ("env", "SECRET_KEY=x"),
    ],
)
def test_what_the_agent_command_refuses_is_told_at_its_field(store, field, value):
    browser = signed_in(Role.ADMIN)
    before = studio.seq(), studio.agent("agent_03")

    answer = browser.post("/admin/sprints/agent/agent_03/change/", AGENT | {field: value})

    assert told_at(answer) == {field}
    assert (studio.seq(), studio.agent("agent_03")) == before
    assert not LogEntry.objects.exists()


def test_only_an_admin_edits_an_agent_and_nobody_adds_or_deletes_one(store):
    browsers = [signed_in(role) for role in Role]
    before = studio.seq()
    path = "/admin/sprints/agent/agent_03/"

    for browser in browsers[:2]:
        page = browser.get(f"{path}change/").content.decode()
        assert "Draws the boundaries between modules" in page
        assert browser.post(f"{path}change/", AGENT).status_code == 403
    assert browsers[2].post("/admin/sprints/agent/add/", AGENT).status_code == 403
    assert browsers[2].post(f"{path}delete/", {"post": "yes"}).status_code == 403

    assert studio.seq() == before
    assert Agent.objects.count() == 15


SETTINGS = {
    "max_concurrent_global": "4",
    "agent_launches": "40",
    "agent_tokens": "5000000",
    "agent_usd": "50",
    "agent_minutes": "240.0",
    "approvals": "none",
    "gate_profile": "quick",
    "confinement": "auto",
    "gate_home": "user",
    "confine_paths": "[]",
    "protected_paths": json.dumps(PROTECTED),
    "bind_host": "127.0.0.1",
    "port": "18790",
}


def test_a_switch_is_turned_in_config_json(store):
    answer = signed_in(Role.ADMIN, "ada").post(
        "/admin/settings/", SETTINGS | {"automation_paused": "on"}
    )

    assert answer.status_code == 302
    assert json.loads(store.config.read_text())["automation_paused"] is True
    assert last()["data"] == {
        "key": "automation_paused",
        "before": None,
        "after": True,
        "by": "ada",
    }
    assert LogEntry.objects.get().object_repr == "automation_paused"
    assert len(studio.events("config_changed")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_concurrent_global", "0"),
        ("max_concurrent_global", "65"),
        ("agent_launches", "0"),
        ("agent_tokens", "0"),
        ("agent_usd", "nan"),
        ("agent_minutes", "0"),
        ("agent_minutes", "nan"),
        ("approvals", "before_lunch"),
        ("gate_profile", "slow"),
        ("confinement", "off"),
        ("gate_home", "none"),
        ("confine_paths", '["cache"]'),
        ("confine_paths", "cache"),
        ("clones_folder", "clones"),
        ("bind_host", ""),
        ("port", "70000"),
        ("port", "x"),
    ],
)
def test_a_switch_that_cannot_be_so_turns_none(store, field, value):
    before = store.config.read_text()

    answer = signed_in(Role.ADMIN).post(
        "/admin/settings/", SETTINGS | {"automation_paused": "on", field: value}
    )

    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {field}
    assert store.config.read_text() == before


def test_only_an_admin_turns_switches(store):
    before = store.config.read_text()
    for role in (Role.VIEWER, Role.OPERATOR):
        browser = signed_in(role)
        page = browser.get("/admin/settings/")
        assert page.status_code == 200
        assert "Pause every sprint at its next step" in page.content.decode()
        assert "approvals.md" not in page.content.decode()
        form = SETTINGS | {"automation_paused": "on"}
        assert browser.post("/admin/settings/", form).status_code == 403
    assert store.config.read_text() == before


def test_a_save_writes_its_row_once(store):
    browser, written = signed_in(Role.ADMIN), []
    post_save.connect(on_save := lambda **sent: written.append(sent["created"]), sender=Gate)
    before = studio.seq()

    answer = browser.post("/admin/gates/gate/add/", GATE)
    post_save.disconnect(on_save, sender=Gate)

    assert answer.status_code == 302
    assert written == [True]
    assert studio.seq() == before + 1


def test_what_is_refused_is_shown_at_its_fields_and_not_written(store):
    browser = signed_in(Role.ADMIN)
    before = studio.seq()

    answer = browser.post("/admin/gates/gate/add/", GATE | {"cap_bytes": "0", "grace_s": "-1"})
    taken = browser.post("/admin/gates/gate/add/", GATE | {"gate_id": "qa_smoke_quick"})

    assert told_at(answer) == {"cap_bytes", "grace_s"}
    assert told_at(taken) == {"gate_id"}
    assert studio.seq() == before
    assert not LogEntry.objects.exists()
