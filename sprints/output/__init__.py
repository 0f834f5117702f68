"""Prepare outputs for people: windows of a file, coloured lines, the line that failed."""
