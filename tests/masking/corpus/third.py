"""The third part: texts around things, ways of writing them, and what looks alike."""

import random
import string
import uuid
from collections.abc import Callable

from sampling.mask.kinds import Kind
from tests.masking.corpus.drawing import digits, fill, hex_digits, numbered, some_date, some_isbn, word

Rng = random.Random

ANY = [
    "Sorry, my mistake: {} it is.", "to whom it may concern, {} belongs to me", "1. {}\n2. see above", "Bitte {} löschen!", "Supprimez {} de vos listes",
    "Borrad {} por favor", "Elimina {} subito", "* {}", "key\tvalue\nx\t{}", "“{}”, he said.", "<p>{}</p>", "(see {}, second line)", "Kan {} weg?", "Ta bort {} tack",
    "{} silinsin lütfen", "请删除{}谢谢", "{}を削除してください", "{'v': '{}'}", "… {} …", "Q: whose is {}? A: mine", "{} (mine)", "{};", "{} – danke",
]  # fmt: skip
ANNOUNCING = {
    Kind.PHONE: ["if urgent, dial {}", "Handy: {}", "tél : {}", "móvil {}", "cellulare: {}", "telefoonnummer {}", "tel no: {}", "Phone number\n{}", '"mobile": "{}"',
                 "reach me under {} please", "Mob. {}", "联系电话：{}"],
    Kind.SECRET: ["use api key {} for now", "access token: {}", "X-Api-Key: {}", "the client secret is {}", "api-key={}"],
}  # fmt: skip
FOR_PASSWORDS = [
    'PASSWORD="{}"',
    "mdp: {}",
    "lösenord: {}",
    "login: bob password: {}",
    "Passwort lautet {}",
    '"password": "{}"',
    "heslo / password = {}",
]
NAMED = [
    "Meine/My {name}: {id}",
    "{name} → {id}",
    "| {name} | {id} |",
    "{name} ({id})",
    "{name}:\n{id}",
    "it says {name} {id} here",
]

