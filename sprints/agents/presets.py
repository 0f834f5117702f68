"""Describe coding agents as data: their command lines, and the rules that read their output.

The rules find the reply, the usage and the failures (``sprints.contract.output_rules``). The prompt
goes to standard input. Each command line lets the agent edit files, run any command, and ask no
one.
"""

from sprints.contract.agent_spec import READ, WRITE
from sprints.contract.json_types import JsonObject

RATE_LIMITED, NOT_SIGNED_IN, NO_CREDIT = "rate limited", "not signed in", "out of credit"
SIGNS = {
    NO_CREDIT: ["credit balance", "insufficient_quota", "billing"],
    RATE_LIMITED: [
        "rate limit", "rate_limit", "ratelimit", "too many requests", "429", "overloaded", "529",
        "usage limit", "quota", "resource_exhausted",
    ],
    NOT_SIGNED_IN: [
        "not logged in", "please run /login", "log in", "sign in", "unauthorized", "401",
        "invalid api key", "invalid x-api-key", "incorrect api key", "api key not valid",
        "missing api key", "authentication", "no auth", "auth method", "credentials",
    ],
}  # fmt: skip
# One record at the end; earlier messages report most input, but little output.
_RECORD: JsonObject = {
    "take": "result",
    "where": {"type": "result"},
    "fails": [
        {"where": {"type": "result", "is_error": True}, "say": ["result", "error.message",
                                                               "errors.*", "subtype"]},
    ],
    "denied": {"where": {"type": "result"}, "say": "permission_denials.*.tool_name"},
    "signs": SIGNS,
}  # fmt: skip
_OURS: JsonObject = {"begin": ["--session-id", "{id}"], "again": ["--resume", "{id}"]}
_ANTHROPIC_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")

