"""Write state.json and events.jsonl, and check them: verify and rebuild."""
