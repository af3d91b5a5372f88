"""Suggested mappings of the email connector."""
