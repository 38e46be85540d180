"""The fourth part: texts around things, ways of writing them, and what looks alike."""

import random
import string
from collections.abc import Callable

from sampling.mask.kinds import Kind
from tests.masking.corpus.drawing import digits, fill, hex_digits, numbered, some_date, some_isbn, word

Rng = random.Random

ANY = [
    "fyi {}", "{} ← that one", "Re: {}", "> {}\n> wrote yesterday", "my wife's is {}, mine is not here", "Unter {} läuft alles.", "Avec {} ça marche", "Con {} no hay problema", "Con {} va tutto bene",
    "a) {}\nb) nothing", "config:\n  value: {}\n  other: 1", '"{}",', "`{}`", "**{}**", "{}\n--\nKim", "OK {} OK", "har ni {} kvar?", "czy to {}?", "{} doğru mu", "我要用{}。", "「{}」でお願いします", "({}).", "/* {} */",
]  # fmt: skip
ANNOUNCING = {
    Kind.PHONE: ["ring me on {}", "cell# {}", "Telefonnr.: {}", "n° de téléphone : {}", "teléfono de contacto: {}", "numero di cellulare {}", "mobiel: {}", "phone_number: {}", "<tel>{}</tel>",
                 "tel:{}", "contact me @ {}", "手机号：{}"],
    Kind.SECRET: ["apikey: {}", "ACCESS-KEY={}", '{"refresh_token":"{}"}', "my api token is {}", "secret_key = '{}'", "auth-token: {}"],
}  # fmt: skip
FOR_PASSWORDS = [
    "pass phrase: {}",
    "Password = {}",
    "passwd:{}",
    "kennwort: {}",
    "password -> {}",
    "her password is {}",
    "{'password': '{}'}",
    "пароль: {}",
    "密码：{}",
]
NAMED = [
    "{name} / {id}",
    "{name}........ {id}",
    "<b>{name}</b> {id}",
    "Re {name}: {id} as requested",
    "{name} is: {id}",
    "{name}\t{id}",
]

