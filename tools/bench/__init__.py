"""Measure the gateway beside bare programs: ``python -m tools.bench``."""
