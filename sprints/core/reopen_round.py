"""Reopen a round after an operator has answered, approved, raised a budget or retried."""

OVERDUE = "over its minutes"
