"""Payment cards: digits in a card's groups, a known issuer, its length, and Luhn."""

import re

from stdnum import luhn

from sampling.mask.rows import DigitRow

# Together, in fours, or as American Express and Diners print them; the same mark throughout.
_SHAPES = frozenset(
    [str(length) for length in range(14, 20)]
    + [
        form.replace("*", mark)
        for mark in " .-"
        for form in ("4*4*4*4", "4*4*4*4*1", "4*4*4*4*2", "4*4*4*4*3", "4*4*4*1", "4*6*5", "4*6*4")
    ]
)
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}"  # Discover, UnionPay
    r"|3(?:0[0-5]|[689]\d)\d{11,16}|35(?:2[89]|[3-8]\d)\d{12,15}"  # Diners, JCB
    r"|(?:50|5[6-8]|6\d)\d{14,17}"  # Maestro and others of the sixties
    r"|220[0-4]\d{12,15}|(?:60|65|81|82|508)\d{13,14}|9792\d{12}"  # Mir, RuPay, Troy
)


def find_card(row: DigitRow) -> str | None:
    """Return the number of the card that the row is, or None."""
    digits = row.digits
    if row.shape not in _SHAPES or row.is_part_of_a_code:
        return None
    if not _ISSUERS.fullmatch(digits) or not luhn.is_valid(digits) or len(set(digits)) == 1:
        return None
    return digits
