"""The loop: decide (pure) -> perform (the world) -> settle (pure) -> record (one transaction)."""
