"""Measures the gateway beside its floors: ``python -m tools.bench``."""
