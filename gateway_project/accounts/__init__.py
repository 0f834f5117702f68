"""Who may do what: users, their tokens, their roles, and the door."""
