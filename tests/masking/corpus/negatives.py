"""Drawing what only looks like something to mask: the numbers and codes that texts are full of."""

import random
import uuid
from collections.abc import Callable

from tests.masking.corpus import fourth, held_out, third
from tests.masking.corpus.drawing import hex_digits, numbered, some_date, some_isbn

Rng = random.Random
Draw = Callable[[Rng], str]


DEVELOPMENT: dict[str, Draw] = {
    "order numbers": numbered("Order ####### has shipped", "order #10########", "Your order no. ###-#######-#######", "Bestellung 20##-######", "commande n° ##########",
                             "Pedido ########", "ORD-########", "order number: ########### arrived", "Auftrag 00########"),
    "invoices and tickets": numbered("Invoice INV-20##-######", "Rechnung Nr. ########", "ticket #######", "case id ##########", "Ticket-ID: ###-###-####", "ref. ############"),
    "tracking": numbered("tracking 1Z###A##############", "Sendungsnummer 00340############ ist da", "tracking number #### #### ####", "parcel RR#########DE"),
    "dates": lambda rng: "on " + some_date(rng, rng.choice(["{y}-{m}-{d}", "{d}.{m}.{y}", "{m}/{d}/{y}", "{y}-{m}-{d}T{h}:{n}:00Z", "{d}/{m}/{y} {h}:{n}", "{y}{m}{d}", "{y}{m}{d}-{h}{n}00"])),
    "periods": numbered("from 1998-2004 to 2011-2015", "10:30-11:45 on 12.04.2024", "open 08.00 - 17.30", "01.01.2024 - 31.12.2024", "2023/2024, 2024/2025"),
    "versions": numbered("version 1.##.#", "v2.0.1#.###", "Chrome/12#.0.0.0 Safari/537.36", "release 10.15.7.1", "python 3.11.#, django==4.2.1.1", "firmware 1.2.3.4", "node v18.1#.#"),
    "hashes": lambda rng: f"commit {hex_digits(rng, rng.choice([7, 8, 12, 32, 40, 64]))} in main",
    "uuids": lambda rng: f"id {uuid.UUID(int=rng.getrandbits(128), version=4)} done",
    "prices": numbered("costs $1,###.##", "1.###.###,## €", "USD 12 ### ###", "### ### ### people", "total 12345678 EUR", "£9,###,###.00", "Rs. 98,76,54,321"),
    "coordinates": numbered("52.######, 13.######", "lat 48.8####### lon 2.3#######", "-33.######,151.######", "0.1#######"),
    "isbns": lambda rng: f"ISBN {some_isbn(rng)}",
    "timestamps": numbered("17########", "at 17###########", "ts=17##########000", "1.7########e9", "epoch 16########"),
    "ids of systems": numbered("user_id: ##########", "id=###########", "account ########", "SKU 00########", "Artikel-Nr. ##.###.##.#", "serial number ############", "customer ######### wrote", "batch 20####-####"),
    "measures": numbered("5 000 000 rows", "10000000 bytes", "12 000 000 tokens", "3.14159265", "1/1000000", "2 147 483 647", "9007199254740991"),
    "lists of numbers": numbered("10 20 30 40 50", "1, 2, 3, 4, 5, 6, 7, 8", "01 02 03 04 05 06", "3-5-7-11-13", "0 1 1 2 3 5 8 13 21", "12 34 56 78"),
    "code": numbered("x[::2], a[1::2]", "std::vector<int> a::b", "@media (max-width: 600px)", "@app.route('/x')", "git@github.com:org/repo.git", "npm i @scope/pkg@1.2.#", "logo@2x.png",
                    "https://medium.com/@user/a-title-#######", "user@localhost", "a @ b", "password = get_password(user)", "password: string", "token = tokens[0]"),
    "words about secrets": numbered("Your password is required.", "The password must have 8-20 characters", "max_tokens: ####", "we used 12345 tokens", "token limit is 128000", "the secret is patience",
                                   "API key: <your key>", "password: ********", "api_key = os.environ['API_KEY']", "Password: [SECRET_1]", "Forgot password? Reset it in settings"),
    "addresses without a key": numbered("https://example.com/orders/##########?page=2", "https://shop.example.com/p/########.html", "ssh://git@example.org/repo.git", "http://localhost:8000/x?id=########",
                                       "https://example.org/?utm_source=news&utm_id=########"),
    "times": numbered("12:30:45", "at 10:15:00.123456", "00:00:00:00", "01:02:03 04:05:06", "8:00-16:30"),
}  # fmt: skip
SECOND: dict[str, Draw] = {
    "order numbers": numbered("Ordine ########## spedito", "my order ####-####-#### never came", "PO ##########", "zamówienie nr 00########", "order: 06########", "bestelling 31#########", "订单 13#########"),
    "invoices and tickets": numbered("facture 0612######", "SR-########## is closed", "invoice number ###.###.####", "JIRA-#####, bug ########", "Vorgang 030 ########", "receipt ### ### ###"),
    "tracking": numbered("TBA############ by courier", "tracking: ##############", "colis 6A###########", "AWB ###-########", "Paketnummer ##############"),
    "dates": lambda rng: some_date(rng, rng.choice(["born? no, built {y}/{m}/{d}", "{d}-{m}-{y}", "am {d}. {m}. {y} um {h}.{n} Uhr", "{y}-{m}-{d} {h}:{n}:59.000", "le {d}/{m}/{y}", "log-{y}{m}{d}.txt", "{d}.{m}.{y}-{d}.{m}.{y}"])),
    "periods": numbered("2019 2020 2021 2022", "the years 1914-1918 and 1939-1945", "Mon-Fri 9.00-12.30, 13.30-18.00", "Q1 2024 - Q3 2025", "05/2023-06/2024"),
    "versions": numbered("build 22#.1###.#", "Version: 10.0.1904#.1", "Mozilla/5.0 AppleWebKit/537.36 Chrome/119.0.0.0", "upgraded to 5.4.3.2", "libfoo-1.2.3.4.tar.gz", ">=2.0.0.1", "section 4.3.2.1"),
    "hashes": lambda rng: rng.choice(["sha256:{}", "etag \"{}\"", "{}.js", "#{}"]).format(hex_digits(rng, rng.choice([6, 10, 16, 20, 40, 64]))),
    "uuids": lambda rng: f"/v1/jobs/{uuid.UUID(int=rng.getrandbits(128), version=1)}/logs",
    "prices": numbered("CHF 1'###'###.-", "¥12,###,###", "it was 987 654 321 $", "1 ### ### zł", "2.###.### people live there", "3 ### ### kr.", "about 4########.00 INR"),
    "coordinates": numbered("(40.#####, -74.#####)", "geo:37.78####,-122.39####", "48°51'24.#\"N", "POINT(13.40#### 52.52####)"),
    "isbns": lambda rng: rng.choice(["the book {}", "ISBN-13: {}"]).format(some_isbn(rng)),
    "timestamps": numbered("[17########]", "created 1709######.123456", "t0=15######## t1=16########", "169##########"),
    "ids of systems": numbered("trace 0000000000########", "pid ####### exited", "contract no ## ### ####", "VIN WVWZZZ1JZ3W######", "EAN 40########### ", "flight LH#### seat 12A, booking ######", "Zählernummer ########", "client ##########"),
    "measures": numbered("population 83 200 000", "capacity: 10 000 000 km", "loss 0.00012345 after 1500000 steps", "4294967296", "6.02214076e23", "ph 7.4, 37.5 °C, 120/80 mmHg"),
    "lists of numbers": numbered("4 8 15 16 23 42", "7-7-7-7-7-7-7", "lottery: 03 11 24 31 38 45", "100 200 300 400", "[1.0, 2.0, 3.0, 4.0]", "99 98 97 96"),
    "code": numbered("ns::inner::fn()", "arr[10::2]", "email = form.email", "@Override public", "pip install pkg@git+ssh://x", "icon@3x.jpg", "rgb(255, 128, 64)", "0xDEADBEEF", "std::cout << a::b::c",
                    "Authorization: Basic auth is not allowed", "secret = None", "if token is expired_token:"),
    "words about secrets": numbered("reset your password within 24hours", "Passwort ist 12-stellig", "the token expires in 3600s", "tokens: 1024/2048", "Credentials are case-sensitive", "password=<redacted>",
                                   "secret: ${SECRET}", "pass phrase: ....", "api key: YOUR_API_KEY_HERE", "Password policy: min12chars"),
    "addresses without a key": numbered("https://example.org/a/b/c-########-d", "https://x.example/watch?v=dQw4w9WgXcQ&t=120", "ftp://files.example.org/2024/01/01/", "https://example.com/#section-####",
                                       "https://example.com/search?q=password&token=no"),
    "times": numbered("23:59:59.999999", "00:10:20:30", "T+00:01:02:03", "1:2:3:4"),
}  # fmt: skip
DRAWS = {
    "development": DEVELOPMENT,
    "second": SECOND,
    "third": third.ALIKE,
    "fourth": fourth.ALIKE,
    "held_out": held_out.ALIKE,
}
