"""Drawing things of each kind, in the ways in which people and programs write them."""

import base64
import json
import random
import string
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from sampling.mask.kinds import Kind
from tests.masking.corpus import fourth, held_out, third
from tests.masking.corpus.drawing import digits, fill, word
from tests.masking.corpus.ids import draw_national_id

Rng = random.Random


UNSEEN = {"third": third, "fourth": fourth, "held_out": held_out}  # parts with ways of writing of their own


class Thing(NamedTuple):
    """A drawn thing, the way it is written, and whether words have to announce it."""

    text: str
    how: str
    announced: bool = False


FIRST = [
    "anna",
    "ben",
    "chloé",
    "dmitri",
    "elif",
    "fatima",
    "giulia",
    "hans",
    "ingrid",
    "jürgen",
    "kateřina",
    "luís",
    "mei",
    "noah",
    "olga",
    "priya",
    "søren",
    "zoë",
]
LAST = [
    "smith",
    "müller",
    "rossi",
    "dupont",
    "garcía",
    "novák",
    "kowalski",
    "yılmaz",
    "jensen",
    "virtanen",
    "tanaka",
    "kim",
    "silva",
    "o'neil",
    "van-dijk",
]
HOSTS = [
    "example.org",
    "example.com",
    "mail.example.net",
    "firma.example.de",
    "uni-x.example.ac.uk",
    "web.example.co.jp",
    "post.example.fr",
]
PLAIN = str.maketrans("éüöřčáíłøëñ", "euorcailoen")


def draw_email(rng: Rng, *, part: str = "") -> Thing:
    """Draw an e-mail address."""
    if part in UNSEEN and rng.random() < 0.4:
        form = rng.choice(UNSEEN[part].EMAILS)
        return Thing(form.format(u=rng.choice(FIRST).translate(PLAIN)), form)
    first, last = rng.choice(FIRST).translate(PLAIN), rng.choice(LAST).translate(PLAIN)
    how, local = rng.choice([
        ("first.last", f"{first}.{last}"), ("initial", f"{first[0]}{last}"), ("digits", f"{first}{rng.randint(1, 99)}"),
        ("tag", f"{first}+{rng.choice(['news', 'shop', '2024'])}"), ("underscore", f"{first}_{last}"),
        ("capitals", f"{first}.{last}".title()), ("team", rng.choice(["info", "no-reply", "support.de", "hr"])),
        ("umlaut", f"{rng.choice(FIRST)}.{last}"), ("dash", f"{first}-{last}"),
    ])  # fmt: skip
    host = rng.choice(HOSTS)
    if rng.random() < 0.06:
        return Thing(f"{local}@bücher.example", "idn")
    if rng.random() < 0.06:
        return Thing(f"{local} [at] {host.replace('.', ' [dot] ')}", "bracketed")
    return Thing(f"{local}@{host.upper() if rng.random() < 0.05 else host}", how)


