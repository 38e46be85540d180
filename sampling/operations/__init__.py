"""How the system behaves in production: volume, errors, checks, latency, tokens and cost of all items."""
