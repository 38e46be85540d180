"""Drawing national ids: digits (and letters) at random in the form of a country, until its checksum holds."""

import random
import string
from importlib import import_module
from typing import NamedTuple

from stdnum.exceptions import ValidationError

Rng = random.Random


class DrawnId(NamedTuple):
    """An id as it is written, and whether it needs its name beside it (which `names` gives)."""

    text: str
    country: str
    how: str
    named: bool


# Country: module, form of the number (d, m, y a birthday, # a digit, @ a letter, the rest itself), ways of writing that speak for
# themselves (counts of characters with the marks between them), ways that need a name, and names.
IDS: dict[str, tuple[str, str, str, str, str]] = {
    "US": ("us.ssn", "#########", "3-2-4", "9|3 2 4", "SSN|social security number"),
    "UK": ("", "@@######A", "9|2 2 2 2 1", "", ""),
    "BR": ("br.cpf", "###########", "3.3.3-2", "11", "CPF"),
    "BE": ("be.nn", "yymmdd#####", "2.2.2-3.2|11", "", "rijksregisternummer"),
    "CH": ("ch.ssn", "756##########", "3.4.4.2|13", "", "AHV-Nr."),
    "SE": ("se.personnummer", "yymmdd####", "6-4", "10", "personnummer"),
    "DK": ("dk.cpr", "ddmmyy####", "6-4", "10", "CPR-nummer"),
    "NO": ("no.fodselsnummer", "ddmmyy#####", "11|6 5", "", "fødselsnummer"),
    "FI": ("fi.hetu", "ddmmyy-###@", "11", "", "henkilötunnus"),
    "IS": ("is_.kennitala", "ddmmyy####", "6-4", "10", "kennitala"),
    "DE": ("de.idnr", "###########", "2 3 3 3", "11", "Steuer-ID|steuerliche Identifikationsnummer"),
    "FR": ("fr.nir", "1yymm##########", "1 2 2 2 3 3 2", "15", "numéro de sécurité sociale"),
    "ES": ("es.dni", "########@", "9|8-1", "", "DNI"),
    "ES foreign": ("es.nie", "X#######@", "9|1-7-1", "", "NIE"),
    "IT": ("it.codicefiscale", "RSSMRAyyA01H501@", "16", "", "codice fiscale"),
    "PT": ("pt.nif", "2########", "", "9|3 3 3", "NIF|contribuinte"),
    "NL": ("nl.bsn", "#########", "", "9", "BSN|burgerservicenummer"),
    "AT": ("at.vnr", "####ddmmyy", "", "4 6|10", "SVNR|Sozialversicherungsnummer"),
    "IE": ("ie.pps", "#######@", "", "8", "PPS number|PPSN"),
    "PL": ("pl.pesel", "yymmdd#####", "", "11", "PESEL"),
    "CZ": ("cz.rc", "yymmdd####", "6/4", "10", "rodné číslo"),
    "RO": ("ro.cnp", "1yymmdd######", "", "13", "CNP"),
    "BG": ("bg.egn", "yymmdd####", "", "10", "ЕГН"),
    "GR": ("gr.amka", "ddmmyy#####", "", "11", "AMKA|ΑΜΚΑ"),
    "HR": ("hr.oib", "###########", "", "11", "OIB"),
    "EE": ("ee.ik", "3yymmdd####", "", "11", "isikukood"),
    "LT": ("lt.asmens", "3yymmdd####", "", "11", "asmens kodas"),
    "TR": ("tr.tckimlik", "###########", "", "11", "TC kimlik no"),
    "IN": ("in_.aadhaar", "############", "", "4 4 4|12", "Aadhaar"),
    "IN tax": ("in_.pan", "ABCP@####@", "", "10", "PAN"),
    "CN": ("cn.ric", "11010219yymmdd###@", "18", "", "身份证号"),
    "KR": ("kr.rrn", "yymmdd1######", "6-7", "", "주민등록번호"),
    "TH": ("th.pin", "1############", "1-4-5-2-1", "13", "national ID"),
    "MY": ("my.nric", "yymmdd14####", "6-2-4", "12", "NRIC"),
    "ZA": ("za.idnr", "yymmdd####08#", "", "13", "ID number"),
    "IL": ("il.idnr", "#########", "", "9", "ת.ז."),
    "CA": ("ca.sin", "1########", "", "3 3 3|3-3-3|9", "SIN|NAS"),
    "AU": ("au.tfn", "#########", "", "3 3 3|9", "TFN|tax file number"),
    "UK health": ("gb.nhs", "##########", "", "3 3 4|10", "NHS number"),
    "AR": ("ar.cuit", "20#########", "2-8-1", "11", "CUIT|CUIL"),
    "CL": ("cl.rut", "1#######@", "2.3.3-1", "8-1", "RUT"),
    "MX": ("mx.curp", "BOXWyymmddHNERXN0#", "18", "", "CURP"),
    "EC": ("ec.ci", "17########", "9-1", "10", "cédula"),
    "SG": ("", "S#######@", "9", "", "NRIC"),
}  # fmt: skip
_UK_PREFIX = ["AB", "CE", "HJ", "JK", "LM", "PR", "RS", "SY", "TW", "WA", "XE", "YZ"]


def draw_national_id(rng: Rng) -> DrawnId:
    """Draw a national id of some country."""
    country = rng.choice(list(IDS))
    module, form, alone, named, _ = IDS[country]
    number = _valid(rng, country, module, form)
    ways = [(way, False) for way in alone.split("|") if way] + [(way, True) for way in named.split("|") if way]
    way, needs_name = rng.choice(ways)
    return DrawnId(_grouped(number, way), country, way, needs_name)


def name_of(country: str, rng: Rng) -> str:
    """Return what an id of the country is called."""
    return rng.choice(IDS[country][4].split("|"))


def _valid(rng: Rng, country: str, module: str, form: str) -> str:
    while True:
        number = _drawn(rng, form)
        if country == "UK":
            return rng.choice(_UK_PREFIX) + number[2:8] + rng.choice("ABCD")
        if country == "SG":
            weighted = sum(
                int(digit) * weight for digit, weight in zip(number[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True)
            )
            return number[:8] + "JZIHGFEDCBA"[weighted % 11]
        try:
            if import_module(f"stdnum.{module}").validate(number) and len(set(number)) > 3:
                return number
        except (ValidationError, KeyError):
            continue


def _drawn(rng: Rng, form: str) -> str:
    day = {"d": f"{rng.randint(1, 28):02}", "m": f"{rng.randint(1, 12):02}", "y": f"{rng.randint(50, 99):02}"}
    made, at = "", 0
    while at < len(form):
        char = form[at]
        if char in day:
            made += day[char]
            at += 2
            continue
        made += (
            rng.choice(string.digits)
            if char == "#"
            else rng.choice(string.ascii_uppercase + "0123456789")
            if char == "@"
            else char
        )
        at += 1
    return made


def _grouped(number: str, way: str) -> str:
    parts, at, size = [], 0, ""
    for char in way + "!":
        if char.isdigit():
            size += char
            continue
        parts.append(number[at : at + int(size)] + (char if char != "!" else ""))
        at += int(size)
        size = ""
    return "".join(parts)