PHONES = {
    "US": "+1 (N##)N##-####|1.N##.N##.####|N##/N##-####|(N##) N## ####", "GB": "+44(0)7911 ######|07911-######|0207 ### ####|01223 4#####", "DE": "+49 (0) 171 #######|0171 ## ## ###|040-7######|06221 / 5####-##",
    "FR": "+33.6.12.##.##.##|01.42.##.##.##|07 81 ## ## ##", "ES": "+34 (699) ### ###|699-###-###|91 1## ## ##", "IT": "+39-347-#######|0039 06 6982 ####|081 5######", "NL": "+31-6-12######|06 12 ## ## ##|070-3######",
    "PL": "+48-512-###-###|22 6## ## ##", "PT": "+351 21 ### ####|961 ### ###", "SE": "+46-70-123 ## ##|0046 8 123 ## ##", "NO": "+47 22 ## ## ##", "DK": "+45 31 ## ## ##", "FI": "+358-40-#######|09 #######",
    "IE": "+353 (0)1 6## ####|087-#######", "CZ": "+420 777 ######|777 ### ###", "UA": "+38 067 ### ## ##", "TR": "+90 (532) ### ## ##|0 532 ### ## ##", "GR": "+30 2310 ######", "BG": "+359 88 ### ####|088 ### ####",
    "HR": "+385 91 ### ####|091 ### ####", "RS": "+381 64 #######|064 #######", "JP": "+81 3 3### ####|080-####-####", "KR": "+82-2-3##-####|010 2### ####", "CN": "+86-10-8### ####|139-####-####", "TW": "+886-2-2### ####",
    "IN": "+91 (0)98########|098########", "PK": "+92 300 #######|0300-#######", "BD": "+880 1712-######|01712-######", "BR": "+55 (21) 99###-####|(21) 3###-####", "MX": "+52 (55) #### ####", "AU": "+61 (0)412 ### ###|0412-###-###",
    "NZ": "+64-9-3## ####|09 3## ####", "ZA": "+27 (0)82 ### ####|011 4## ####", "MA": "+212 6 61 ## ## ##|0661-######", "IL": "+972-3-6######|03-6######", "SA": "+966 (0)50 ### ####",
}  # fmt: skip
URLS = [
    ("mssql", "mssql://{u}:{p}@sql.example.com:1433/erp?encrypt=true"), ("ldap", "ldaps://{u}:{p}@ldap.example.org:636"), ("git", "git+https://{u}:{p}@git.example.com/a/b.git@v1"), ("rtsp", "rtsp://{u}:{p}@10.0.0.8:554/ch1"),
    ("password", "https://old.example.com/login?user={u}&password={t}"), ("session", "https://app.example.com/?session_token={t}#home"), ("id token", "https://id.example.com/cb#id_token={t}&state=xyz"), ("x sig", "https://cdn.example.com/i.jpg?exp=1715900000&signature={t}"),
]  # fmt: skip
SECRETS: dict[str, Callable[[Rng], str]] = {
    "anthropic admin": lambda rng: "sk-ant-admin01-" + word(rng, 70), "aws id": lambda rng: "AKIA" + word(rng, 16, string.ascii_uppercase + "234567"), "github": lambda rng: "ghr_" + word(rng, 40), "gitlab deploy": lambda rng: "gldt-" + word(rng, 22),
    "slack app": lambda rng: f"xapp-1-A{digits(rng, 9)}-{word(rng, 40)}", "stripe test": lambda rng: "sk_test_" + word(rng, 24), "stripe hook": lambda rng: "whsec_" + word(rng, 32), "square": lambda rng: "sq0atp-" + word(rng, 22),
    "hugging face": lambda rng: "hf_" + word(rng, 34), "replicate": lambda rng: "r8_" + word(rng, 37), "docker": lambda rng: "dckr_pat_" + word(rng, 27), "linear": lambda rng: "lin_api_" + word(rng, 40), "grafana": lambda rng: "glsa_" + word(rng, 40),
    "postman": lambda rng: "PMAK-" + hex_digits(rng, 24) + "-" + hex_digits(rng, 34), "mailgun": lambda rng: "key-" + fill(rng, "x" * 31 + "a"), "age": lambda rng: "AGE-SECRET-KEY-1" + word(rng, 58, string.ascii_uppercase + string.digits), "new relic": lambda rng: "NRAK-" + word(rng, 27, string.ascii_uppercase + string.digits),
}  # fmt: skip
ANNOUNCED_SECRETS: dict[str, Callable[[Rng], str]] = {
    "password": lambda rng: rng.choice(["Tulip&Rose7", "monkey123", "B3rl!n", "9aGkZ-p2", "Katze_2010", "abc12345", "Zx81.Spectrum"]), "hex key": lambda rng: fill(rng, "x" * 62 + "f0"),
    "base64 key": lambda rng: word(rng, 62) + "==", "mixed key": lambda rng: word(rng, 22),
}  # fmt: skip
EMAILS = [
    "{u}.{u}@intra.example",
    "{u}@example-shop.co.uk",
    "{u} [at] example.org",
    "{u}{{at}}example.com",
    "{u}_1984@mx2.example.info",
    "{u}.x@example.ie",
]

