"""The one pass that tells clean text from the rest: a single pattern over the JSON of many items at once.

It may only be too eager, never miss. Each recogniser's part takes whatever the recogniser could take, in the UTF-8 of
JSON, where a quote reads `\"` and a line end `\n`. Characters that show nothing are suspicious by themselves, since a
word may be cut by them.
"""

from sampling.mask import emails, ibans, national_codes, networks, rows, secrets, urls
from sampling.mask.patterns import compile_utf8

_PARTS = (emails, ibans, national_codes, networks, rows, secrets, urls)
SUSPICIOUS = compile_utf8("|".join([*(part.TRIGGER for part in _PARTS), r"\p{Cf}"]))
