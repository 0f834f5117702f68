"""Check an installation: doctor, invariants, gauges, trials of agents."""
