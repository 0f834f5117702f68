"""List the hosts that known coding-agent programs need, and where packages come from."""

from gates.network import Network
from gates.sandbox import programs_in

PACKAGES = (
    "registry.npmjs.org", "registry.yarnpkg.com", "pypi.org", "files.pythonhosted.org",
    "crates.io", "index.crates.io", "static.crates.io", "proxy.golang.org", "sum.golang.org",
    "rubygems.org", "repo.maven.apache.org",
)  # fmt: skip
ANTHROPIC = ("api.anthropic.com", "console.anthropic.com", "platform.claude.com")
OPENAI = ("api.openai.com", "auth.openai.com", "chatgpt.com")
HOSTS: dict[str, tuple[str, ...]] = {
    "claude": ANTHROPIC,
    "codex": OPENAI,
    "gemini": (
        "generativelanguage.googleapis.com", "cloudcode-pa.googleapis.com",
        "oauth2.googleapis.com", "www.googleapis.com",
    ),
    "opencode": ("opencode.ai", "models.dev", ANTHROPIC[0], OPENAI[0]),
    "qwen": ("chat.qwen.ai", "portal.qwen.ai", "*.aliyuncs.com", OPENAI[0]),
    "copilot": ("api.github.com", "github.com", "*.githubcopilot.com"),
}  # fmt: skip


def hosts_of(command: tuple[str, ...]) -> Network | None:
    """Return what the programs of a command line need; None if it names no known program."""
    found = [host for name in sorted(programs_in(command)) for host in HOSTS[name]]
    return tuple(dict.fromkeys((*found, *PACKAGES))) if found else None