ALIKE: dict[str, Callable[[Rng], str]] = {
    "order numbers": numbered("narudžba ########", "Bestellnr: 06#########", "order id 0#########", "ordre ##########", "pedido: ###-###-####", "purchase order 45########", "tilausnumero #########"),
    "invoices and tickets": numbered("Factuur ####.####.####", "REQ0#######", "incident ##########", "Beleg 0## / #####", "claim number ## ## ## ## ##", "voucher ####-####-####"),
    "tracking": numbered("FedEx #### #### ####", "GLS ###########", "Sendung: 0034########### #####", "parcel no. H###############", "tracking-id 1Z###W###########"),
    "dates": lambda rng: some_date(rng, rng.choice(["{d}{m}{y}", "{y}/{m}/{d} {h}:{n}:00", "am {d}.{m}.{y}, {h}.{n} Uhr", "[{y}-{m}-{d} {h}:{n}:11,123]", "IMG_{y}{m}{d}_{h}{n}59.jpg", "{d} / {m} / {y}", "from {y}-{m}-{d} to {y}-{m}-{d}"])),
    "periods": numbered("FY2023-2024 vs FY2022-2023", "19:00 - 21:30 / 20:00 - 22:30", "2010, 2012, 2014 and 2016-2020", "ages 18-24, 25-34, 35-44", "kw 01-2024 bis 05-2024"),
    "versions": numbered("rustc 1.7#.0 (90c541806 2023-05-31)", "Edg/12#.0.0.0", "Windows NT 10.0.2263#.1", "image:v1.2.3.4", "kernel 6.1.0.18", "jdk-17.0.1#.1", "foo (= 1.2.3.4)"),
    "hashes": lambda rng: rng.choice(["rev {}", "ETag: W/\"{}\"", "{}.min.css", "0x{}", "git show {}~1"]).format(hex_digits(rng, rng.choice([7, 10, 16, 32, 40, 64]))),
    "uuids": lambda rng: rng.choice(["request-id: {}", "({})", "urn:{}"]).format(fill(rng, "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx")),
    "prices": numbered("₹ 12,34,567", "1 ### ### kr", "R$ 1.###.###,##", "### ### ### Kč", "USD ##########", "kostar 1 ### ### SEK", "£###,###,###"),
    "coordinates": numbered("lat=-23.55####&lng=-46.63####", "8.5####° E, 47.3####° N", "[13.4050##, 52.5200##]", "UTM 33U 39#### 581####", "elev 1234.567 m"),
    "isbns": lambda rng: rng.choice(["{}, 2nd ed.", "ISBN {}; hardcover", "978: {}"]).format(some_isbn(rng)),
    "timestamps": numbered("now=17########", "1########.######", "unix time ##########", "nonce 17###########", "t:17###############"),
    "ids of systems": numbered("issue 10########", "post/1###########", "EAN: 50###########", "asin B0########", "run-id 9#########", "member no ### ### ###", "part 06-#######", "ORCID 0000-0002-1###-####"),
    "measures": numbered("1 299 792 458 m", "8 000 000 000 humans", "0.5772156649", "65536 x 65536", "loss: 0.######## acc: 0.####", "250 000 000 tokens", "120 000 000 ms"),
    "lists of numbers": numbered("21 34 55 89 144 233", "2-4-6-8-10", "0 10 20 30 40 50 60", "(1, 2, 3) (4, 5, 6) (7, 8, 9)", "score 21-19 18-21 21-17", "12 / 24 / 36 / 48"),
    "code": numbered("v[..:2]", "Foo::Bar::baz(1)", "@pytest.fixture", "npm install left-pad@1.3.0", "a@@b", "banner@2x.svg", "git@gitlab.com/a/b", "password_hash = bcrypt(pw)", "token: Optional[str] = None",
                     "this.password = password;", "if token != last_token2:", "z-index: 9999999", "\\u00e9\\u00e8", "rgba(0,0,0,.87)"),
    "words about secrets": numbered("Your password expires in 14 days", "passwords: see vault entry 42", "tokens=512,max=4096", "the secret of success is work", "access key required", "Password: required|min:8", "token: <bearer>",
                                    "api_key: str", "set a passphrase (optional)", "forgot my password 3 times", "PASSWORD=%(password)s"),
    "addresses without a key": numbered("https://example.com/a?page=2&sort=desc&id=########", "http://example.org/u/@someone", "https://example.com/p/1234-5678-9012", "https://example.com?tokens=5&keys=3", "ws://localhost:3000/socket?id=########"),
    "times": numbered("1:02:03:04", "10:00:00.000Z", "[00:01:02.345 --> 00:01:05.678]", "7.30-8.15, 8.20-9.05"),
}  # fmt: skip
