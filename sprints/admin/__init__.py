"""Show every table in the back office, with the acts on its rows."""

from sprints.admin import agents, events, gates, hooks, hosts, schedules, sprints
from sprints.admin.back_office import site

__all__ = ["agents", "events", "gates", "hooks", "hosts", "schedules", "site", "sprints"]
