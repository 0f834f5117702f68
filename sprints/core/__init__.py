"""Decide the next step of a sprint and reduce its outcome: pure functions of a snapshot."""
