"""The web: a view turns a request into one question or one operation."""
