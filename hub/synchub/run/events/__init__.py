"""Events: things that happened. Read, attached to their contact, passed on once, never changed."""
