"""The one pass that tells clean text from the rest: a single pattern over the JSON of many items at once.

It may only be too eager, never miss. Each recogniser's part takes whatever the recogniser could take, in the UTF-8 of
JSON, where a quote reads `\"` and a line end `\n`. Characters that disguise others are suspicious by themselves.
"""

from sampling.mask import emails, ibans, national_codes, networks, rows, secrets, urls
from sampling.mask.patterns import compile_utf8

_PARTS = (emails, ibans, national_codes, networks, rows, secrets, urls)
# What shows nothing, and what reads as ASCII without being it: wide and mathematical letters and digits, keycaps.
# Digits of another script touching a Latin letter, as in a key of an issuer.
_DIGITS = (
    r"[\x{660}-\x{669}\x{6f0}-\x{6f9}\x{7c0}-\x{7c9}\x{966}-\x{96f}\x{9e6}-\x{9ef}\x{a66}-\x{a6f}\x{ae6}-\x{aef}\x{b66}-\x{b6f}"
    r"\x{be6}-\x{bef}\x{c66}-\x{c6f}\x{ce6}-\x{cef}\x{d66}-\x{d6f}\x{e50}-\x{e59}\x{ed0}-\x{ed9}\x{f20}-\x{f29}\x{1040}-\x{1049}"
    r"\x{17e0}-\x{17e9}\x{1810}-\x{1819}]"
)
_MIXED = rf"[A-Za-z_]{_DIGITS}|{_DIGITS}[A-Za-z_]"
_DISGUISES = r"\p{Cf}|[\x{ff0d}\x{ff0e}\x{ff10}-\x{ff19}\x{ff20}-\x{ff3a}\x{ff41}-\x{ff5a}\x{1d400}-\x{1d7ff}\x{20e3}]"
SUSPICIOUS = compile_utf8("|".join([*(part.TRIGGER for part in _PARTS), _DISGUISES, _MIXED]))
