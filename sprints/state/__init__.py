"""Hold the state of a sprint as values: snapshot, transitions, event format, state.json mapping."""
