"""Show every table in the back office, with the acts on its rows."""

from sprints.admin import agents, gates, hooks, hosts, record, schedules, work
from sprints.admin.back_office import site

__all__ = ["agents", "gates", "hooks", "hosts", "record", "schedules", "site", "work"]
