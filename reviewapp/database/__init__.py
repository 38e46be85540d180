"""How we speak to Postgres: Django's own backend, with a cheaper look at whether a connection still lives."""
