"""Numbers in sentences."""


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun, or more of the sentence, in the form that it takes: `1 item`, `2,000 items`."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"
