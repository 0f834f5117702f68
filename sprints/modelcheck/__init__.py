"""Explore everything that can happen under a contract, and check the invariants in each state."""
