"""SQL databases: SQLite, PostgreSQL, MariaDB and MySQL."""
