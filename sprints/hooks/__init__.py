"""List the hook kinds: one module a kind, and one line in this table."""

from sprints.hooks import command, notify, webhook
from sprints.hooks.delivery_values import Kind

KINDS: dict[str, Kind] = {
    "command": command,
    "webhook": webhook,
    "notify": notify,
}
