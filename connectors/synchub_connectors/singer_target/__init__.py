"""Targets of Singer: programs that load JSON lines into a system."""
