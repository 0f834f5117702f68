"""The environment variables that the gateway reads, with their defaults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. ``without`` is its default; both texts are Markdown for people."""

    name: str
    without: str
    meaning: str


VARIABLES = (
    Variable(
        "STUDIO_GATEWAY_REPO",
        "the git top level of the current folder, else the current folder",
        "Path of the repository to serve. Its store is the folder `.studio_gateway/` in it.",
    ),
    Variable(
        "DATABASE_URL",
        "SQLite, `.studio_gateway/gateway.sqlite3`",
        "PostgreSQL database, `postgres://user:password@host/name`. Needs the extra `[postgres]`.",
    ),
    Variable(
        "STUDIO_GATEWAY_BROKER",
        "`database`",
        "Queue of the workers: `database`, or a Redis URL with `redis://`, `rediss://` or "
        "`unix://`. Redis needs the extra `[redis]`.",
    ),
    Variable(
        "STUDIO_GATEWAY_SECRET_KEY",
        "`secret_key` of `config.json`",
        "Key that signs sessions and queue messages. Hosts with one database need the same key.",
    ),
    Variable(
        "STUDIO_GATEWAY_ALLOWED_HOSTS",
        "`127.0.0.1`, `localhost`, `[::1]` and the address that `serve` binds",
        "More host names under which browsers may open the web pages, separated by commas.",
    ),
    Variable(
        "STUDIO_GATEWAY_HTTPS",
        "plain HTTP",
        "Set to `1` if users reach the web through a proxy with TLS "
        "([Deploying](../deploy/README.md)).",
    ),
    Variable(
        "STUDIO_GATEWAY_TRUSTED_PROXY",
        "`127.0.0.1`",
        "With `STUDIO_GATEWAY_HTTPS=1`: address of the proxy. The gateway trusts its headers for "
        "the scheme and the client.",
    ),
    Variable(
        "STUDIO_GATEWAY_GIT_SSH_COMMAND",
        "`ssh -oBatchMode=yes`",
        "Command that git uses for ssh remotes ([Shipping](shipping.md#push-to-a-remote)).",
    ),
    Variable(
        "STUDIO_GATEWAY_GIT_ASKPASS",
        "git gets no password",
        "Program that git runs to get the user and the password of an https remote. It prints one "
        "line.",
    ),
    Variable(
        "STUDIO_FAULT",
        "no fault",
        "For tests only: stop this process at a named point (`gates/fault_points.py`).",
    ),
)
