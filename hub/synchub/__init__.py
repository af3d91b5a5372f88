"""synchub keeps marketing and sales records unified."""

__version__ = "0.1.0"
