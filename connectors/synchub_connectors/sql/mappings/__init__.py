"""Suggested mappings for SQL databases."""
