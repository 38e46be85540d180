"""How far labels can be trusted: agreement of the people who gave them."""
