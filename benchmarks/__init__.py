"""What synchub costs, and what its peers cost for less."""
