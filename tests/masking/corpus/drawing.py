"""Drawing digits, words and dates at random."""

import random
import string
from collections.abc import Callable

Rng = random.Random


def digits(rng: Rng, count: int) -> str:
    """Return so many random digits."""
    return "".join(rng.choices(string.digits, k=count))


def hex_digits(rng: Rng, count: int) -> str:
    """Return so many random hexadecimal digits."""
    return "".join(rng.choices("0123456789abcdef", k=count))


def fill(rng: Rng, form: str) -> str:
    """Return a form with a digit for each `#`, one of 2 to 9 for each `N`, and a hex digit for each `x`."""
    drawn = {"#": string.digits, "N": "23456789", "x": "0123456789abcdef"}
    return "".join(rng.choice(drawn.get(char, char)) for char in form)


def numbered(*forms: str) -> Callable[[Rng], str]:
    """Return a draw of one of the forms with a digit for each `#`."""
    return lambda rng: "".join(rng.choice(string.digits) if char == "#" else char for char in rng.choice(forms))


def word(rng: Rng, length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Return random characters with at least one digit and one letter among them."""
    made = rng.choices(alphabet, k=length)
    made[rng.randrange(2, length)] = rng.choice([char for char in alphabet if char.isdigit()])
    made[1] = rng.choice([char for char in alphabet if char.isalpha()])
    return "".join(made)


def some_date(rng: Rng, form: str) -> str:
    """Return a date and time in a form with {y}, {m}, {d}, {h} and {n} for the minute."""
    two = {
        name: f"{rng.randint(low, high):02}"
        for name, low, high in (("m", 1, 12), ("d", 1, 28), ("h", 0, 23), ("n", 0, 59))
    }
    return form.format(y=rng.randint(1990, 2029), **two)


def some_isbn(rng: Rng) -> str:
    """Return an ISBN of thirteen digits, with or without dashes."""
    body = "978" + digits(rng, 9)
    check = (10 - sum(int(digit) * (1, 3)[index % 2] for index, digit in enumerate(body)) % 10) % 10
    number = f"{body}{check}"
    return rng.choice([number, f"{number[:3]}-{number[3]}-{number[4:7]}-{number[7:12]}-{number[12]}"])
