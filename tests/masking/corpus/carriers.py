"""Texts around a thing, in several languages and forms; the two parts share none."""

import random

from sampling.mask.kinds import Kind
from tests.masking.corpus import fourth, held_out, third
from tests.masking.corpus.ids import name_of
from tests.masking.corpus.things import Thing

# {} is the thing. By kind; "any" fits all. Announcing ones say what it is.
ANY = {
    "development": [
        "{}", "Hello, it is {}.", "I sent it already: {}, please check", "({})", "My data:\n- {}\n- nothing else", "Das ist {} und sonst nichts.",
        "C'est {}, merci.", "Es {} y nada más.", "it's “{}” thanks!!", "| value |\n| --- |\n| {} |", '{{"value": "{}", "ok": true}}', "<td>{}</td>",
        "Please update my file with {} instead of the old one.", "为什么 {} 不行?", "Это {}, спасибо.", "Non funziona con {} purtroppo",
    ],
    "second": [
        "As I wrote before, {} is the right one", "Right: {}\nWrong: none", "Use {} from now on; the other was stolen.", "Meine Angaben lauten {}.",
        "Voici ce que vous demandiez – {}", "Aquí está: {}", "value={}", "[{}]", "Thx. {}. Bye", "Here you go » {} «", "data: {}\r\nend",
        "Vedi sotto.\n\n{}\n\nSaluti", "Zie {} hieronder", "Proszę zapisać {} w systemie", "これです→ {} よろしく", "name,value\nx,{}",
    ],
}  # fmt: skip
ANNOUNCING = {
    "development": {
        Kind.PHONE: ["Call me at {}", "My phone: {}", "Tel. {}", "Tel.: {} (mornings)", "You can reach me at {} any time", "phone={}", "Telefon: {}",
                     "mon téléphone : {}", "mi teléfono es {}", "手机 {}", '{{"phone": "{}"}}', "My number is {}, call after 5"],
        Kind.SECRET: ["password: {}", "Password is {}", "api_key={}", "Your API key: {}", "export SECRET_KEY='{}'", "Passwort: {}", "mot de passe : {}",
                      '"client_secret": "{}"', "contraseña: {}", "token = \"{}\""],
    },
    "second": {
        Kind.PHONE: ["please text me on {}", "Mobile {}", "fax {}", "Rückruf unter {}", "appelez le {}", "llámame al {}", "bel {}", "WhatsApp: {}",
                     "contact number: {}", "cell - {}", "telefono {}", "电话:{}"],
        Kind.SECRET: ["pwd={}", "the password is \"{}\"", "Wachtwoord: {}", "ACCESS_TOKEN={}", "my secret key is {}", "parola: {}", "-p secret # password: {}",
                      "passphrase: {}", "senha: {}", "auth token: {}"],
    },
}  # fmt: skip
NAMED = {
    "development": ["{name} {id}", "my {name} is {id}", "{name}: {id}", "{name} = {id}", "({name} {id})"],
    "second": [
        "The {name} on the form reads {id}.",
        "{name}\n{id}",
        "{name}, {id}",
        "{name} no. {id}",
        "→ {name}:{id}",
    ],
}


for _part, _module in (("third", third), ("fourth", fourth), ("held_out", held_out)):
    ANY[_part] = _module.ANY
    ANNOUNCING[_part] = _module.ANNOUNCING
    NAMED[_part] = _module.NAMED
_FOR_KEYS = {
    "development": ['"client_secret": "{}"'],
    "second": ["ACCESS_TOKEN={}"],
    "third": third.ANNOUNCING[Kind.SECRET],
    "fourth": fourth.ANNOUNCING[Kind.SECRET],
    "held_out": held_out.ANNOUNCING[Kind.SECRET],
}
_FOR_PASSWORDS = {
    "development": ["password: {}"],
    "second": ["pwd={}"],
    "third": third.FOR_PASSWORDS,
    "fourth": fourth.FOR_PASSWORDS,
    "held_out": held_out.FOR_PASSWORDS,
}


def carry(rng: random.Random, part: str, kind: Kind, thing: Thing) -> str:
    """Return a text with the thing marked in it."""
    marked = f"⟦{kind}|{thing.text}⟧"
    if not thing.announced:
        return rng.choice(ANY[part]).replace("{{", "{").replace("}}", "}").replace("{}", marked)
    if kind is Kind.NATIONAL_ID:
        form = rng.choice(NAMED[part])
        country = thing.how.rsplit(" ", thing.how.count(" "))[0]
        return form.format(name=name_of(_country(thing.how), rng) or country, id=marked)
    form = rng.choice(ANNOUNCING[part][kind])
    if kind is Kind.SECRET and thing.how != "password" and _is_for_passwords(form):
        form = rng.choice(_FOR_KEYS[part])
    elif kind is Kind.SECRET and thing.how == "password" and not _is_for_passwords(form):
        form = rng.choice(_FOR_PASSWORDS[part])
    return form.replace("{{", "{").replace("}}", "}").replace("{}", marked)


def _is_for_passwords(form: str) -> bool:
    return any(
        word in form.lower()
        for word in ("passw", "pwd", "passe", "contraseña", "wachtwoord", "parola", "passphrase", "senha")
    )


def _country(how: str) -> str:
    from tests.masking.corpus.ids import IDS

    return max((country for country in IDS if how.startswith(country + " ")), key=len)
