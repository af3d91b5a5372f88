"""Planning: the operations that would bring every system into agreement, as a value; and the guard that sees it whole."""
