"""Files of items sent in by the browser: kept sealed, looked at, mapped, and imported in the background."""
