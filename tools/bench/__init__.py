"""Measure the gateway and its floor, a bare program: ``python -m tools.bench``."""