# Country: ways of writing that speak for themselves. N is 2 to 9, # any digit.
PHONES = {
    "US": "+1 N##-N##-####|+1NN#N######|(N##) N##-####|N##-N##-####|N##.N##.####|1-N##-N##-####|+1 (N##) N##-####|N## N## ####",
    "GB": "+44 20 7### ####|+44 7911 ######|07911 ######|020 7### ####|(0161) 4## ####|0161 4## ####|+447911######",
    "DE": "+49 171 #######|+49 (0)30 90###### |0171 #######|0171/#######|030 90######|(030) 90######|+4917########|089-5######|0151 ########",
    "FR": "+33 6 12 ## ## ##|06 12 ## ## ##|06.12.##.##.##|+33612######|01 42 ## ## ##|0612######|01-42-##-##-##",
    "ES": "+34 612 ### ###|612 ### ###|+34612######|93 4## ## ##",
    "IT": "+39 347 #######|+39 06 698#####|06 698#####|02 7600####|+39347#######",
    "NL": "+31 6 12######|06-12######|06 12######|020-6######|+31 20 6## ####|0612######",
    "AT": "+43 664 #######|0664 #######|01 5######|0664/#######",
    "CH": "+41 79 4## ## ##|079 4## ## ##|044 6## ## ##|+4179#######",
    "BE": "+32 475 ## ## ##|0475 ## ## ##|02 5## ## ##|0475/##.##.##",
    "SE": "+46 70 123 ## ##|070-123 ## ##|08-123 4## ##|+4670#######",
    "DK": "+45 20 ## ## ##|+4520######",
    "NO": "+47 912 ## ###|+47412#####",
    "FI": "+358 40 ### ####|040 ### ####|040-#######",
    "PL": "+48 512 ### ###|512 ### ###|+48512######|512-###-###",
    "PT": "+351 912 ### ###|912 ### ###",
    "CZ": "+420 601 ### ###|601 ### ###",
    "IE": "+353 86 ### ####|086 ### ####|01 6## ####",
    "JP": "+81 90-####-####|090-####-####|03-3###-####",
    "KR": "+82 10-2###-####|010-2###-####|02-3###-####",
    "CN": "+86 138 #### ####|138 #### ####|138-####-####",
    "IN": "+91 98### #####|98### #####|+9198########|098### #####",
    "BR": "+55 11 9####-####|(11) 9####-####|11 9####-####",
    "AU": "+61 412 ### ###|0412 ### ###|(02) 9### ####|02 9### ####",
    "TR": "+90 532 ### ## ##|0532 ### ## ##",
    "RU": "+7 912 ###-##-##|8 (912) ###-##-##|8 912 ###-##-##",
    "ZA": "+27 82 ### ####|082 ### ####",
    "IL": "+972 50-###-####|050-###-####",
    "AE": "+971 50 ### ####|050 ### ####",
    "SG": "+65 9### ####",
    "MX": "+52 55 #### ####",
}
# Digits that only words make a phone number.
ANNOUNCED_PHONES = {
    "US": "N##N######|N##-####", "CN": "138########", "IN": "98########", "DK": "20 ## ## ##", "NO": "912 ## ###",
    "SG": "9### ####", "ES": "6########", "PL": "51#######", "FR": "1 42 ## ## ##", "GR": "210 3######", "DE": "90######",
}  # fmt: skip


def draw_phone(rng: Rng, *, part: str = "") -> Thing:
    """Draw a phone number."""
    announced = rng.random() < 0.15
    table = ANNOUNCED_PHONES if announced else UNSEEN[part].PHONES if part in UNSEEN and rng.random() < 0.7 else PHONES
    country, forms = rng.choice(list(table.items()))
    form = rng.choice(forms.split("|")).strip()
    return Thing(fill(rng, form), f"{country} {form}", announced)


CARDS = {
    "visa": ("4", 16), "visa 19": ("4", 19), "mastercard": ("5#", 16), "mastercard 2": ("2221##", 16), "amex": ("37", 15), "amex 34": ("34", 15),
    "discover": ("6011", 16), "jcb": ("3530", 16), "diners": ("36", 14), "unionpay": ("62", 16), "maestro": ("6759", 16), "mir": ("2200", 16),
    "rupay": ("6521", 16),
}  # fmt: skip


def draw_card(rng: Rng) -> Thing:
    """Draw the number of a payment card."""
    name, (prefix, length) = rng.choice(list(CARDS.items()))
    prefix = rng.choice(["51", "53", "55"]) if prefix == "5#" else fill(rng, prefix)
    body = prefix + digits(rng, length - len(prefix) - 1)
    number = body + luhn.calc_check_digit(body)
    how = rng.choice(["together", "blanks", "dashes", "blanks"])
    if length == 19 or how == "together":
        return Thing(number, f"{name} together")
    groups = (4, 6, 5) if length == 15 else (4, 6, 4) if length == 14 else (4, 4, 4, 4)
    parts, at = [], 0
    for size in groups:
        parts.append(number[at : at + size])
        at += size
    return Thing({"blanks": " ", "dashes": "-"}[how].join(parts), f"{name} {how}")


