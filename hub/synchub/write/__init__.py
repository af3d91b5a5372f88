"""Writing: operations are sent, and what came back is compared with what was sent. Acting: it decides nothing."""
