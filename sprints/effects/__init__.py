"""Perform an action in the outside world: gates, agents, hooks, ships, workspaces."""