IBANS = {
    "DE": "#" * 18, "FR": "#" * 23, "GB": "WEST" + "#" * 14, "NL": "ABNA" + "#" * 10, "ES": "#" * 20, "IT": "X" + "#" * 22, "BE": "#" * 12,
    "CH": "#" * 17, "AT": "#" * 16, "PL": "#" * 24, "SE": "#" * 20, "DK": "#" * 14, "NO": "#" * 11, "FI": "#" * 14, "PT": "#" * 21, "IE": "AIBK" + "#" * 14,
    "CZ": "#" * 20, "GR": "#" * 23, "RO": "AAAA" + "#" * 16, "TR": "#" * 22, "SA": "#" * 20, "MT": "MALT" + "#" * 5 + "0012345MTLCAST001S", "LU": "#" * 16,
}  # fmt: skip


def draw_iban(rng: Rng) -> Thing:
    """Draw a bank account."""
    country, form = rng.choice(list(IBANS.items()))
    bban = fill(rng, form)
    number = f"{country}{mod_97_10.calc_check_digits(bban + country)}{bban}"
    how = rng.choice(["together", "fours", "fours", "small", "dashes"])
    if how in {"fours", "dashes"}:
        return Thing(
            (" " if how == "fours" else "-").join(number[at : at + 4] for at in range(0, len(number), 4)),
            f"{country} {how}",
        )
    return Thing(number.lower() if how == "small" else number, f"{country} {how}")


def draw_ip(rng: Rng) -> Thing:
    """Draw an IP address that is somebody's."""
    how = rng.choice(["v4", "v4", "v4 private", "v6", "v6 short", "v6 mapped"])
    part = lambda: rng.randint(1, 254)  # noqa: E731
    if how == "v4":
        return Thing(f"{rng.choice([8, 62, 84, 91, 151, 178, 203])}.{part()}.{part()}.{part()}", how)
    if how == "v4 private":
        return Thing(f"{rng.choice(['10.0', '192.168', '172.16'])}.{part()}.{part()}", how)
    if how == "v6 mapped":
        return Thing(f"::ffff:{part()}.{part()}.{part()}.{part()}", how)
    groups = [f"{rng.randrange(16, 65536):x}" for _ in range(6)]
    if how == "v6":
        return Thing(":".join(["2001", "db8", *groups]), how)
    return Thing(f"{rng.choice(['2001:db8', 'fe80', '2a02:8108'])}::{':'.join(groups[: rng.randint(2, 4)])}", how)


def draw_mac(rng: Rng) -> Thing:
    """Draw a MAC address."""
    how, form = rng.choice([(":", "xx:xx:xx:xx:xx:xx"), ("-", "xx-xx-xx-xx-xx-xx"), ("cisco", "xxxx.xxxx.xxxx")])
    text = fill(rng, form.replace("x", "a", 1))
    return Thing(text.upper() if rng.random() < 0.5 else text, how)


def draw_url(rng: Rng, *, part: str = "") -> Thing:
    """Draw an address that lets somebody in."""
    how, form = rng.choice(UNSEEN[part].URLS if part in UNSEEN else [
        ("postgres", "postgres://{u}:{p}@db.example.com:5432/shop"), ("https", "https://{u}:{p}@git.example.org/team/repo.git"),
        ("redis", "redis://:{p}@cache.example.net:6379/0"), ("mongodb", "mongodb+srv://{u}:{p}@cluster.example.net/?retryWrites=true"),
        ("ftp", "ftp://{u}:{p}@files.example.org/in.csv"), ("amqp", "amqp://{u}:{p}@10.0.0.5/vhost"),
        ("token", "https://api.example.com/v1/items?limit=5&access_token={t}"), ("sig", "https://blob.example.net/c/f.pdf?se=2024-01-01&sig={t}"),
        ("key", "https://maps.example.com/geo?key={t}&q=Berlin"), ("token user", "https://{t}@git.example.org/repo.git"),
        ("aws", "https://b.example.com/k?X-Amz-Date=20240101T000000Z&X-Amz-Signature={t}"), ("reset", "https://shop.example.com/reset?token={t}"),
    ])  # fmt: skip
    user, password = rng.choice(FIRST).translate(PLAIN), rng.choice(["hunter2", "s3cr3t!", "P%40ssw0rd", "letmein"])
    return Thing(form.format(u=user, p=password, t=word(rng, 32)), how)


