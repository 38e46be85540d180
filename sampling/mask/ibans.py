"""Bank accounts: IBANs, by the length of their country and mod 97."""

from collections.abc import Iterator

from stdnum.iso7064 import mod_97_10

from sampling.mask.kinds import Finding, Kind
from sampling.mask.passage import Passage
from sampling.mask.patterns import MARK, compile_folded

# How long an IBAN of each country is: SWIFT's registry, and the countries that use the form without being in it.
_COUNTRIES = """
15 NO | 16 BE | 18 DK FI FK FO GL NL SD | 19 MK SI | 20 AT BA EE KZ LT LU MN XK | 21 CH HR LI LV
22 BG BH CR DE GB GE IE ME RS VA | 23 AE GI IL IQ OM SO TL
24 AD CZ DZ ES MD PK RO SA SE SK TN VG | 25 AO CV GW LY MZ PT ST
26 IS TR | 27 BF BI CF CG CM DJ FR GA GR IT KM MA MC MG ML MR NE SM TD TG
28 AL AZ BJ BY CI CY DO GT HN HU LB NI PL SN SV
29 BR EG PS QA UA | 30 JO KW MU | 31 MT SC | 32 LC | 33 RU
"""
_LENGTHS = {
    code: int(length)
    for length, *codes in (part.split() for part in _COUNTRIES.replace("\n", "|").split("|") if part)
    for code in codes
}
_CODES = "|".join(sorted(_LENGTHS))
_HEAD = rf"(?:{_CODES}|{_CODES.lower()})[0-9]{{2}}(?:[ .-]?[0-9A-Za-z]){{4}}"
TRIGGER = rf"(?:{_CODES}|{_CODES.lower()})\p{{Nd}}{{2}}(?:{MARK}?[\p{{Nd}}A-Za-z]){{5}}"

_START = compile_folded(_HEAD.encode())
_GAPS = frozenset(b" -.")


def find_ibans(passage: Passage) -> Iterator[Finding]:
    """Yield the IBANs of a passage, written together or in groups."""
    folded = passage.folded
    for match in _START.finditer(folded):
        start = match.start()
        if start and folded[start - 1 : start].isalnum():
            continue
        number, end = _gather(folded, start)
        if number and mod_97_10.is_valid(number[4:] + number[:4]):
            yield Finding(*passage.place(start, end), Kind.IBAN, number)


def _gather(folded: bytes, start: int) -> tuple[str, int]:
    """Return as many letters and digits as IBANs of the country have, and where they end; nothing if there are less."""
    wanted = _LENGTHS[folded[start : start + 2].decode("ascii").upper()]
    gathered = bytearray()
    at = start
    while len(gathered) < wanted and at < len(folded):
        byte = folded[at : at + 1]
        if byte.isalnum():
            gathered += byte
        elif byte[0] not in _GAPS or folded[at - 1] in _GAPS:
            break
        at += 1
    if len(gathered) < wanted or folded[at : at + 1].isalnum():
        return "", at
    return gathered.decode("ascii").upper(), at
