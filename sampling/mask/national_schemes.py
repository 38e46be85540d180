"""What is asked of a national id: its checks, and how loudly the text around it has to speak for it."""

from collections.abc import Callable
from enum import Enum
from functools import cache
from importlib import import_module

from stdnum.exceptions import ValidationError

from sampling.mask.contexts import Context, context_of
from sampling.mask.passage import Passage
from sampling.mask.words import WordList


class Needs(Enum):
    """What has to speak for an id besides its checks."""

    NOTHING = "its form is its own, or its checks are strong"
    NO_OTHER_WORD = "no word may say that it is an order, a ticket, …"
    A_WORD = "a word has to name it"


class Scheme:
    """A country's id: what checks it (a module of python-stdnum, or a function), and what it is called."""

    def __init__(self, check: str | Callable[[str], bool], words: str = "", unspaced: str = "") -> None:
        self._check = check
        self._words = WordList(words, unspaced)

    def is_found(self, number: str, *, needs: Needs, passage: Passage, start: int, tied: bool = False) -> bool:
        """Tell whether the number passes the checks, and what stands before it in the passage suffices.

        `tied` says that a mark ties the number to a word, as in `AB-123456789`.
        """
        if needs is not Needs.NOTHING and not self._is_named(passage, start):
            if needs is Needs.A_WORD or tied or not self._is_valid(number):
                return False
            return context_of(passage, start) is not Context.OTHER
        return self._is_valid(number)

    def _is_named(self, passage: Passage, start: int) -> bool:
        lists = [words for words in (self._words, GENERIC) if passage.may_hold(words)]
        return any(words.last_in(passage.clause_before(start)) >= 0 for words in lists)

    def _is_valid(self, number: str) -> bool:
        check = _validator(self._check) if isinstance(self._check, str) else self._check
        try:
            return bool(check(number))
        except (ValidationError, KeyError):  # KeyError: a county of China that the library has no name for
            return False


@cache
def _validator(module: str) -> Callable[[str], object]:
    validate: Callable[[str], object] = import_module(f"stdnum.{module}").validate
    return validate


GENERIC = WordList(
    """
national_id national_identity national_identification identity_number identity_card identity_no
identification_number  identification_no id_card id_number id_no id_nr id_nummer personal_id personal_number
personal_code personal_identity  personal_identification tax_id tax_identification tax_number tax_file
taxpayer_id taxpayer_identification social_security  social_insurance citizen_id citizen_number
citizenship_number ausweisnummer identifikationsnummer numéro_national documento
"""
)
