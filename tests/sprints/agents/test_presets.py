"""Test the presets: command lines, and how output becomes a reply, a cost or a failure."""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sprints.agents import command_runner
from sprints.agents.presets import PRESETS, preset
from sprints.agents.usage_meter import Meter
from sprints.contract.agent_spec import COMMAND, AgentDefinition
from sprints.contract.contract import ROUNDS
from sprints.contract.token_usage import Usage, added
from sprints.prompts import prompts
from sprints.prompts.exchange import Exchange, Question
from sprints.store.layout import Store

REPLY = "Status: DONE\nDeliverables:\n- it"
AGENT = AgentDefinition("agent_01", "ExecutiveProducer_PM", "Producer", "Leads.", COMMAND)
CLAUDE = {
    "type": "result", "subtype": "success", "is_error": False, "result": REPLY,
    "session_id": "b994e0b4", "total_cost_usd": 0.0125,
    "usage": {"input_tokens": 20, "cache_creation_input_tokens": 1000,
              "cache_read_input_tokens": 3000, "output_tokens": 100},
    "permission_denials": [],
}  # fmt: skip
CODEX = {"type": "turn.completed", "usage": {"input_tokens": 2000, "cached_input_tokens": 500,
                                             "output_tokens": 100}}  # fmt: skip
SAID = {"type": "item.completed", "item": {"id": "item_3", "type": "agent_message", "text": REPLY}}
GEMINI = {"response": REPLY, "stats": {"models": {
    "a": {"tokens": {"prompt": 10, "cached": 4, "candidates": 3, "thoughts": 2}},
    "b": {"tokens": {"prompt": 5, "cached": 0, "candidates": 1, "thoughts": 0}},
}}}  # fmt: skip
STEP = {"type": "step_finish", "part": {"cost": 0.25, "tokens": {
    "input": 10, "output": 5, "reasoning": 1, "cache": {"read": 7, "write": 2}}}}  # fmt: skip
TEXT = {"type": "text", "part": {"type": "text", "text": REPLY}}
QWEN = {"type": "result", "is_error": False, "result": REPLY,
        "usage": {"input_tokens": 9, "output_tokens": 2}}  # fmt: skip


def printed(*records: object) -> str:
    """A line of JSON each."""
    return "".join(json.dumps(one) + "\n" for one in records)


@pytest.fixture
def ask(tmp_path: Path, settings):
    """Ask a program that prints that, by the rules of a preset or others."""
    settings.STORE = Store(tmp_path)

    def asked(rules: Any, out: str, err: str = "", code: int = 0) -> Exchange:
        lines = f"import sys; sys.stdout.write({out!r}); sys.stderr.write({err!r}); exit({code})"
        reply = PRESETS[rules]["reply"] if isinstance(rules, str) else rules
        agent = replace(AGENT, command=(sys.executable, "-c", lines), reply=reply)
        folder = tmp_path / "s" / "agents" / "agent_01" / "R0.lead"
        question = Question("agent_01", "lead", agent, "p", tmp_path, folder, token="t")
        return command_runner.ask(replace(question, timeout_s=60.0), lambda: None)

    return asked


@pytest.mark.parametrize(
    ("name", "out", "usage"),
    [
        ("claude-code", printed(CLAUDE), Usage(4020, 3000, 100, 0.0125, "last")),
        ("codex", printed(SAID, CODEX), Usage(2000, 500, 100, None, "last")),
        ("gemini", json.dumps(GEMINI, indent=2), Usage(15, 4, 6, None, "last")),
        ("opencode", printed(STEP, TEXT, STEP), Usage(38, 14, 12, 0.5, "each")),
        ("qwen", printed(QWEN), Usage(9, 0, 2, None, "last")),
        ("copilot", printed({"type": "assistant.message", "data": {"content": REPLY}}), None),
    ],
)
def test_reply_and_use_of_each_preset_are_found(ask, name, out, usage):
    said = ask(name, out)

    assert said.reply is not None, said
    assert said.reply.status == "DONE"
    assert said.usage == usage


def test_what_came_from_a_cache_is_no_token_of_a_budget():
    assert Usage(4020, 3000, 100).tokens == 1120


def test_without_a_final_record_the_messages_say_what_was_used_each_once(ask):
    def message(name: str, tokens: int) -> dict:
        usage = {"input_tokens": tokens, "output_tokens": 1}
        return {"type": "assistant", "message": {"id": name, "usage": usage}}

    out = printed(message("a", 10), message("a", 10), message("b", 30))

    said = ask("claude-code", out, code=143)

    assert said.usage == Usage(40, 0, 2, None, "each")


FAILED = CLAUDE | {"is_error": True, "result": "API Error: 429 rate_limit_error"}


