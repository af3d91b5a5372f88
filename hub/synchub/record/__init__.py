"""The store: what the hub knows, kept in SQLite or PostgreSQL. Acting: it decides nothing."""
