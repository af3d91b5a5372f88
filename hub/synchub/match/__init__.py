"""Matching: who is who. Exact on normalised keys, as connected groups; what can't be told goes to review."""
