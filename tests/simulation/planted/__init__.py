"""Engines with a fault in them. Every fault is one that a real sync engine could have, and of a kind of its own."""
