"""Coding-agent programs as data: how each is started without a human, and where its reply stands.

The prompt goes in on standard input. What they may do in the repository is their own business: each
is told to edit files and to ask nobody.
"""

from typing import Any

from sprints.agent_definition import READ, WRITE

PRESETS: dict[str, dict[str, Any]] = {
    "claude-code": {
        "command": [
            "claude", "-p", "--output-format", "stream-json", "--verbose",
            "--permission-mode", "acceptEdits", "--setting-sources", "project",
            "--strict-mcp-config",
        ],
        "reply": {"take": "result", "where": {"type": "result"}},
        "read_only": {"acceptEdits": "plan"},
        "pass_env": ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CONFIG_DIR"],
        "env": {
            "CLAUDE_CODE_DISABLE_FILE_MENTIONS": "1",  # or a brief could have any file read
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "2",  # a wrong key fails in seconds
            "DISABLE_AUTOUPDATER": "1",
        },
    },
    "codex": {
        "command": [
            "codex", "exec", "-s", "workspace-write", "-c", 'approval_policy="never"',
            "-c", "analytics.enabled=false", "--json", "--skip-git-repo-check", "-",
        ],
        "reply": {"take": "item.text", "where": {"item.type": "agent_message"}},
        "read_only": {"workspace-write": "read-only"},
        "pass_env": ["CODEX_API_KEY", "CODEX_HOME"],
    },
    "gemini": {
        "command": ["gemini", "-o", "json", "--approval-mode", "yolo", "--skip-trust"],
        "reply": {"take": "response"},
        "pass_env": ["GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"],
    },
}  # fmt: skip
MODEL = {"claude-code": "--model", "codex": "-m", "gemini": "-m"}


def preset(name: str, model: str, policy: str = WRITE) -> dict[str, Any]:
    """What an agent's row gets by that name; a model, where there is one, is named to the program,
    and so is, where it has words for that, that it may only read.

    Raises ``KeyError``.
    """
    found = dict(PRESETS[name])
    others = found.pop("read_only", {})
    words = [others.get(w, w) if policy == READ else w for w in found["command"]]
    program, *options = words
    at = options.index("-") if "-" in options else len(options)
    named = [MODEL[name], "{model}"] if model else []
    command = (program, *options[:at], *named, *options[at:])
    return {**found, "command": command, "pass_env": tuple(found["pass_env"]), "runner": "command"}
