"""Fixtures for every test: real servers, started when a test first asks for one."""

from __future__ import annotations

pytest_plugins = ["servers.postgresql", "servers.mariadb", "servers.dovecot"]
