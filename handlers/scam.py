"""Judge a forwarded message: what in it speaks for a scam. Pure; no address is ever opened.

The signs and their weights are content (`knowledge/safety/scam.yaml`). Their absence proves
nothing, so there is no verdict that says a message is safe. A resident's own question ("có người
xưng công an đòi tiền, làm sao") is not judged: the guides answer it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import DamerauLevenshtein

from handlers.scam_model import Likelihood, ScamModel, message_terms
from handlers.triage_features import Terms
from knowledge.safety_rules import Ideas, ScamRules
from knowledge.wordings import Said, Wording
from retrieval.text import clean, fold, from_telex, is_syllable

Verdict = Literal["likely", "suspicious", "no_signs"]

MAX_JUDGED = 2_000  # characters; of a longer text its beginning and its end are read
MAX_HOSTS = 10
MIN_WORDS = 5  # of a text without an address that can be judged
# Chosen by the totals of three labelled sets (docs/benchmarks.md).
LIKELY, SUSPICIOUS, DOUBTFUL = 0.9, 0.25, 0.15  # least probability that a message from outside is a scam
NAMED = 2.0  # weight of the signs without which nothing is called a likely scam: it must be explained
# From these probabilities on a message is the resident's own words and is not judged: of any message,
# of one with "is this a scam?", of one with weighty signs.
NOT_OWN, NOT_OWN_ASKED, NOT_OWN_SIGNS = 0.45, 0.6, 0.85
FEW_WORDS, NOT_OWN_FEW = 9, 0.1  # of so few without a sign
ADDRESSES_THAT_TELL = frozenset(("lookalike_address",))
WORDING = "wording"  # what is said when no single sign can be named

# What a resident may send along: an address with a path or without, http or not.
_ADDRESS = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:www\.)?"
    r"((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,18})(?::\d+)?(/[^\s]*)?(?![\w@])",
    re.IGNORECASE,
)
_IP = re.compile(r"https?://(\d{1,3}(?:\.\d{1,3}){3})(?!\d)")
_WORD = re.compile(r"[^\W_]+")
_APP_FILE = re.compile(r"\.apk(?!\w)|(?<!\w)apk(?!\w)", re.IGNORECASE)
_ENDINGS = frozenset(
    "com vn net org info biz io co dev ai us cn ru in eu uk gg to la kh sg hk tw cloud tech".split()
)
_FILES = frozenset("apk jpg jpeg png pdf doc docx xls xlsx mp3 mp4 txt zip".split())

# Letters of other alphabets and figures that look like ours; sources: Unicode confusables (UTS #39).
_ALIKE = str.maketrans("0135$@іаеорсхуѕԁɡӏνω", "oles" + "sa" + "iaeopcxysdglvw")


@dataclass(frozen=True, slots=True)
class ScamVerdict:
    verdict: Verdict
    signs: tuple[str, ...]  # keys `safety.sign_<key>` of the phrases, weightiest first
    addresses: tuple[str, ...] = ()  # hosts found in the text, as written


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a message."""

    plain: str
    hosts: tuple[str, ...]
    signs: Mapping[str, float]  # key → weight
    terms: Terms  # what the model looks at
    is_asked_about: bool  # "is this a scam?"


class ScamCheck:
    """The judge of forwarded messages: signs and a model that has seen many."""

    def __init__(
        self,
        rules: ScamRules,
        ideas: Ideas,
        model: ScamModel | None = None,
        *,
        reader: Callable[[str], str] = str,
    ) -> None:
        """`reader` reads a text as it was meant (`Repairer.read(…).text`)."""
        self._rules, self._ideas, self._model = rules, ideas, model or ScamModel()
        self._read = reader

    def __call__(self, text: str) -> ScamVerdict | None:
        """What a masked message looks like, or None when there is nothing forwarded to judge."""
        reading = read_message(text, self._rules, self._ideas)
        likely = self._model.judge(reading.terms)
        if not (self._is_to_judge(reading, likely) and self._is_from_outside(text, reading)):
            return None
        weights = reading.signs
        shown = sorted((key for key in weights if weights[key] > 0), key=lambda key: -weights[key])
        verdict = self._verdict(reading, likely)
        if verdict == "no_signs":
            return ScamVerdict(verdict, (), reading.hosts)
        return ScamVerdict(verdict, tuple(shown) or (WORDING,), reading.hosts)

    def _verdict(self, reading: Reading, likely: Likelihood) -> Verdict:
        share = likely.scam / max(likely.scam + likely.honest, 1e-9)
        weight = sum(reading.signs.values())
        if not ADDRESSES_THAT_TELL.isdisjoint(reading.signs) or (share >= LIKELY and weight >= NAMED):
            return "likely"
        speaks = share >= SUSPICIOUS or (share >= DOUBTFUL and weight >= self._rules.likely)
        has_strange = any(not _is_official(host, self._rules) for host in reading.hosts)
        return "suspicious" if speaks or has_strange else "no_signs"

    def _is_from_outside(self, text: str, reading: Reading) -> bool:
        """Whether it is as it was meant, too: odd spelling hides that a question is somebody's own."""
        meant = self._read(_shorten(text))
        if reading.hosts or meant == text:
            return True
        again = read_message(meant, self._rules, self._ideas)
        return self._is_to_judge(again, self._model.judge(again.terms))

    def _is_to_judge(self, reading: Reading, likely: Likelihood) -> bool:
        if any(not _is_official(host, self._rules) for host in reading.hosts):
            return True
        words = len(reading.plain.split())
        if words < MIN_WORDS:
            return False
        if words < FEW_WORDS and not reading.signs and not reading.is_asked_about:
            return likely.own < NOT_OWN_FEW  # "gọi lại số này": talks are full of such lines
        if likely.own < NOT_OWN:
            return True
        # With more that speaks for a message from outside, less of it will do.
        weight = sum(reading.signs.values())
        return (reading.is_asked_about and likely.own < NOT_OWN_ASKED) or (
            weight >= self._rules.likely and likely.own < NOT_OWN_SIGNS
        )


