"""What people are told: plans, runs, why a value is what it is, what is configured and what is stored."""
