"""Serve the web: a view turns a request into one query or one operation."""
