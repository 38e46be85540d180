"""May this version ship: how many labels it takes, and what the labels show."""