PHONES = {
    "US": "+1-N##-N##-####|+1.N##.N##.####|1 (N##) N##-####|(N##)N##-####", "CA": "+1 416 N## ####|416-N##-####",
    "GB": "+44 (0)20 7### ####|0044 20 7### ####|01632 960###|029 20## ####|07700 9#####|(01865) 2#####", "DE": "0049 171 #######|+49-171-#######|0171-#######|04101 / 5#####|+49 (171) #######",
    "FR": "0033 6 12 ## ## ##|+33 (0)6 12 ## ## ##|06-12-##-##-##", "ES": "+34-612-###-###|0034 612 ### ###|91 4## ## ##", "IT": "+39 02 7600 ####|0039 347 #######|055 27#####",
    "NL": "+31(0)6 12######|0031 6 12######|010-4######|(020) 6## ## ##", "AT": "+43 (0)664 #######|0043 664 #######|0512/5#####", "CH": "0041 79 4## ## ##|+41 (0)79 4## ## ##|031 3## ## ##",
    "SE": "+46 (0)70-123 ## ##|0046 70 123 ## ##|031-7## ## ##", "HU": "+36 30 ### ####|06 30 ### ####", "RO": "+40 722 ### ###|0722 ### ###", "GR": "+30 694 ### ####|+30 210 3######",
    "UA": "+380 67 ### ## ##|067 ### ## ##", "RU": "+7(912)###-##-##|8-912-###-##-##", "JP": "+81-3-3###-####|06-6###-####", "TW": "+886 912 ### ###|0912-###-###", "HK": "+852 9### ####",
    "IN": "+91-98########|0091 98### #####", "ID": "+62 812-####-####|0812-####-####", "PH": "+63 917 ### ####|0917 ### ####", "VN": "+84 91 ### ## ##|091 ### ## ##", "TH": "+66 81 ### ####|081 ### ####",
    "NG": "+234 803 ### ####|0803 ### ####", "KE": "+254 722 ######|0722 ######", "EG": "+20 100 ### ####|0100 ### ####", "SA": "+966 50 ### ####|050 ### ####", "NZ": "+64 21 ### ####|021 ### ####",
    "AR": "+54 9 11 ####-####", "CO": "+57 300 ### ####", "CL": "+56 9 #### ####",
}  # fmt: skip
URLS = [
    ("mysql", "mysql+pymysql://{u}:{p}@10.1.2.3/dwh?charset=utf8"), ("smtp", "smtps://{u}%40example.com:{p}@smtp.example.com:465"), ("sftp", "sftp://{u}:{p}@files.example.net:22/out/"),
    ("apikey", "https://api.example.org/v2/search?q=x&apikey={t}"), ("secret", "https://hooks.example.com/in?client_secret={t}&x=1"), ("sas", "https://acc.blob.example.net/c?sv=2022-11-02&sig={t}%3D"),
    ("gcs", "https://storage.example.com/b/o?X-Goog-Signature={t}&X-Goog-Date=20240517T000000Z"), ("elastic", "http://{u}:{p}@localhost:9200/_cat"), ("auth token", "wss://ws.example.com/feed?auth_token={t}"),
]  # fmt: skip
SECRETS: dict[str, Callable[[Rng], str]] = {
    "openrouter": lambda rng: "sk-or-v1-" + fill(rng, "x" * 60 + "a1b2"), "aws session": lambda rng: "ASIA" + word(rng, 16, string.ascii_uppercase + "234567"), "github server": lambda rng: "ghu_" + word(rng, 36),
    "slack user": lambda rng: f"xoxp-{digits(rng, 12)}-{digits(rng, 12)}-{word(rng, 32)}", "stripe restricted": lambda rng: "rk_live_" + word(rng, 28), "digitalocean": lambda rng: "dop_v1_" + fill(rng, "x" * 63 + "b"),
    "shopify": lambda rng: "shpat_" + fill(rng, "x" * 31 + "c"), "pypi": lambda rng: "pypi-AgEIcHlwaS5vcmc" + word(rng, 60), "databricks": lambda rng: "dapi" + fill(rng, "x" * 30 + "d4"), "vault": lambda rng: "hvs." + word(rng, 30),
    "google oauth": lambda rng: "ya29." + word(rng, 60), "groq": lambda rng: "gsk_" + word(rng, 50),
}  # fmt: skip
ANNOUNCED_SECRETS: dict[str, Callable[[Rng], str]] = {
    "password": lambda rng: rng.choice(["Winter#1999", "iloveyou2", "S3hr-geheim", "x7!kPq92", "Passw0rd", "dragon_77"]), "hex key": lambda rng: fill(rng, "x" * 38 + "e5"),
    "base64 key": lambda rng: word(rng, 43) + "=", "mixed key": lambda rng: word(rng, 32),
}  # fmt: skip
EMAILS = [
    "{u}@sub.mail-1.example.museum",
    "{u}(at)example.org",
    "{u} (at) example (dot) net",
    "{u}@xn--bcher-kva.example",
    "{u}.LAST@EXAMPLE.COM",
    "{u}@почта.example",
    "{u}%ext@example.org",
]


def _uuid(rng: Rng) -> str:
    text = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    return rng.choice(["urn:uuid:{}", "{{{}}}", "session {}"]).format(text.upper() if rng.random() < 0.3 else text)


