"""The back office: every table of ours, and what may be done to its rows."""

from sprints.admin import agents, gates, hooks, hosts, record, schedules, work
from sprints.admin.back_office import site

__all__ = ["agents", "gates", "hooks", "hosts", "record", "schedules", "site", "work"]
