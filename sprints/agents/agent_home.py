"""Give an agent's command its HOME and its sandbox."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from gates import private_home, toolchains
from gates.private_home import SIGN_INS, PrivateHome, is_signed_in, named_in
from gates.sandbox import PROGRAM_FOLDERS, Sandbox, programs_in, user_home
from sprints.agents.presets import HOMES_NAMED
from sprints.contract.agent_spec import PRIVATE, AgentDefinition
from sprints.contract.sandbox import lacking
from sprints.prompts.exchange import Exchange
from sprints.state.messages import message
from sprints.store.clones import homes_of

# What is installed in a checkout, and what programs in a clone find there.
PACKAGES = ("node_modules", ".venv", "venv")
# Variables of our environment that name folders in the user's HOME.
OF_A_HOME = (*private_home.OF_A_HOME, *HOMES_NAMED)


class Housed(NamedTuple):
    """An agent's environment and sandbox; ``home`` is None in the HOME of the gateway's user."""

    env: dict[str, str]
    sandbox: Sandbox | None
    home: PrivateHome | None = None

    def leave(self, agent: AgentDefinition, said: Exchange) -> Exchange:
        """Keep a renewed sign-in after the command's end, and return its result.

        If the command failed and has no sign-in, the reason says how to sign in.
        """
        if self.home is None:
            return said
        private_home.settle(self.home)
        if said.reply is not None or said.stopped or any(map(self.env.get, agent.pass_env)):
            return said
        for name in sorted(named_in(agent.command)):
            if not is_signed_in(self.home, name):
                files, command, _ = SIGN_INS[name]
                about = {"program": name, "path": f"~/{files[0]}", "command": command}
                hint = message("outcome.not_signed_in", agent_id=agent.agent_id, **about)
                return replace(said, reason=message("outcome.and", reason=said.reason, error=hint))
        return said


def housed(
    agent: AgentDefinition, env: Mapping[str, str], words: tuple[str, ...], sandbox: Sandbox | None
) -> Housed:
    """Return environment and sandbox of an agent whose command line is ``words``.

    Without a sandbox, or with a HOME of its own in its environment, it has no private HOME. Nor has
    it one on a system that enforces nothing: a sign-in may lie in a keychain that programs find by
    HOME. Raises ``OSError`` if the private HOME cannot be made.
    """
    if sandbox is None:
        return Housed({**env}, None)
    is_private = agent.home == PRIVATE and "HOME" not in agent.env and not lacking()
    sandbox = sandbox.writing(
        Path(env[name])
        for name in HOMES_NAMED
        if env.get(name, "").startswith("/") and (name in agent.env or not is_private)
    )
    if is_private:
        return _in_private(agent, env, words, sandbox)
    _settle_in(agent, env)
    known = programs_in(agent.command) or PROGRAM_FOLDERS  # a script may start any of them
    return Housed({**env}, sandbox.at_home(env, known))


def _in_private(
    agent: AgentDefinition, env: Mapping[str, str], words: tuple[str, ...], sandbox: Sandbox
) -> Housed:
    user, path = Path(user_home()), env.get("PATH", "")
    home = private_home.prepare(
        homes_of(settings.STORE.root) / agent.agent_id,
        user,
        named_in(agent.command),
        os.environ,
        (f"{agent.agent_id} {agent.label}", f"{agent.agent_id}@studio-gateway.invalid"),
    )
    kept = {key: value for key, value in env.items() if key not in OF_A_HOME or key in agent.env}
    readable = (
        *toolchains.readable(path, words, user),
        *toolchains.program(words[0], path, user),
        *(settings.STORE.repo / name for name in PACKAGES),
    )
    return Housed(
        {**toolchains.variables(path, user), **kept, "HOME": str(home.folder)},
        sandbox.in_private_home(home.folder, readable, home.links.values()),
        home,
    )


def _settle_in(agent: AgentDefinition, env: Mapping[str, str]) -> None:
    """Make the folders that a known command keeps below its HOME, if they are missing."""
    home = env.get("HOME", "")
    for name in (
        PROGRAM_FOLDERS.get(Path(agent.command[0]).name, ()) if home.startswith("/") else ()
    ):
        with suppress(OSError):  # then the command must do without
            Path(home, name).mkdir(mode=0o700, parents=True, exist_ok=True)
