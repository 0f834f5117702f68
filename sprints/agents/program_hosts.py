"""List the hosts that known coding-agent programs need, and where packages come from.

A program needs those of its own service, of its sign-in, and those that its agent names itself.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from gates.network import ALL, LOCAL, PROGRAM, Network, is_host
from gates.sandbox import programs_in
from sprints.contract.agent_spec import AgentDefinition

PACKAGES = (
    "registry.npmjs.org", "registry.yarnpkg.com", "pypi.org", "files.pythonhosted.org",
    "crates.io", "index.crates.io", "static.crates.io", "proxy.golang.org", "sum.golang.org",
    "rubygems.org", "repo.maven.apache.org",
)  # fmt: skip
ANTHROPIC = ("api.anthropic.com", "claude.ai", "console.anthropic.com", "platform.claude.com")
OPENAI = ("api.openai.com", "auth.openai.com", "chatgpt.com")
HOSTS: dict[str, tuple[str, ...]] = {
    "claude": ANTHROPIC,
    "codex": OPENAI,
    "gemini": (
        "generativelanguage.googleapis.com", "cloudcode-pa.googleapis.com",
        "aiplatform.googleapis.com", "accounts.google.com", "oauth2.googleapis.com",
        "www.googleapis.com",
    ),
    "opencode": ("opencode.ai", "models.dev", ANTHROPIC[0], *OPENAI),
    "qwen": ("chat.qwen.ai", "portal.qwen.ai", "*.aliyuncs.com", OPENAI[0]),
    "copilot": (
        "api.github.com", "github.com", "*.githubcopilot.com",
        "copilot-proxy.githubusercontent.com",
    ),
}  # fmt: skip
UPSTREAM = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
# What names the address of a service: a variable, an option or a key, before its value.
KEY = r"(?i:base[-_]?url|api[-_]?(?:url|base)|endpoint|_host)"
SCHEME, HOST = r"https?://", r"[^\s\"'/,;}{|]+"
LOOPBACK = r"(?:localhost|127\.0\.0\.1|\[::1\]):\d+"
NAMED = re.compile(rf"{KEY}[\"']?\s*[=:\s]\s*[\"']?((?:{SCHEME}){HOST}|{LOOPBACK})")
OPTION = re.compile(rf"(?:-[\w-]+[= ])({SCHEME}{HOST})")
LOOPBACKS = (LOCAL, "127.0.0.1", "::1")


def hosts_of(command: tuple[str, ...]) -> Network | None:
    """Return what the programs of a command line need; None if it names no known program."""
    found = [host for name in sorted(programs_in(command)) for host in HOSTS[name]]
    return tuple(dict.fromkeys((*found, *PACKAGES))) if found else None


def reach(agent: AgentDefinition, env: Mapping[str, str], ours: Mapping[str, str]) -> Network:
    """Return what an agent may reach: its network, with the hosts of its program in their place.

    ``env`` is its environment, ``ours`` the gateway's. An unknown program reaches everything, and
    so does one behind a proxy of the user's, which a list would cut off.
    """
    if isinstance(agent.network, str) or PROGRAM not in agent.network:
        return agent.network
    known = hosts_of(agent.command)
    if known is None or upstream(ours):
        return ALL
    more = (one for one in agent.network if one != PROGRAM)
    return tuple(dict.fromkeys((*more, *named_by(agent, env), *known)))


def upstream(ours: Mapping[str, str]) -> str:
    """Return the variable of the gateway's environment that names a proxy; empty if none does."""
    return next((name for name in UPSTREAM if ours.get(name)), "")


def named_by(agent: AgentDefinition, env: Mapping[str, str]) -> Iterator[str]:
    """Return the hosts of the addresses in an agent's own variables and in its command."""
    words = " ".join(agent.command)
    own = (f"{name}={env.get(name, '')}" for name in (*agent.env, *agent.pass_env))
    found = [*OPTION.findall(words), *(at for text in (words, *own) for at in NAMED.findall(text))]
    yield from filter(None, map(_host_of, found))


def _host_of(address: str) -> str:
    """Return the host of an address as a network has it; empty if it is none."""
    has_scheme = address.lower().startswith(("http://", "https://"))
    try:
        parts = urlsplit(address if has_scheme else f"http://{address}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if host in LOOPBACKS:
        port = port or (443 if parts.scheme == "https" else 80)
        return f"{LOCAL}:{port}"
    host = f"[{host}]" if ":" in host else host
    found = host if port is None else f"{host}:{port}"
    return found if is_host(found) else ""
