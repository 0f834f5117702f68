"""Run an agent's command: the prompt is a file, and the reply is its output.

It runs like a gate, under its own supervisor, which ends it even if this process dies.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from gates import evidence, process
from gates.definition import is_hidden, resolved
from gates.kinds.command import ceiling, resolve, without_git
from gates.verdict import Cause
from sprints.agents import cli_sessions, failure_signs
from sprints.agents.agent_home import housed
from sprints.agents.idle_watchdog import Quiet
from sprints.agents.output_reader import end_of, found, last_lines
from sprints.agents.presets import WITHIN
from sprints.agents.program_hosts import reach
from sprints.agents.usage_meter import Allowance, used
from sprints.contract.agent_spec import CAP_BYTES, AgentDefinition
from sprints.contract.sandbox import lacking
from sprints.prompts.exchange import LOST, Exchange, Question, Tick
from sprints.prompts.prompts import EXAMPLE
from sprints.prompts.reply_format import LONGEST_TEXT, Unreadable, parse, plain
from sprints.state import network_use
from sprints.state.messages import message

# The variables that every agent gets from our environment; pass_env of its row adds more.
ALLOWED = frozenset({"PATH", "HOME", "LANG", "TMPDIR"})
ALLOWED_PREFIX = "LC_"
UP_TO_SPRINT = 5  # the parent folders of a run: runs, the task's, the agent's, agents, the sprint's
PROMPT = "prompt.txt"


def ask(question: Question, tick: Tick) -> Exchange:
    """Run the agent's command to its end. Never raises for anything that the command does."""
    agent = question.agent
    assert agent is not None, "only an agent that is on record with its program comes here"
    try:
        folder = evidence.prepare(question.folder, question.number, up=UP_TO_SPRINT)
        prompt = folder / PROMPT
        prompt.write_bytes(question.prompt.encode("utf-8", "replace"))
    except OSError as exc:
        error = f"{exc.strerror}: {exc.filename}"
        return Exchange(None, message("outcome.no_prompt_file", error=error))
    env = environment(os.environ, agent, question.cwd if question.apart else None)
    words = filled(agent, prompt, question)
    argv = resolve(_within(words) if question.sandbox else words, env.get("PATH"))
    try:
        house = housed(agent, env, argv, question.sandbox)
    except OSError as exc:
        return Exchange(None, message("outcome.no_home", error=f"{exc.strerror}: {exc.filename}"))
    by_file = any("{prompt_file}" in word for word in agent.command)
    spec = process.Spec(
        argv=argv,
        cwd=question.cwd,
        env=house.env,
        run_dir=folder,
        run_id=question.token,
        token=question.token,
        timeout_s=question.timeout_s,
        grace_s=agent.grace_s,
        cap_bytes=CAP_BYTES,
        not_after=question.not_after,
        stdin=None if by_file else prompt,
        sandbox=house.sandbox and house.sandbox.reaching(reach(agent, env, os.environ)),
    )
    tick = Allowance(tick, folder, agent.reply, question.tokens_left, question.usd_left)
    done = process.run(spec, tick=Quiet(tick, folder, agent.idle_s))
    said = _hinted(agent, house.leave(agent, exchange_from(agent, done, folder)))
    return _shown(folder, cli_sessions.noted(question, said, folder))


def _hinted(agent: AgentDefinition, said: Exchange) -> Exchange:
    """Return the result; if it is none, with the hosts that were refused, and what to type."""
    refused = network_use.refused(said.network)
    if said.reply is not None or said.stopped or not refused:
        return said
    about = {"reason": said.reason, "hosts": ", ".join(refused), "agent_id": agent.agent_id}
    kept = "" if isinstance(agent.network, str) else f"{','.join(agent.network)},"
    about |= {"kept": kept}
    return replace(said, reason=message("outcome.agent_cut_off", **about))


