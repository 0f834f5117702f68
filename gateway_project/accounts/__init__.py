"""Manage users, their tokens and their roles, and authenticate requests."""
