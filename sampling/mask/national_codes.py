"""National ids with letters in them: by their form, and by their checksum where they have one."""

from collections.abc import Iterator
from typing import NamedTuple

from sampling.mask.kinds import Finding, Kind
from sampling.mask.national_schemes import Needs, Scheme
from sampling.mask.passage import LETTER, Passage
from sampling.mask.patterns import BLANK, compile_folded

TRIGGER = (
    rf"[A-Za-z]{{2}}(?:{BLANK}?\p{{Nd}}{{2}}){{3}}{BLANK}?[A-Da-d]"  # United Kingdom
    r"|[A-Za-z]\p{Nd}{2}[A-Za-z]\p{Nd}{2}[A-Za-z]"  # Italy
    r"|\p{Nd}{6}[A-FU-Ya-fu-y]\p{Nd}{3}"  # Finland
    r"|[A-Za-z]\p{Nd}{6}[HMXhmx][A-Za-z]|[A-Za-z]\p{Nd}{4}[A-Za-z]"  # Mexico, India; the others have digits enough
)


class _Code(NamedTuple):
    pattern: bytes
    scheme: Scheme
    needs: Needs


def _is_uk(number: str) -> bool:
    """Tell whether the prefix of a National Insurance number was ever given out; it has no checksum."""
    return number[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}  # QQ is what forms show as an example


def _is_singapore(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += 4 if number[0] in "TG" else 0
    return number[8] == ("JZIHGFEDCBA" if number[0] in "ST" else "XWUTRQPNMLK")[total % 11]


_OWN, _QUIET, _NAMED = Needs.NOTHING, Needs.NO_OTHER_WORD, Needs.A_WORD
CODES: dict[str, _Code] = {
    "CL": _Code(rb"[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-[Kk]", Scheme("cl.rut", "rut rol_único"), _QUIET),
    "CN": _Code(rb"[0-9]{17}[Xx]", Scheme("cn.ric"), _OWN),
    "ES": _Code(
        rb"(?:[0-9]{8}|[0-9]{2}\.[0-9]{3}\.[0-9]{3})[ -]?[A-Za-z]", Scheme("es.dni", "dni nif documento"), _QUIET
    ),
    "ES foreign": _Code(rb"[XYZxyz][ -]?[0-9]{7}[ -]?[A-Za-z]", Scheme("es.nie", "nie"), _OWN),
    "FI": _Code(rb"[0-9]{6}[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-Ya-y]", Scheme("fi.hetu", "hetu henkilötunnus"), _OWN),
    "GB": _Code(
        rb"(?:[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z]|QQ) ?(?:[0-9]{2} ?){3}[A-Da-d]",
        Scheme(_is_uk, "nino national_insurance ni"),
        _QUIET,
    ),
    "IE": _Code(rb"[0-9]{7}[A-Wa-w][ABWIabwi]?", Scheme("ie.pps", "pps*"), _NAMED),
    "IN": _Code(rb"[A-Za-z]{5}[0-9]{4}[A-Za-z]", Scheme("in_.pan", "pan permanent_account"), _NAMED),
    "IT": _Code(  # with letters for the last digits, where two people would share a code
        rb"[A-Za-z]{6}[0-9]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9]{2}[A-Za-z][0-9L-NP-Vl-np-v]{3}[A-Za-z]",
        Scheme("it.codicefiscale", "codice_fiscale cf"),
        _OWN,
    ),
    "MX": _Code(rb"[A-Za-z]{4}[0-9]{6}[HMXhmx][A-Za-z]{5}[0-9A-Za-z][0-9]", Scheme("mx.curp", "curp"), _OWN),
    "PT": _Code(rb"[0-9]{8} ?[0-9] ?(?:[A-Za-z][A-Za-z0-9]|[0-9][A-Za-z])[0-9]", Scheme("pt.cc", "cc cidadão"), _QUIET),
    "SG": _Code(rb"[STFGstfg][0-9]{7}[A-Za-z]", Scheme(_is_singapore, "nric fin"), _QUIET),
}
_ANY = compile_folded(b"|".join(code.pattern for code in CODES.values()))
_PATTERNS = [(compile_folded(code.pattern), code) for code in CODES.values()]
_MARKS = str.maketrans("", "", " .")


def find_national_codes(passage: Passage) -> Iterator[Finding]:
    """Yield the national ids with letters of a passage."""
    folded = passage.folded
    if not _ANY.search(folded):
        return
    for pattern, code in _PATTERNS:
        for match in pattern.finditer(folded):
            start, end = match.span()
            if _touches(folded[start - 1 : start] if start else b"") or _touches(folded[end : end + 1]):
                continue
            number = match.group().decode("ascii").translate(_MARKS)
            # In small letters such a thing is rather a part of a hash or a name, unless it is called what it is.
            needs = code.needs if number.upper() == number else Needs.A_WORD
            number = number.upper()
            tied = folded[start - 1 : start] in {b"-", b"/", b"#"} if start else False
            if code.scheme.is_found(number, needs=needs, passage=passage, start=start, tied=tied):
                yield Finding(*passage.place(start, end), Kind.NATIONAL_ID, number)


def _touches(byte: bytes) -> bool:
    return byte.isalnum() or byte in {b"_", LETTER}
