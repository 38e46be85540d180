"""The error of everything that starts servers: one sentence for the person, naming the remedy."""


class Refusal(Exception):  # noqa: N818 — it is not a fault of the program
    """Something outside the program is in the way; the message says what, and what to do."""