@pytest.mark.parametrize(
    ("name", "out", "err", "code", "reason"),
    [
        ("claude-code", printed(FAILED), "", 1, "rate limited: API Error: 429 rate_limit_error"),
        ("claude-code", printed(FAILED), "", 0, "rate limited: API Error: 429 rate_limit_error"),
        (
            "claude-code", printed(CLAUDE | {"is_error": True, "result": "Not logged in"}), "", 1,
            "not signed in: Not logged in (exit code 1)",
        ),
        (
            "claude-code",
            printed({"type": "result", "is_error": True, "subtype": "error_max_turns"}), "", 1,
            "error_max_turns (exit code 1)",
        ),
        (
            "codex",
            printed({"type": "turn.failed", "error": {"message": "unexpected status 401"}}), "", 1,
            "not signed in: unexpected status 401",
        ),
        (
            "qwen", printed(QWEN | {"result": "[API Error: 401 no such key]"}), "", 0,
            "not signed in: [API Error: 401 no such key]; no reply: it has no line",
        ),
        ("qwen", printed(QWEN | {"result": "I met 401 " + "x" * 300}), "", 0, "no reply: it has"),
        ("gemini", "", '{"error": {"message": "Please set an Auth method"}}', 41, "not signed in"),
        ("opencode", printed({"type": "error", "error": {"name": "X"}}), "", 1, "X (exit code 1)"),
        ("copilot", "", "Error: No authentication information found.", 1, "not signed in: Error:"),
        ("copilot", "", "Your credit balance is too low", 1, "out of credit: Your credit"),
        ("copilot", "", "4290 files read", 1, "exit code 1"),
    ],
)  # fmt: skip
def test_why_there_is_no_answer_is_told_by_the_program_itself(ask, name, out, err, code, reason):
    said = ask(name, out, err, code)

    assert said.reply is None
    assert said.reason.startswith(reason)
    assert said.exit_code == code


def test_a_tool_that_was_denied_is_named_and_fails_nothing_by_itself(ask):
    denied = CLAUDE | {"permission_denials": [{"tool_name": "Write"}, {"tool_name": "Write"}]}

    said, mute = ask("claude-code", printed(denied)), printed(denied | {"result": "I could not."})

    assert (said.reply is not None, said.denied) == (True, ("Write",))
    assert ask("claude-code", mute).reason.startswith("denied: Write; no reply: it has no line")


def test_a_command_of_ones_own_says_by_fields_what_it_used(ask):
    rules = {"take": "answer", "usage": {"last": {"input": "in", "output": "out"}}}

    said = ask(rules, printed({"answer": REPLY, "in": 3, "out": 4}))

    assert (said.reply is not None, said.usage) == (True, Usage(3, 0, 4, None, "last"))
    alone = ask({"usage": rules["usage"]}, printed({"in": 3, "out": 4}) + REPLY)
    assert (alone.reply is not None, alone.usage) == (True, Usage(3, 0, 4, None, "last"))


@pytest.mark.parametrize("wrong", [-1, "7", True, None, 1e300, [5], {"a": 1}, math.inf])
def test_what_is_no_amount_is_not_counted(ask, wrong):
    rules = {"usage": {"last": {"input": "in", "output": "out"}}}

    assert ask(rules, printed({"in": wrong, "out": 4}) + REPLY).usage == Usage(
        0, 0, 4, None, "last"
    )


def test_a_file_that_grows_is_read_once_and_a_line_when_it_is_whole(tmp_path):
    file = tmp_path / "stdout.txt"
    meter = Meter(file, {"each": {"output": "n"}})

    assert meter.read() is None
    file.write_text('{"n": 1}\n{"n"')
    assert meter.read().output_tokens == 1
    with file.open("a") as more:
        more.write(': 2}\n{"n": 3}')
    assert meter.read().output_tokens == 3
    assert meter.end().output_tokens == 6


def test_the_tries_of_a_task_add_up():
    once = added(None, Usage(5, 0, 1, None, "last"))

    assert once == {"input_tokens": 5, "output_tokens": 1, "source": "last", "tries": 1}
    assert added(once, Usage(1, 1, 1, 0.5, "each")) == {
        "input_tokens": 6, "cached_tokens": 1, "output_tokens": 2, "cost_usd": 0.5,
        "source": "each", "tries": 2,
    }  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_words_of_ones_own_come_behind_the_options_of_a_preset(name):
    made = preset(name, "m", ("-c", "a=b"))["command"]

    at = made.index("-c", made.index("{model}"))
    assert made[at + 1] == "a=b"
    assert set(made[at + 2 :]) <= {"{session}", "-"}


def test_no_prompt_begins_as_a_command_a_file_or_an_option_would():
    asked = prompts.prompt("lead", "agent_01", "s1", {"brief": "/help"}, ROUNDS[0], "quick")

    assert asked.startswith("You are agent_01")
    assert prompts.trial().startswith("This is a trial")
