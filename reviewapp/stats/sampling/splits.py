"""Which labels may tune a judge and which may only test it, decided once by a hash.

Give the id of the conversation or user, not of the record: near-duplicates then fall on the same side. A judge version
may be described only with labels that it was not tuned on.
"""

from collections.abc import Mapping

from reviewapp.stats.sampling.hash_numbers import hash_number

ROUNDING = 1e-9


def hash_split(salt: str, group_id: str, shares: Mapping[str, float]) -> str:
    """Return the split of a group, e.g. of {"train": .2, "dev": .3, "test": .5}: the one that holds its hash number.

    The splits lie one after the other in [0, 1) in the order given, so that only the borders that move change a
    group's split. ValueError unless the shares are positive and add up to 1.
    """
    if not all(share > 0 for share in shares.values()) or not abs(sum(shares.values()) - 1) <= ROUNDING:
        raise ValueError("the shares of the splits are positive and add up to 1")
    number = hash_number(salt, group_id)
    *earlier, last = shares
    border = 0.0
    for name in earlier:
        border += shares[name]
        if number < border:
            return name
    return last
