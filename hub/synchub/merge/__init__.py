"""Merge: golden is a pure function of claims, people's decisions and rules."""
