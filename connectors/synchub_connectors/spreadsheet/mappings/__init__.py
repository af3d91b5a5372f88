"""Suggested mappings for spreadsheets."""