PRESETS: dict[str, JsonObject] = {
    "claude-code": {
        "command": [
            "claude", "-p", "--output-format", "stream-json", "--verbose",
            "--permission-mode", "acceptEdits", "--allowedTools", "Bash",
            "--setting-sources", "project", "--strict-mcp-config", "{session}",
        ],
        "reply": {
            **_RECORD,
            "session": _OURS | {"unknown": ["No conversation found"]},
            "usage": {
                "last": {
                    "where": {"type": "result"},
                    "input": [f"usage.{name}" for name in _ANTHROPIC_INPUT],
                    "cached": "usage.cache_read_input_tokens",
                    "output": "usage.output_tokens",
                    "cost_usd": "total_cost_usd",
                },
                "each": {
                    "where": {"type": "assistant"},
                    "by": "message.id",
                    "input": [f"message.usage.{name}" for name in _ANTHROPIC_INPUT],
                    "cached": "message.usage.cache_read_input_tokens",
                    "output": "message.usage.output_tokens",
                },
            },
        },
        "pass_env": [
            "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "CLAUDE_CONFIG_DIR",
            "CLAUDE_CODE_OAUTH_TOKEN",
        ],
        "read_only": {"acceptEdits": "plan", "Bash": "Read"},
        "env": {
            "CLAUDE_CODE_DISABLE_FILE_MENTIONS": "1",  # or a brief could make it read any file
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "2",  # a wrong key fails within seconds
            "DISABLE_AUTOUPDATER": "1",
        },
    },
    "codex": {
        "command": [
            "codex", "exec", "-s", "workspace-write", "-c", 'approval_policy="never"',
            "-c", "analytics.enabled=false", "--json", "--skip-git-repo-check",
            "{session}", "-",
        ],
        "reply": {
            "take": "item.text",
            "where": {"item.type": "agent_message"},
            "session": {
                "again": ["resume", "{id}"], "id": "thread_id", "total": True,
                "unknown": ["no rollout found"],
            },
            "usage": {
                "last": {
                    "where": {"type": "turn.completed"},
                    "input": "usage.input_tokens",
                    "cached": "usage.cached_input_tokens",
                    "output": "usage.output_tokens",
                },
            },
            "fails": [{"where": {"type": "turn.failed"}, "say": "error.message"}],
            "signs": SIGNS,
        },
        "read_only": {"workspace-write": "read-only"},
        "pass_env": ["CODEX_API_KEY", "CODEX_HOME"],
    },
    "gemini": {
        "command": ["gemini", "-o", "json", "--approval-mode", "yolo", "--skip-trust"],
        "reply": {
            "take": "response",
            "usage": {
                "last": {
                    "input": "stats.models.*.tokens.prompt",
                    "cached": "stats.models.*.tokens.cached",
                    "output": [
                        "stats.models.*.tokens.candidates", "stats.models.*.tokens.thoughts",
                    ],
                },
            },
            "fails": [{"say": "error.message"}],
            "signs": SIGNS,
        },
        "pass_env": ["GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"],
    },
    "opencode": {
        "command": ["opencode", "run", "--format", "json", "--auto", "{session}"],
        "reply": {
            "take": "part.text",
            "where": {"type": "text"},
            "session": {
                "again": ["-s", "{id}"], "id": "sessionID", "unknown": ["Session not found"],
            },
            "usage": {
                "each": {
                    "where": {"type": "step_finish"},
                    "input": [
                        f"part.tokens.{name}" for name in ("input", "cache.read", "cache.write")
                    ],
                    "cached": "part.tokens.cache.read",
                    "output": ["part.tokens.output", "part.tokens.reasoning"],
                    "cost_usd": "part.cost",
                },
            },
            "fails": [
                {"where": {"type": "error"}, "say": ["error.data.message", "error.message",
                                                     "error.name"]},
            ],
            "signs": SIGNS,
        },
        "pass_env": ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENCODE_CONFIG_CONTENT"],
        "env": {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"},
    },
    "qwen": {
        "command": [
            "qwen", "--auth-type", "openai", "-o", "stream-json", "--approval-mode", "yolo",
            "{session}",
        ],
        "reply": {
            **_RECORD,
            "session": _OURS | {"unknown": ["No saved session found"], "total": True},
            "usage": {
                "last": {
                    "where": {"type": "result"},
                    "input": "usage.input_tokens",
                    "cached": "usage.cache_read_input_tokens",
                    "output": "usage.output_tokens",
                },
                "each": {
                    "where": {"type": "assistant"},
                    "by": "message.id",
                    "input": "message.usage.input_tokens",
                    "cached": "message.usage.cache_read_input_tokens",
                    "output": "message.usage.output_tokens",
                },
            },
        },
        "pass_env": ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"],
    },
    "copilot": {
        "command": [
            "copilot", "--output-format", "json", "--stream", "off", "--allow-all-tools",
            "--no-ask-user", "--no-auto-update",
        ],
        "reply": {
            "take": "data.content", "where": {"type": "assistant.message"}, "signs": SIGNS,
        },
        "pass_env": [
            "COPILOT_GITHUB_TOKEN", "COPILOT_OFFLINE", "COPILOT_PROVIDER_BASE_URL",
            "COPILOT_PROVIDER_API_KEY", "COPILOT_MODEL",
        ],
    },
}  # fmt: skip
HOMES_NAMED = ("CLAUDE_CONFIG_DIR", "CODEX_HOME")  # variables that name another folder for them
# Options of a command with its own sandbox, which cannot run inside ours: so ours is the one that
# counts, also for a read-only policy.
WITHIN = {"codex": {"workspace-write": "danger-full-access", "read-only": "danger-full-access"}}
MODEL = dict.fromkeys(PRESETS, "-m") | {"claude-code": "--model", "copilot": "--model"}


def preset(name: str, model: str, more: tuple[str, ...] = (), policy: str = WRITE) -> JsonObject:
    """Return the fields of an agent's row for that preset. Raises ``KeyError``.

    The model, if any, and a read-only policy, if supported, become words of the command. ``more``
    words follow its own options.
    """
    found = dict(PRESETS[name])
    others = found.pop("read_only", {})
    words = [others.get(w, w) if policy == READ else w for w in found["command"]]
    program, *options = words
    at = next((options.index(word) for word in ("{session}", "-") if word in options), len(options))
    named = [MODEL[name], "{model}"] if model else []
    command = (program, *options[:at], *named, *more, *options[at:])
    return {**found, "command": command, "pass_env": tuple(found["pass_env"]), "runner": "command"}
