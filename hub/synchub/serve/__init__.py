"""Runs every sync on its schedule until stopped. `loop` tells the story; `serving` puts it together."""
