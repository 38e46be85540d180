"""Pytest plugin: the servers the tests run on (DATABASE_URL and REDIS_URL, until the embedded ones start here)."""
