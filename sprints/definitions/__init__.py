"""Gates, agents and hooks as rows that a user edits, with their proof."""