def _jwt(rng: Rng) -> str:
    encode = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")  # noqa: E731
    head = encode({"alg": rng.choice(["HS256", "RS256"]), "typ": "JWT"})
    return f"{head}.{encode({'sub': digits(rng, 10), 'iat': int(digits(rng, 9))})}.{word(rng, 43)}"


def _key_block(rng: Rng) -> str:
    kind = rng.choice(["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY"])
    lines = "\n".join(word(rng, 64, string.ascii_letters + string.digits + "+/") for _ in range(5))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"


SECRETS: dict[str, Callable[[Rng], str]] = {
    "openai": lambda rng: "sk-" + word(rng, 48), "openai project": lambda rng: "sk-proj-" + word(rng, 60),
    "anthropic": lambda rng: "sk-ant-api03-" + word(rng, 80), "aws id": lambda rng: "AKIA" + word(rng, 16, string.ascii_uppercase + "234567"),
    "github": lambda rng: rng.choice(["ghp_", "gho_", "ghs_"]) + word(rng, 36), "github fine": lambda rng: "github_pat_" + word(rng, 60),
    "gitlab": lambda rng: "glpat-" + word(rng, 20), "slack": lambda rng: f"xoxb-{digits(rng, 11)}-{word(rng, 24)}",
    "stripe": lambda rng: "sk_live_" + word(rng, 24), "google": lambda rng: "AIza" + word(rng, 35), "npm": lambda rng: "npm_" + word(rng, 36),
    "sendgrid": lambda rng: f"SG.{word(rng, 22)}.{word(rng, 43)}", "hugging face": lambda rng: "hf_" + word(rng, 34),
    "telegram": lambda rng: f"{digits(rng, 10)}:AA{word(rng, 33)}", "twilio": lambda rng: fill(rng, "SK" + "x" * 32),
    "jwt": _jwt, "key block": _key_block,
}  # fmt: skip
ANNOUNCED_SECRETS: dict[str, Callable[[Rng], str]] = {
    "password": lambda rng: rng.choice(["hunter2", "Sommer2024!", "correct-h0rse", "pa$$w0rd", "Qwertz123", "7f9Xk2"]),
    "hex key": lambda rng: fill(rng, "x" * 31 + "a") .replace("0", "7", 1), "base64 key": lambda rng: word(rng, 40) + "==", "mixed key": lambda rng: word(rng, 24),
}  # fmt: skip


def draw_secret(rng: Rng, *, part: str = "") -> Thing:
    """Draw a key, token or password."""
    announced = rng.random() < 0.3
    if part in UNSEEN:
        table = UNSEEN[part].ANNOUNCED_SECRETS if announced else UNSEEN[part].SECRETS
    else:
        table = ANNOUNCED_SECRETS if announced else SECRETS
    how, draw = rng.choice(list(table.items()))
    return Thing(draw(rng), how, announced)


def draw_id(rng: Rng) -> Thing:
    """Draw a national id."""
    made = draw_national_id(rng)
    return Thing(made.text, f"{made.country} {made.how}", announced=made.named)


def draws(part: str) -> dict[Kind, Callable[[Rng], Thing]]:
    """Return how the things of a part are drawn, by kind."""
    return {
        Kind.EMAIL: partial(draw_email, part=part),
        Kind.PHONE: partial(draw_phone, part=part),
        Kind.CARD: draw_card,
        Kind.IBAN: draw_iban,
        Kind.NATIONAL_ID: draw_id,
        Kind.IP: draw_ip,
        Kind.MAC: draw_mac,
        Kind.URL: partial(draw_url, part=part),
        Kind.SECRET: partial(draw_secret, part=part),
    }
