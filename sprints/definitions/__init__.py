"""Keep gates, agents and hooks as rows that a user edits."""
