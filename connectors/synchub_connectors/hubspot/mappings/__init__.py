"""Suggested mappings of the HubSpot connector."""
