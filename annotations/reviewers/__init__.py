"""How each reviewer works: how much, how fast, how right; and who should be looked at."""
