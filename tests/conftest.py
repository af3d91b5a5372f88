"""Fixtures for every test: real servers, started when a test first asks for one."""

from __future__ import annotations

import hypothesis

pytest_plugins = ["servers.postgresql", "servers.mariadb", "servers.dovecot"]

hypothesis.settings.register_profile("synchub", deadline=None)  # how fast the machine is decides no test
hypothesis.settings.load_profile("synchub")
