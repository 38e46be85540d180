"""From the outside world to chosen items: ingest, plans, draws."""
