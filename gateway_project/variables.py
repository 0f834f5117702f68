"""The variables of our environment that are read, each with what holds without it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """``without`` says what holds where it is not set; both are for people, in Markdown."""

    name: str
    without: str
    meaning: str


VARIABLES = (
    Variable(
        "STUDIO_GATEWAY_REPO",
        "the git top level at or above the current folder, else that folder",
        "the repository that is served; its store is `.studio_gateway/` in it",
    ),
    Variable(
        "DATABASE_URL",
        "the SQLite `.studio_gateway/gateway.sqlite3`",
        "a PostgreSQL, `postgres://user:password@host/name`; needs the extra `[postgres]`",
    ),
    Variable(
        "STUDIO_GATEWAY_BROKER",
        "`database`",
        "where the queue is: `database`, or a Redis as `redis://`, `rediss://` or `unix://`; "
        "needs the extra `[redis]`",
    ),
    Variable(
        "STUDIO_GATEWAY_SECRET_KEY",
        "`secret_key` of `config.json`",
        "signs sessions and what lies in the queue; hosts that share a database have the same",
    ),
    Variable(
        "STUDIO_GATEWAY_ALLOWED_HOSTS",
        "`127.0.0.1`, `localhost`, `[::1]` and the address that `serve` binds",
        "further names by which a browser may call the web, with commas between",
    ),
    Variable(
        "STUDIO_GATEWAY_HTTPS",
        "plain HTTP",
        "`1`: others reach the web through a proxy with TLS (see [deploy](../deploy/README.md))",
    ),
    Variable(
        "STUDIO_GATEWAY_TRUSTED_PROXY",
        "`127.0.0.1`",
        "with `STUDIO_GATEWAY_HTTPS=1`: the one address whose word counts for scheme and client",
    ),
    Variable(
        "STUDIO_GATEWAY_GIT_SSH_COMMAND",
        "`ssh -oBatchMode=yes`",
        "how git reaches a remote by ssh, where one is pushed to (see [shipping](shipping.md))",
    ),
    Variable(
        "STUDIO_GATEWAY_GIT_ASKPASS",
        "no password is given",
        "a program that git asks for user and password of a remote by https; it prints one line",
    ),
    Variable(
        "STUDIO_FAULT",
        "nothing is broken",
        "for tests: breaks this process at a named point, see `gates/faults.py`",
    ),
)
