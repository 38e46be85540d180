"""Rates as people write them: in percent, exactly."""

from decimal import Decimal, InvalidOperation

from reviewapp.http.errors import FieldError, InvalidError


def percent_number(rate: float) -> str:
    """Return a rate times 100, as exact as its shortest decimal: 0.05 is 5, 0.0025 is 0.25."""
    return f"{(Decimal(repr(rate)) * 100).normalize():f}"


def percent(rate: float) -> str:
    """Return a rate in percent with the sign."""
    return f"{percent_number(rate)} %"


def read_percent(text: str, *, name: str) -> float:
    """Return the rate of a percentage, also one with a comma or a sign; refuse what is none from 0 to 100."""
    try:
        number = Decimal(text.strip().removesuffix("%").strip().replace(",", "."))
    except InvalidOperation:
        number = Decimal(-1)
    if not (number.is_finite() and 0 <= number <= 100):
        message = "Write a percentage from 0 to 100."
        raise InvalidError(message, code="plan_invalid", fields=(FieldError(name, message),))
    return float(number / 100)
