"""National ids of digits only: by the form they are written in, their checksum, and the words before them.

Which countries, and when a form alone suffices, `docs/masking.md` argues. A number written without marks is taken
without a word only where at most two in a thousand of such numbers pass its checks by chance.
"""

import re
from collections.abc import Mapping

from sampling.mask.national_schemes import Needs, Scheme
from sampling.mask.rows import DigitRow

_Forms = Mapping[str, Needs]


def _number(
    module: str, words: str, *, unspaced: str = "", own: str = "", quiet: str = "", named: str = ""
) -> tuple[Scheme, _Forms]:
    """Return a scheme with the forms (see `DigitRow.shape`, parted by `|`) that need nothing, no other word, a word."""
    needs = ((own, Needs.NOTHING), (quiet, Needs.NO_OTHER_WORD), (named, Needs.A_WORD))
    return Scheme(module, words, unspaced), {form: need for forms, need in needs for form in forms.split("|") if form}


NUMBERS = (
    _number("ar.cuit", "cuit cuil", own="2-8-1", named="11"),  # AR
    _number("at.vnr", "sv_nr sv_nummer svnr vsnr sozialversicherungs* versicherungsnummer", named="4 6|10"),  # AT
    _number("au.tfn", "tfn tax_file", named="3 3 3|9|3-3-3"),  # AU
    _number("be.nn", "rijksregister* registre_national niss insz nn", own="2.2.2-3.2|11|6-3-2|6 3 2"),  # BE
    _number("bg.egn", "egn егн", named="10"),  # BG
    _number("br.cpf", "cpf", own="3.3.3-2", quiet="9-2", named="11"),  # BR
    _number("ca.sin", "sin nas assurance_sociale", named="3-3-3|3 3 3|9"),  # CA
    _number("ch.ssn", "ahv* avs nss", own="3.4.4.2|3 4 4 2|13"),  # CH
    _number("cl.rut", "rut rol_único", own="2.3.3-1|1.3.3-1", named="8-1|7-1"),  # CL
    _number("cn.ric", "", unspaced="身份证 身份證", own="18|6 8 4"),  # CN
    _number("cz.rc", "rodné_číslo rodne_cislo rč rc", own="6/4", named="6/3|10"),  # CZ
    _number("de.idnr", "steuer* idnr id_nr tin", quiet="2 3 3 3", named="11"),  # DE
    _number("dk.cpr", "cpr* personnummer", quiet="6-4", named="10"),  # DK
    _number("do.cedula", "cédula cedula", quiet="3-7-1", named="11"),  # DO
    _number("ec.ci", "cédula cedula", quiet="9-1", named="10"),  # EC
    _number("ee.ik", "isikukood*", named="11"),  # EE
    _number(
        "fr.nir",
        "sécurité_sociale sécu nir insee numéro_ss",
        own="1 2 2 2 3 3 2|1 2 2 2 3 3-2",
        quiet="13 2",
        named="15",
    ),  # FR
    _number("gb.nhs", "nhs", named="3 3 4|3-3-4|10"),  # GB
    _number("gr.amka", "amka αμκα", named="11"),  # GR
    _number("hr.oib", "oib", named="11"),  # HR
    _number("id.nik", "nik ktp", named="16"),  # ID
    _number("il.idnr", "ת_ז תעודת_זהות teudat_zehut israeli_id", named="9|8-1"),  # IL
    _number("in_.aadhaar", "aadhaar aadhar uidai uid", unspaced="आधार", named="4 4 4|4-4-4|12"),  # IN
    _number("is_.kennitala", "kennitala kt", quiet="6-4", named="10"),  # IS
    _number("jp.in_", "my_number", unspaced="マイナンバー 個人番号", named="4 4 4|4-4-4|12"),  # JP
    _number("kr.rrn", "rrn resident_registration", unspaced="주민등록번호 주민번호", own="6-7", named="13"),  # KR
    _number("lt.asmens", "asmens kodas", named="11"),  # LT
    _number("lv.pvn", "personas kods", quiet="6-5", named="11"),  # LV
    _number("my.nric", "mykad nric ic kad_pengenalan", quiet="6-2-4", named="12"),  # MY
    _number("nl.bsn", "bsn burgerservicenummer sofi*", named="9|4.2.3|3 3 3|4 2 3"),  # NL
    _number("no.fodselsnummer", "fødselsnummer personnummer fnr d_nummer", own="11|6 5|6-5"),  # NO
    _number("nz.ird", "ird", named="3-3-3|2-3-3|9|8"),  # NZ
    _number("pl.pesel", "pesel*", named="11"),  # PL
    _number("pt.nif", "nif contribuinte", named="9|3 3 3"),  # PT
    _number("ro.cnp", "cnp cod_numeric", named="13"),  # RO
    _number("ru.inn", "инн inn", named="12"),  # RU
    _number("se.personnummer", "personnummer pnr personnr samordningsnummer", quiet="6-4|8-4", named="10|12"),  # SE
    _number("si.emso", "emšo emso jmbg", named="13"),  # SI
    _number("th.pin", "", unspaced="บัตรประชาชน เลขประจำตัว", own="1-4-5-2-1|1 4 5 2 1", named="13"),  # TH
    _number("tr.tckimlik", "tc t_c kimlik tckn", named="11"),  # TR
    _number("ua.rntrc", "рнокпп іпн ипн", named="10"),  # UA
    _number("us.ssn", "ssn ssns soc_sec", quiet="3-2-4|3 2 4", named="9"),  # US
    _number("us.itin", "itin", quiet="3-2-4", named="9"),  # US, for taxes
    _number("za.idnr", "said rsa_id african_id", quiet="6 4 3|6 4 2 1", named="13"),  # ZA
)
_BY_SHAPE: dict[str, list[tuple[Scheme, Needs]]] = {}
for _scheme, _forms in NUMBERS:
    for _shape, _needs in _forms.items():
        _BY_SHAPE.setdefault(_shape, []).append((_scheme, _needs))
_DAY_AND_COUNT = re.compile(r"20[2-9]\d(?:0[1-9]|1[0-2])")


def find_national_number(row: DigitRow) -> str | None:
    """Return the digits of the national id that the row is, or None."""
    schemes = _BY_SHAPE.get(row.shape)
    if schemes is None or row.is_part_of_a_word or row.left.endswith(b"+") or len(set(row.digits)) < 3:
        return None
    # 20260102-0001 is a day and a count rather than somebody born then.
    tied = row.is_part_of_a_name or (row.shape == "8-4" and _DAY_AND_COUNT.match(row.digits) is not None)
    for scheme, needs in schemes:
        if scheme.is_found(row.digits, needs=needs, passage=row.passage, start=row.start, tied=tied):
            return row.digits
    return None