def _within(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command line with the options for a sandbox, if there is one."""
    others = {} if lacking() else WITHIN.get(Path(words[0]).name, {})
    return tuple(others.get(word, word) for word in words)


def recover(question: Question) -> Exchange:
    """Return the result of an attempt that an earlier process left, after ending its processes."""
    agent = question.agent
    assert agent is not None, "only an agent that is on record with its program comes here"
    folder = question.folder / "runs" / str(question.number)
    done = process.recover(folder, question.token)
    if done is None:
        lost = replace(LOST, usage=used(folder, agent.reply))
        return _shown(folder, cli_sessions.noted(question, lost, folder))
    return _shown(folder, cli_sessions.noted(question, exchange_from(agent, done, folder), folder))


def filled(agent: AgentDefinition, prompt: Path, question: Question) -> tuple[str, ...]:
    """Return the agent's argv with its placeholders filled in.

    Inserted values are not searched again, and unknown braces stay. ``{session}`` is a word of its
    own, replaced by the words that begin or resume a session.
    """
    values = {"{prompt_file}": str(prompt), "{model}": agent.model, "{cwd}": str(question.cwd)}
    argv: list[str] = []
    for word in agent.command:
        is_session = word == "{session}"
        argv += cli_sessions.words(question) if is_session else [_filled(word, values)]
    return tuple(argv)


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        head, there, tail = word.partition(name)
        if there:
            return _filled(head, values) + value + _filled(tail, values)
    return word


def environment(
    ours: Mapping[str, str], agent: AgentDefinition, clone: Path | None = None
) -> dict[str, str]:
    """Return the agent's environment: the allowed variables, those its row passes, and its own.

    Variables of git are never passed: they name a repository. For an agent in a ``clone``, git
    finds no repository above it.
    """
    env = {
        name: value
        for name, value in without_git(ours).items()
        if (name in ALLOWED or name.startswith(ALLOWED_PREFIX) or name in agent.pass_env)
        and not is_hidden(name)
    }
    return {"TERM": "dumb", **env, **ceiling(clone), **resolved(agent.env, os.environ)}


def exchange_from(agent: AgentDefinition, done: process.Completed, folder: Path) -> Exchange:
    """Return the meaning of the command's end.

    Only a readable reply counts as an answer, after an exit code 0 without a stop or a reported
    failure.
    """
    rules = agent.reply or {}
    end = Exchange(
        None,
        done.reason,
        stopped=done.ending == "stopped",
        exit_code=done.exit_code,
        duration_s=done.duration_s,
        strays_killed=done.strays_killed,
        dropped_bytes=done.dropped_bytes,
        usage=used(folder, rules),
        denied=failure_signs.denied(folder, rules),
        confined=done.sandbox,
        network=done.network,
        cause=done.cause,
    )
    if done.ending == "timed_out":
        end = replace(end, reason=message("outcome.timed_out", reason=done.reason))
    if done.ending != "exited":
        return replace(end, tail=last_lines(folder))
    failed = failure_signs.failed(folder, rules)
    if done.exit_code != 0 or failed:
        why = failed or failure_signs.signed(folder, rules)
        reason = message("outcome.printed", text=why, reason=done.reason) if why else done.reason
        return replace(end, reason=reason, tail=last_lines(folder))
    text = ""
    try:
        text = plain(found(end_of(folder / "stdout.txt"), agent.reply)).strip()
        reply = parse(text)
        if reply == EXAMPLE:  # the command only printed its prompt
            raise Unreadable(message("unreadable.example"))
    except Unreadable as exc:
        tools = ", ".join(end.denied)
        denied = message("outcome.denied", tools=tools) if tools else ""
        none = message("outcome.no_reply", error=exc)
        sign = failure_signs.of(text, rules) or denied
        why = "; ".join(filter(None, (sign, none)))
        has_text = text and not sign and EXAMPLE.text().strip() not in text
        cause = Cause.NO_FORM if has_text else end.cause
        return replace(end, reason=why, tail=last_lines(folder), cause=cause)
    return replace(end, reply=reply, reason="", text=text[-LONGEST_TEXT:])


def _shown(folder: Path, exchange: Exchange) -> Exchange:
    """Return the exchange with its outputs, once they are linked as the task's latest."""
    found = evidence.digests(folder)
    exchange = replace(exchange, outputs=found, place=settings.STORE.place_of(folder))
    try:
        evidence.complete(folder, up=UP_TO_SPRINT)
    except OSError as exc:
        about = {"reason": exchange.reason, "error": exc.strerror}
        return replace(exchange, reason=message("outcome.output_not_shown", **about))
    return exchange
