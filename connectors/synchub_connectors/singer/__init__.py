"""Taps of Singer: programs that print what a system holds, as JSON lines."""
