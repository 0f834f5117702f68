"""Define what a sprint is started under, as values: rounds, gates, agents, budgets, policies."""