def read_message(text: str, rules: ScamRules, ideas: Ideas) -> Reading:
    text = clean(_shorten(text))
    plain = _plain(text)
    hosts = tuple(dict.fromkeys(_hosts(text, rules)))[:MAX_HOSTS]
    of_addresses = _address_signs(text, hosts, rules)
    said = Said(plain)
    worded = rules.wordings.keys_in(said)
    signs = {
        sign.key: sign.weight
        for sign in rules.signs
        if sign.key in of_addresses or (sign.key in worded and not _any(sign.unless, said))
    }
    is_asked_about = _any(rules.ask, said)
    words = " ".join(_WORD.findall(text.lower()))
    shown = [*signs, *(["asked"] if is_asked_about else [])]
    return Reading(plain, hosts, signs, message_terms(words, shown, ideas), is_asked_about)


def _shorten(text: str) -> str:
    if len(text) <= MAX_JUDGED:
        return text
    return f"{text[: MAX_JUDGED // 2]} {text[-MAX_JUDGED // 2 :]}"


def _plain(text: str) -> str:
    """Folded words with single blanks; amounts keep their digits: "2.500.000đ" → "2 500 000 d"."""
    return " ".join(map(_plain_word, _WORD.findall(text.lower())))


@lru_cache(maxsize=20_000)
def _plain_word(word: str) -> str:
    """Folded; what a Telex keyboard left unconverted is read: a resident typed it."""
    if word.isalpha() and len(word) <= 8 and not is_syllable(word):
        read = from_telex(word)
        if read and is_syllable(read):
            return fold(read)
    return fold(word)


def _any(wordings: tuple[Wording, ...], said: Said) -> bool:
    return any(wording.stands_in(said) for wording in wordings)


def _hosts(text: str, rules: ScamRules) -> Iterator[str]:
    for match in _ADDRESS.finditer(text):
        host = match[1].lower()
        ending = host.rsplit(".", 1)[1]
        if ending in _FILES:
            continue
        written_as_address = match[0].lower().startswith(("http", "www")) or match[2] is not None
        if written_as_address or ending in _ENDINGS or ending in rules.cheap_endings:
            yield host
    for match in _IP.finditer(text):
        yield match[1]


def _address_signs(text: str, hosts: tuple[str, ...], rules: ScamRules) -> set[str]:
    signs = {_judge_host(host, rules) for host in hosts}
    if _APP_FILE.search(text):
        signs.add("app_file")
    return {sign for sign in signs if sign}


def _judge_host(host: str, rules: ScamRules) -> str | None:
    if _is_official(host, rules) or host in rules.chat_hosts:
        return None
    if host in rules.shorteners:
        return "short_address"
    if looks_alike(host, rules):
        return "lookalike_address"
    ending = host.rsplit(".", 1)[-1]
    if ending in rules.cheap_endings or ending.isdigit():
        return "strange_address"
    return "unknown_address"


def _is_official(host: str, rules: ScamRules) -> bool:
    if not host.isascii() or "xn--" in host:
        return False
    names = {*rules.official, *rules.official_endings}
    return any(host == name or host.endswith(f".{name}") for name in names)


def looks_alike(host: str, rules: ScamRules) -> bool:
    """Whether a host that is not official borrows an official name: whole, misspelt, in similar letters."""
    if "xn--" in host or not host.isascii():
        return True
    labels = host.split(".")[:-1]
    words = [word for label in labels for word in label.split("-")]
    skeleton = "".join(words).translate(_ALIKE).replace("rn", "m").replace("vv", "w")
    joined = "".join(words)
    for brand in rules.brands:
        if len(brand) >= 5 and (brand in skeleton or brand in joined):
            return True
        if len(brand) < 5 and any(brand in (word, word.translate(_ALIKE)) for word in words):
            return True
        if len(brand) >= 5 and any(
            abs(len(word) - len(brand)) <= 1 and DamerauLevenshtein.distance(word, brand, score_cutoff=1) <= 1
            for word in words
        ):
            return True
    return False
