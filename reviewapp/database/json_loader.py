"""JSON out of Postgres, with its numbers as they went in."""

import math
import re
from typing import Any

from psycopg.types.string import TextLoader

# Looking for so many digits by a pattern takes thirty times as long as this.
_DIGITS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else ord(" ") for byte in range(256))
_LONG = b"0" * 19
# A string as a whole, or a whole number of so many digits; what stands behind or before a point is none.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?<![0-9.])-?[0-9]{19,}+(?![0-9.eE])', re.DOTALL)


class JsonLoader(TextLoader):
    """JSON as text, for Django to parse.

    Postgres keeps numbers as decimals, and writes 1e20 out as a whole number of 21 digits. No number that came in has
    more than 64 bits unless it is a float (`orjson`, which reads them, sees to that), and what reads JSON further on
    takes none that has: so it is a float again here.
    """

    def load(self, data: Any) -> str:
        """Return the text."""
        written = bytes(data)
        text = written.decode()
        return _TOKEN.sub(_as_it_came, text) if _LONG in written.translate(_DIGITS) else text


def _as_it_came(found: re.Match[str]) -> str:
    written = found[0]
    if written.startswith('"') or -(2**63) <= int(written) < 2**64:
        return written
    number = float(written)
    return repr(number) if math.isfinite(number) else written
