"""Log texts like those of real services, with phone numbers in every form that the `phone` rule names."""

from random import Random
from typing import Final, NamedTuple

LEVELS: Final = ("DEBUG", "INFO", "INFO", "INFO", "INFO", "WARN", "ERROR")
SERVICES: Final = ("checkout", "billing", "auth", "search", "mailer", "gateway", "worker", "ledger", "notifier", "sync")
# Phrases of about eight characters: words, and number-like text that must not be redacted.
WORDS: Final = (
    *("request", "completed", "started", "retrying", "upstream", "timeout", "connection", "pool", "session", "order"),
    *("payment", "invoice", "cache miss", "cache hit", "evicted", "shard 7", "replica", "leader", "elected", "queue"),
    *("worker", "idle for", "batch of", "flushed", "rows", "in 12 ms", "status=200", "status=404", "status=503"),
    *("method=GET", "method=POST", "path=/v1/orders", "took=1834ms", "attempt=3", "host=10.20.30.41"),
    *("version=2.14.0-rc.1", "epoch=1732406400123", "bytes=1048576", "id=6f1c0b9e-7d3a-4e52-9c1f-2b8a4d5e6f70"),
)
BEYOND_ASCII: Final = ("naïve", "Zürich", "São", "東京", "Δt", "🙂", "Ångström")
# The forms in consumer/redact/phone.py; `#` is a digit, `N` a digit from 2 to 9 (NANP codes begin with one).
PHONE_FORMS: Final = (
    "N##-####",
    "N##-N##-####",
    "(N##) N##-####",
    "N##.N##.####",
    "+1N##N######",
    "+1 N## N## ####",
    "1-N##-N##-####",
    "+44 20 7### ####",
    "+49 30 N#######",
    "N##-N##-#### ext. 4##",
    "(N##) N##-#### x7#",
)
PHONE_PHRASES: Final = ("caller {} hung up", "callback requested at {} today", "sms to {}, delivered", "contact {};")

_MEDIAN_CHARS: Final = 130  # Access logs without user agents have about 90, structured lines about 200.
_SIGMA: Final = 0.6  # The 99th percentile is then four times the median: the head of a stack trace.
_BEYOND_ASCII_SHARE: Final = 0.05
_WORD_CHARS: Final = 12


class Text(NamedTuple):
    """A log's text and the phone numbers in it."""

    text: str
    planted: tuple[str, ...]


def make_text(random: Random, number: int, *, max_chars: int, phone_share: float) -> Text:
    """Return the `number`-th text: unique by its trace id, log-normal in length, at most `max_chars` long.

    A share of `phone_share` of the texts has one or two phone numbers. One text in twenty has words beyond ASCII; a few
    have a tab or a line feed. `max_chars` under 160 counts as 160: head and phone numbers need the room.
    """
    seconds, ms = divmod(number * 37, 1000)
    day, hour, minute = 1 + seconds // 86_400 % 28, seconds // 3600 % 24, seconds // 60 % 60
    head = (
        f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:{seconds % 60:02d}.{ms:03d}Z "
        f"{random.choice(LEVELS)} {random.choice(SERVICES)} trace={random.getrandbits(64):016x}"
    )
    planted: tuple[str, ...] = ()
    if random.random() < phone_share:
        planted = tuple(make_phone(random) for _ in range(random.choice((1, 1, 1, 2))))
        head = " ".join((head, *(random.choice(PHONE_PHRASES).format(phone) for phone in planted)))
    length = min(int(random.lognormvariate(0, _SIGMA) * _MEDIAN_CHARS), max(max_chars, 160))
    words = random.choices(WORDS, k=max(length - len(head), 0) // _WORD_CHARS)
    if words and random.random() < _BEYOND_ASCII_SHARE:
        words[random.randrange(len(words))] = random.choice((*BEYOND_ASCII, "\tat main.py\n"))
    return Text(" ".join((head, *words))[: max(length, len(head))], planted)


def make_phone(random: Random) -> str:
    """Return a random phone number in one of `PHONE_FORMS`."""
    form = random.choice(PHONE_FORMS)
    return "".join(
        str(random.randrange(10)) if mark == "#" else str(random.randrange(2, 10)) if mark == "N" else mark
        for mark in form
    )
