"""Keys, tokens and passwords: by the prefixes that issuers give them, by their form, and by the words before them."""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from sampling.mask.kinds import PLACEHOLDER, Finding, Kind
from sampling.mask.passage import LETTER, Passage
from sampling.mask.patterns import DASH, compile_folded, compile_text

# Each as its issuer documents it; the rest of the world's keys have to be called what they are.
_PREFIXED = (
    r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"  # AWS
    r"|sk-(?:proj-|ant-|or-|lf-|live-)?[A-Za-z0-9_-]{20,}"  # OpenAI, Anthropic, OpenRouter, Langfuse
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}"  # GitHub
    r"|gl(?:pat|dt|rt|ptt|oas)-[A-Za-z0-9_-]{20,}"  # GitLab
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{20,}|hooks\.slack\.com/services/[A-Za-z0-9/]{20,}"  # Slack
    r"|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}"  # Stripe
    r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"  # Google
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|key-[a-f0-9]{32}|SK[a-f0-9]{32}"  # SendGrid, Mailgun, Twilio
    r"|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|dckr_pat_[A-Za-z0-9_-]{20,}|rubygems_[a-f0-9]{40,}"  # registries
    r"|hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{30,}|(?:xai|pplx)-[A-Za-z0-9]{40,}"  # models
    r"|do[opr]_v1_[a-f0-9]{60,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|EAAA[A-Za-z0-9_-]{50,}"
    r"|dapi[a-f0-9]{32}|hvs\.[A-Za-z0-9_-]{20,}|dp\.(?:pt|st|ct)\.[A-Za-z0-9]{30,}|lin_api_[A-Za-z0-9]{30,}"
    r"|ATATT3[A-Za-z0-9_=-]{30,}|NRAK-[A-Z0-9]{27}|gl(?:c|sa)_[A-Za-z0-9_=+/]{30,}|(?:ntn|secret)_[A-Za-z0-9]{40,}"
    r"|PMAK-[a-f0-9-]{50,}|sntrys_[A-Za-z0-9_=+/]{40,}|AGE-SECRET-KEY-1[A-Z0-9]{50,}|rvw_[0-9a-f]{12}_[A-Za-z0-9-]{40,}"
    r"|[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34}"  # Telegram
    r"|[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"  # Discord
)
_FORMS = (
    r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){0,3}"  # JSON Web Tokens
    r"|(?i:bearer|basic) +[A-Za-z0-9._~+/-]{16,}=*"
)
_PASSWORD_WORDS = (
    r"passwords?|passwd|\bpw\b|passwort|kennwort|pwd|pass[ _-]?phrase|passcode|mot de passe|mdp|contraseña"  # noqa: S105
    r"|senha|wachtwoord"
    r"|has[lł]o|lösenord|salasana|adgangskode|parola|şifre|пароль|密码|密碼|パスワード|비밀번호|secrets?|credentials?"
)
_KEY_WORDS = (
    r"(?:api|access|secret|secret[ _-]access|private|account|signing|encryption)[ _-]?keys?(?: ?id)?|client[ _-]?secret"
    r"|(?:(?:auth|access|refresh|session|bearer|api|bot|id|csrf)[ _-]?)?tokens?"
)
_WORDS = f"{_KEY_WORDS}|{_PASSWORD_WORDS}"  # keys first: a client secret is more than a secret
_VERBS = r"(?:is|are|was|ist|lautet|est|es|è|é|jest|är|on)"
_IS = rf"(?::|=|：|->|→|\b{_VERBS}\b)"
# The heads of all of the above, `~` for any dash. A letter before one makes it a part of a word, but not that of `\n`.
_HEADS = (
    r"(?:AKIA|ASIA|ABIA|ACCA|A3T)[A-Z0-9]|(?:[^A-Za-z0-9]|\\[bfnrt])(?:sk~|[sr]k_|gh[opsur]_|github_pat_|gl[a-z]{2,4}~|xox[abeoprs]~|xapp~"
    r"|whsec_|AIza|ya29\.|GOCSPX~|SG\.|key~|SK[a-f0-9]{4}|npm_|pypi~|dckr_pat_|rubygems_|hf_|gsk_|r8_|xai~|pplx~|do[opr]_v1_"
    r"|shp[a-z]{2}_|sq0|EAAA|dapi[a-f0-9]|hvs\.|dp\.[psc]t\.|lin_api_|ATATT3|NRAK~|gl(?:c|sa)_|ntn_|secret_|PMAK~|sntrys_"
    r"|AGE~SECRET|rvw_|eyJ[A-Za-z0-9])|hooks\.slack\.com/|[0-9]:AA[A-Za-z0-9_-]|[A-Za-z0-9_-]\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{16}"
).replace("~", DASH)
TRIGGER = (
    rf"{_HEADS}|(?i:bearer) +[A-Za-z0-9._~+/-]|(?i:authorization)\W{{1,4}}(?i:basic)|-----BEGIN [A-Z0-9 ]*PRIVATE KEY"
    rf"|(?i:{_WORDS})[\w-]*[\"'\\` )\]*]{{0,4}}{_IS}|(?i:{_WORDS})(?: |\\t)+[^\s\"]*[0-9]"
    rf"|(?i:{_PASSWORD_WORDS}) [^\"\\]* {_VERBS} "
)

