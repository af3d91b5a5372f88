"""Contacts and notes of a HubSpot account."""
