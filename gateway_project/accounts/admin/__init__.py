"""Show users, roles and tokens in the back office, with the log of its acts."""

from gateway_project.accounts.admin import attempts, audit, tokens, users
from sprints.admin.back_office import site

__all__ = ["attempts", "audit", "site", "tokens", "users"]