_PREFIX = compile_folded(_PREFIXED.encode())
_FORM = compile_folded(_FORMS.encode())
_BEGIN = compile_folded(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = compile_folded(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_REST_OF_BLOCK = compile_folded(rb"[A-Za-z0-9+/=\s\\]*")  # where the end was cut off
# Over the text as it is written, for words of other alphabets: the word, what is joined to it, what leads to the value.
_ANNOUNCED = compile_text(
    rf"(?i)(?:({_KEY_WORDS})|(?:{_PASSWORD_WORDS}))"
    rf"(?:([\w-]*)[\"'\\` )\]*]{{0,4}}({_IS})>?[ \t]*|(?: [^\s\"]+){{1,5}} {_VERBS} +|[ \t]+)"
    r"(?:« ?|[\"'\\`*(\[„“]{0,3})"
)
# The value: up to a blank, a quote, or a letter of a script that is written without blanks.
_VALUE = re.compile(r"[^\s\"'`,;<>»”\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]{6,512}")
_ASSIGNS = frozenset({":", "=", "：", "->", "→"})
_TAIL = ".,;:!?)]}*\\"
_SENTENCE_TAIL = ".,;:?)]}\\"  # a password may well end with an exclamation mark
_STAND_IN = re.compile(
    r"[*•x.…_-]{4,}|[<$%{].*|\(.*|your.*|(?:required|optional)\b.*|(?:os|process|env|self|config|settings|user|args|request)[.\[].*",
    re.IGNORECASE,
)
_CODE = re.compile(r"[A-Za-z_][\w.]*[(\[].*")
_WORDY = re.compile(r"(?:[A-Za-z]+|v?[0-9]{1,4}|[0-9]+[a-z]+)")
_PARTS = re.compile(r"[_\-./:+=~|]+")
_TOKEN = re.compile(r"[A-Za-z0-9+/_=.~:|%@!#$&*^-]+")
_MIN_TOKEN, _MIN_BARE_TOKEN = 12, 20
_MIN_BITS = 2.8  # a character; random hex of 16 has 3.3


def find_secrets(passage: Passage) -> Iterator[Finding]:
    """Yield the keys, tokens and passwords of a passage."""
    folded = passage.folded
    yield from _find_blocks(passage)
    for match in _PREFIX.finditer(folded):
        start, end = match.span()
        if not _touches(folded[start - 1 : start] if start else b"") and _looks_random(match.group().decode("latin-1")):
            yield _found(passage, start, end)
    for match in _FORM.finditer(folded):
        start, end = match.span()
        if match.group()[:1] in b"bB":  # the word before a token stays
            start += len(match.group()) - len(match.group().split(b" ")[-1])
            if not _looks_random(folded[start:end].decode("latin-1")):
                continue
        if not _touches(folded[start - 1 : start] if start else b""):
            yield _found(passage, start, end)
    yield from _find_assigned(passage)


def _find_blocks(passage: Passage) -> Iterator[Finding]:
    """Yield the blocks of private keys, each to its end, or as far as it looks like one."""
    folded = passage.folded
    begins = [match.span() for match in _BEGIN.finditer(folded)]
    ends = [match.end() for match in _END.finditer(folded)] if begins else []
    for index, (start, head_end) in enumerate(begins):
        following = begins[index + 1][0] if index + 1 < len(begins) else len(folded)
        at = bisect_left(ends, head_end)
        if at < len(ends) and ends[at] <= following:
            yield _found(passage, start, ends[at])
        else:
            yield _found(passage, start, _REST_OF_BLOCK.match(folded, head_end, following).end())


def _find_assigned(passage: Passage) -> Iterator[Finding]:
    """Yield what a word like `password` or `api key` announces."""
    lead = len(passage.lead)
    whole = passage.lead + passage.text
    for match in _ANNOUNCED.finditer(whole):
        found = _VALUE.match(whole, match.end())
        if found is None or found.start() < lead:
            continue
        is_key, joint = match.group(1) is not None, match.group(3) is not None
        value = found.group().rstrip(_TAIL if is_key else _SENTENCE_TAIL)
        start = found.start() - lead
        if PLACEHOLDER.match(value) or PLACEHOLDER.search(passage.text, max(start - 1, 0), start + len(value) + 1):
            continue
        if is_key:
            secret = len(value) >= (_MIN_TOKEN if joint else _MIN_BARE_TOKEN) and _is_token(value)
        else:
            assigned = match.group(3) in _ASSIGNS and not match.group(2)  # not secretName: app-config-v2
            secret = _is_password(value, assigned=assigned) and (joint or _is_mixed(value))
        if secret:
            yield Finding(start, start + len(value), Kind.SECRET, value)


def _is_password(value: str, *, assigned: bool) -> bool:
    """Tell whether a value is no word and no piece of code: there are digits or marks among its letters.

    `assigned` says that it follows a colon or an equals sign, where a word with a number behind it will do.
    """
    if len(value) < 6 or _STAND_IN.fullmatch(value) or _CODE.match(value) or "://" in value:
        return False
    if all(_WORDY.fullmatch(part) for part in _PARTS.split(value) if part):
        named = re.fullmatch(r"[A-Za-z]+[0-9]+[A-Za-z0-9]*|[A-Z].{5,}[0-9]", value)
        numbered = assigned and re.fullmatch(r"[A-Za-z].*[0-9]", value)
        return value.isdigit() or named is not None or bool(numbered)
    return True


def _is_mixed(value: str) -> bool:
    """Tell whether a value could be no word of any text: digits, and capitals or marks."""
    return any(char.isdigit() for char in value) and (
        any(char.isupper() for char in value) or any(not char.isalnum() for char in value[1:])
    )


def _is_token(value: str) -> bool:
    return (
        bool(_TOKEN.fullmatch(value)) and not _STAND_IN.fullmatch(value) and "://" not in value and _looks_random(value)
    )


def _looks_random(value: str) -> bool:
    """Tell whether letters and digits are mixed, within one part, as nobody would by hand."""
    if not any(char.isdigit() for char in value) or not any(char.isalpha() for char in value):
        return False
    if all(_WORDY.fullmatch(part) for part in _PARTS.split(value) if part):
        return False
    counts = Counter(value)
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    return bits >= _MIN_BITS


def _touches(byte: bytes) -> bool:
    return byte.isalnum() or byte in {b"_", LETTER}


def _found(passage: Passage, start: int, end: int) -> Finding:
    start, end = passage.place(start, end)
    return Finding(start, end, Kind.SECRET, passage.text[start:end])
