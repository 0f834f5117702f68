"""Add filters and tags to the templates."""
