"""How and where the system fails: notes read into failure modes, and the parts of the traffic that fail most."""