ALIKE: dict[str, Callable[[Rng], str]] = {
    "order numbers": numbered("siparişim ##########", "заказ 00########", "commande 06########", "order (###) ###-####-##", "PO-20##-######", "objednávka ##########", "my order # 5###########"),
    "invoices and tickets": numbered("fattura 2024/######", "INC00########", "case: ########-####", "Rechnungsnummer 0########", "receipt no 0## #### ####", "zendesk ticket 1######"),
    "tracking": numbered("DHL JJD0003#############", "UPS 1Z9##W##############", "pakket 3SABCD#########", "shipment: #### #### #### ####", "tracking # 92###################"),
    "dates": lambda rng: some_date(rng, rng.choice(["Date: {d} {m} {y}", "{y}.{m}.{d}", "({d}/{m}/{y})", "backup_{y}_{m}_{d}.tar", "{y}-{m}-{d}T{h}:{n}:33+02:00", "vom {d}.{m}. bis {m}.{d}.{y}", "exp {m}/{y}"])),
    "periods": numbered("1789-1815, 1871-1914", "between 2015 and 2020-2021", "14:00-15:30 und 16:00-17:30", "2021-04 to 2022-09", "week 12-2024 - 18-2024"),
    "versions": numbered("libc6 2.31-0ubuntu9.1#", "Opera/9.80 Version/12.1#", "node:18.1#.0-alpine3.17", "update 11.2.0.3 failed", "driver 31.0.15.3###", "v10.2.3.4", "openssl-3.0.1#"),
    "hashes": lambda rng: rng.choice(["{} HEAD", "md5={}", "blob/{}/README", "image@sha256:{}"]).format(hex_digits(rng, rng.choice([7, 9, 32, 40, 64]))),
    "uuids": _uuid,
    "prices": numbered("Rs 1,23,45,678", "€ 1 ### ###,##", "US$ ###,###.##", "### ### ### Ft", "HUF 1 ### ### ###", "NOK 12 ### ###,-", "budget: 250000000 kr"),
    "coordinates": numbered("@48.85####,2.29####,17z", "N 52° 31.###' E 013° 24.###'", "bbox=8.######,47.######,9.######,48.######", "x=1234567.89 y=7654321.01"),
    "isbns": lambda rng: rng.choice(["Buch {}", "ISBN: {} (pbk.)", "isbn={}"]).format(some_isbn(rng)),
    "timestamps": numbered('"ts": 17###########', "expires=1######### ", "uptime ########s", "started at 1#########.##", "clock 15###########000000"),
    "ids of systems": numbered("tweet 17#################", "page_id=##########", "GTIN 04############", "asset tag 00######", "IMO 9######", "thread-########", "PMID: ########; PMC#######", "chat_id -100##########"),
    "measures": numbered("7 900 000 000 people", "120000000 km", "2.718281828", "16777216 colours", "1 048 576 bytes", "0.30103", "86400000 ms", "100 000 000 km"),
    "lists of numbers": numbered("1 2 3 4 5 6 7 8 9 10", "2 4 8 16 32 64 128", "11-22-33-44", "bingo 07 19 23 42 61", "0 0 1 0 1 1 0", "[12, 345, 6789]", "5/3/1 5/3/1"),
    "code": numbered("s[5::-1]", "foo::bar::Baz", "user@host:~$ ls", "from x import y @ z", "hg@bitbucket.org/a/b", "a@b", "npx create-app@latest", "sprite@1.5x.webp", "if (password != confirm)",
                     "def reset(token: str) -> None:", "$password = $_POST['password']", "const apiKey = process.env.API_KEY;", "font: 12px/1.5 Arial", "0b1010101010"),
    "words about secrets": numbered("please choose a password with at least 10 characters", "token usage: 1234 of 100000", "Kennwort vergessen?", "an API key looks like sk-...", "secret: {{ vault_secret }}",
                                    "password: (unchanged)", "password reset requested 2024-05-17", "tokens per second: 45.6", "the passphrase is optional", "password hash algorithm: argon2id"),
    "addresses without a key": numbered("https://example.net/t/########/reply#p########", "http://example.com:8080/a?b=c&d=########", "https://example.com/@handle/post-########", "mailto:", "https://cdn.example.com/v#/img-####x####.png"),
    "times": numbered("99:59:59", "T10:11:12.131415Z", "05:06:07,890 --> 05:06:09,123", "9.15-10.45 Uhr"),
}  # fmt: skip
