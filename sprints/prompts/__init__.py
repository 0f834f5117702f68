"""Write the prompts of agents, and read their replies: pure functions."""
