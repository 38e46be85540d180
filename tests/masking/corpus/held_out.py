"""The part that is only measured: other texts around things, other passwords, other things that look alike.

Things are written in the ways of all other parts, with some more of its own.
"""

import random
import string
from collections.abc import Callable

from sampling.mask.kinds import Kind
from tests.masking.corpus import fourth, third
from tests.masking.corpus.drawing import fill, hex_digits, numbered, some_date, some_isbn, word

Rng = random.Random

ANY = [
    "agent: noted\ncustomer: {}\nagent: thanks", "it used to be something else but now it's {} ok?", "P.S. {}", "{}, if you need it", "Neu ist {}, alt vergessen.", "j'ai mis {} dans le formulaire", "he puesto {} en el formulario",
    "ho scritto {} nel modulo", "[info] got {} from form", "  {}  ", "form[3] = {}", "<li>{}</li>", "{}\t(verified)", "→{}←", "ik heb {} ingevuld", "jag skrev {} där", "wpisałem {} tam", "я написал {} там", "填的是{}，请确认", "入力したのは{}です",
]  # fmt: skip
ANNOUNCING = {
    Kind.PHONE: ["phone no. {}", "you can call {} today", "Tel {}", "Telefonnummer: {}", "mon portable {}", "móvil: {}", "il mio cellulare è {}", "mobile_phone={}", "customer phone: {}", "call back on {}", "电话 {}"],
    Kind.SECRET: ["API_TOKEN={}", "api key: {}", "access token is {}", '"secret_key": "{}"', "client_secret={}"],
}  # fmt: skip
FOR_PASSWORDS = [
    "Password: {}",
    "pwd: {}",
    "my password is {}",
    "Passwort = {}",
    "password='{}'",
    "mot de passe: {}",
    "contraseña = {}",
    "DB_PASSWORD={}",
]
NAMED = ["{name}: {id}.", "{name} {id},", "ma/meine {name} = {id}", "{name} – {id}", "{name} is {id}!"]

PHONES = {country: "|".join(forms for forms in (third.PHONES.get(country), fourth.PHONES.get(country)) if forms) for country in sorted({*third.PHONES, *fourth.PHONES})} | {
    "LU": "+352 621 ### ###", "SK": "+421 905 ### ###|0905 ### ###", "LT": "+370 612 #####", "LV": "+371 2#######", "EE": "+372 51## ####", "SI": "+386 40 ### ###|040 ### ###", "MY": "+60 12-### ####|012-### ####",
    "GH": "+233 24 ### ####|024 ### ####", "QA": "+974 3### ####", "PE": "+51 9## ### ###", "KZ": "+7 701 ### ## ##",
}  # fmt: skip
URLS = [
    *third.URLS,
    *fourth.URLS,
    ("clickhouse", "clickhouse://{u}:{p}@ch.example.net:9440/default?secure=1"),
    ("code", "https://login.example.com/reset?email=x&auth={t}"),
]
SECRETS: dict[str, Callable[[Rng], str]] = {**third.SECRETS, **fourth.SECRETS}
ANNOUNCED_SECRETS: dict[str, Callable[[Rng], str]] = {
    "password": lambda rng: rng.choice(["Snow-Fox81", "p4ssPhrase!", "Giraffe42", "lamp#shade9", "Zebra2020!", "q1w2e3r4"]), "hex key": lambda rng: fill(rng, "x" * 46 + "c3"),
    "base64 key": lambda rng: word(rng, 50) + "=", "mixed key": lambda rng: word(rng, 28, string.ascii_letters + string.digits + "_"),
}  # fmt: skip
EMAILS = [
    "{u}.work@team.example.io",
    "{u}@example.photography",
    "{u}2@a.b.c.example.org",
    "{u}+tag@example.se",
    "{u}(at)mail.example.de",
    "{u}-x@example.com.au",
]

ALIKE: dict[str, Callable[[Rng], str]] = {
    "order numbers": numbered("order 9########", "Order-ID: ###-#######", "Bestellung Nr. 1########", "commande n°########", "order number 0#########", "pedido 5########", "orders ####### and #######"),
    "invoices and tickets": numbered("invoice ######/20##", "Rechnung 20########", "ticket ######-##", "facture ##########", "case 0#######", "ref ##-##-##-##"),
    "tracking": numbered("tracking code 1#############", "parcel ##########", "Paket 0##########", "shipment no ############"),
    "dates": lambda rng: some_date(rng, rng.choice(["due {d}.{m}.{y}", "{y}-{m}-{d}", "{m}-{d}-{y}", "{d}/{m}/{y} - {d}/{m}/{y}", "at {h}:{n} on {y}/{m}/{d}", "{y}{m}{d}T{h}{n}00Z", "since {m}.{y}"])),
    "periods": numbered("2001-2010, 2011-2020", "9:00-17:00, Sat 10:00-14:00", "1/2023 - 6/2024", "seasons 2022/2023/2024", "pages 120-134, 201-219"),
    "versions": numbered("v1.#.##", "1.2.3.4-beta", "release 20##.#.#.1", "Firefox/12#.0", "build 1########", "version=3.1.4.1"),
    "hashes": lambda rng: rng.choice(["commit {}", "sha1 {}", "{}.png", "digest={}"]).format(hex_digits(rng, rng.choice([7, 8, 32, 40, 64]))),
    "uuids": lambda rng: rng.choice(["uuid {}", "/items/{}/edit"]).format(fill(rng, "xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx")),
    "prices": numbered("$##,###.##", "## ###,## €", "EUR 1.###.###", "#######.## USD", "₹##,##,###", "1 ### ### Kč", "###.###,- kr"),
    "coordinates": numbered("4#.######, -7#.######", "lat 3#.####### lng 13#.#######", "geo: ##.####;##.####"),
    "isbns": lambda rng: rng.choice(["ISBN {}", "isbn13 {}", "(ISBN: {})"]).format(some_isbn(rng)),
    "timestamps": numbered("ts: 17########", "17########.###", "time=17###########", "iat 16########, exp 16########"),
    "ids of systems": numbered("user ########", "id: ##########", "account no. ########", "sku ########", "session ##########", "doc-########", "article ### ### ###", "customer no 0########"),
    "measures": numbered("1 ### ### bytes", "########## ns", "0.########", "### ### ### km", "1#### x 1####", "#### #### tokens"),
    "lists of numbers": numbered("3 1 4 1 5 9 2 6", "10-20-30-40", "5 10 15 20 25 30", "1; 2; 3; 4; 5", "100, 200, 300, 400"),
    "code": numbered("a[i:j:2]", "ns::Type", "@property", "lib@4.5.6", "x@y", "pic@2x.png", "git@host:repo", "hash(password)", "token = next(tokens)", "if not token:", "'password' in data"),
    "words about secrets": numbered("password must contain a digit", "token count: ####", "your password was changed on 2024-01-02", "the secret garden", "API key missing", "password: None", "passwords don't match", "no credentials were found"),
    "addresses without a key": numbered("https://example.com/x/########", "http://example.org/?q=########", "https://example.com/u/@a", "https://example.com/2024/05/17/post-1234567"),
    "times": numbered("0:00:01.234567", "11:22:33", "22:15-06:45", "T-00:00:10"),
}  # fmt: skip
