"""A run: the rooms in call order. `line` tells the whole story."""
