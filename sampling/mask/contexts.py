"""What the words around a number say it is. Digits alone rarely tell a phone number from an order number.

The nearest word decides: in "about order 4711, call 0171 2345678" it is `call`. Words count within one clause only, and
one that says "no phone number" only right before the number.
"""

import re
from enum import Enum

from sampling.mask.passage import Passage
from sampling.mask.words import WordList


class Context(Enum):
    """What a number is, going by its words."""

    PHONE = "a phone number"
    OTHER = "something else that is numbered: an order, a version, an id, a price"
    NONE = "not said"


PHONE_WORDS = WordList(
    """
phone phones tél telephone telephones tel telefon* téléphone téléphones teléfono teléfonos telefone telefono telefoon*
teléf telef mob mobiel mobile mobiles mobil mobiltelefon* móvil movil handy handynummer cell celular cellulare cellphone
portable gsm komórk* telemóvel call calls calling caller ring text_me texted sms whatsapp wa_me telegram viber fax
faks dial contact hotline helpline landline festnetz* durchwahl my_number reach_me anruf* anrufen rückruf* rufen
erreichbar erreichen appel* appeler joindre joignable rappel* llama llamar llame llám* contacto contáct* ligue ligar
contato chiama* chiami recapito bel bellen bereikbaar dzwoń zadzwoń ringa puhelin* soita cep_tel* arayın телефон*
тел моб* звони* позвони* τηλ* κινητό هاتف جوال الهاتف טלפון נייד
""",
    unspaced="फ़ोन फोन मोबाइल 电话 手机 联系 電話 携帯 連絡先 手機 전화 연락처 휴대폰",
)
OTHER_WORDS = WordList(
    """
order* awb invoice invoices receipt receipts ticket tickets case cases ref refs reference* tracking parcel
parcels shipment shipments sku skus article articles art item items product products part parts model serial
serials batch lot lots version versions ver build builds release isbn issn doi pmid arxiv bug bugs issue issues
pr job jobs id ids uuid guid hash commit sha md5 timestamp epoch unix pin otp code codes coupon voucher policy
konto booking reservation flight barcode ean gtin upc imei iccid vin iso rfc section sections chapter chapters
figure figures table tables page pages line lines row rows port pid zip postcode postal quantity amount total
price prices cost costs usd eur gbp chf sum balance population lat lon lng latitude longitude coordinates
routing claim voucher beleg* narudžb* objednáv* comanda* ordre ssn itin nhs nino passport passwort licence
license tax national_insurance social_security social_insurance steuer* versicherungsnummer svnr ahv* bsn cpr*
personnummer* pesel cnp oib cpf cnpj cuit rut dni nif curp aadhaar tfn bestell* auftrag* rechnung* sendung*
paket* kundennummer kunden_nr kundennr artikel* vorgang* aktenzeichen vertrag* seriennummer charge commande
commandes facture factures colis dossier contrat référence pedido* factura* albarán envío referencia ordine
fattur* spedizione encomenda fatura bestelling* factuur* pakket* zamówieni* faktur* paczk* beställning* tilaus*
sipariş* заказ* счёт* счет* customer_no customer_number customer_nr customer_id account_no account_number
acct_no client_no member_no member_number membership_no contract_no check_no session
""",
    unspaced="ऑर्डर 订单 快递 单号 注文 伝票 주문 송장 编号 番号",
)
_PHONE_BEHIND = re.compile(r" ?[(\[](?:mobile?|cell|tel|telefon|phone|fax|home|work|office|handy|m[óo]vil|portable)\b")
_RIGHT_BEFORE = 20
_MAX_LETTERS_ON = 10  # from one number to the next of a list, as in "call 0171 2345678 or 0172 3456789"
_LETTER = re.compile(r"[^\W\d_]")


def context_of(passage: Passage, start: int, end: int | None = None) -> Context:
    """Return what the words before a number in a passage, or else the word right behind it, say that it is."""
    if not passage.may_hold(PHONE_WORDS) and not passage.may_hold(OTHER_WORDS):
        return Context.NONE
    clause = passage.clause_before(start)
    phone, other = PHONE_WORDS.last_in(clause), OTHER_WORDS.last_in(clause)
    between = clause.text[max(phone, other) :]
    numbers_between = any(char.isdigit() for char in between)
    if phone > other and not (numbers_between and len(_LETTER.findall(between)) > _MAX_LETTERS_ON):
        return Context.PHONE
    if other > phone and other > clause.line and len(between) <= _RIGHT_BEFORE and not numbers_between:
        return Context.OTHER
    said_behind = end is not None and _PHONE_BEHIND.match(passage.after(end))
    return Context.PHONE if said_behind else Context.NONE
