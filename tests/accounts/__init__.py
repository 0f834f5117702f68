"""Users and tokens, their commands and their pages."""
