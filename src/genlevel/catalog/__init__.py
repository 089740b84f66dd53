"""Which tasks exist: editions, specialists, skills and boards."""
