"""Reading: pages of every system, mapped and staged on disk. Acting: it decides nothing."""
