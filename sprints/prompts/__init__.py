"""Write what agents are asked, and read their replies: pure functions."""
