"""Measures redaction: MB/s on 5 MB of log text, and hostile text of three sizes against plain text of the same size.

    .venv/bin/python -m bench.micro.redaction

Times are CPU time: the best of three for the rates, one run for hostile text. The text is seeded: every run has the
same bytes.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from consumer.redact import RULE_NAMES, Redactor, build

_MB: Final = 1_000_000
_CORPUS_BYTES: Final = 5 * _MB
_SIZES: Final = (256 * 1024, 512 * 1024, 1024 * 1024)
_BATCH: Final = 100  # Logs that are redacted in one go: as many as a message of the production profile carries.
_PHONES_EVERY: Final = 50  # One log in 50 holds a phone number.


def _hexadecimal(draw: random.Random, digits: int) -> str:
    return f"{draw.getrandbits(digits * 4):0{digits}x}"


def _uuid(draw: random.Random) -> str:
    return "-".join(_hexadecimal(draw, digits) for digits in (8, 4, 4, 4, 12))


def _time(draw: random.Random) -> str:
    return f"2026-11-{draw.randint(10, 28)}T{draw.randint(10, 23)}:{draw.randint(10, 59)}:{draw.randint(10, 59)}"


def _address(draw: random.Random) -> str:
    return ".".join(str(draw.randint(1, 254)) for _ in range(4))


def _phone(draw: random.Random) -> str:
    area, exchange, line = draw.randint(201, 989), draw.randint(201, 989), draw.randint(1000, 9999)
    return draw.choice(
        (
            f"{exchange}-{line}",
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"+1{area}{exchange}{line}",
            f"+44 20 7946 {line} ext. 12",
        )
    )


_LINES: Final[tuple[Callable[[random.Random], str], ...]] = (
    lambda draw: (
        f'{_address(draw)} - - [12/Nov/2026:10:15:02 +0000] "GET /api/orders/{draw.randint(1, 10**7)}?t='
        f'{draw.randint(10**9, 10**10)} HTTP/1.1" {draw.choice((200, 304, 404, 503))} {draw.randint(10, 10**6)} '
        f'"-" "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0" 0.{draw.randint(100, 999)}'
    ),
    lambda draw: (
        f"{_time(draw)}.{draw.randint(100, 999)} UTC [{draw.randint(100, 40000)}] LOG:  duration: "
        f"{draw.randint(1, 9999)}.{draw.randint(100, 999)} ms  statement: "
        f"CALL settle('{_uuid(draw)}', {draw.randint(1, 99999)})"
    ),
    lambda draw: (
        f'{{"ts":{draw.randint(10**12, 2 * 10**12)},"level":"info","logger":"http","trace":"{_hexadecimal(draw, 32)}",'
        f'"msg":"request done","status":200,"bytes":{draw.randint(10, 10**8)},"user":"{_uuid(draw)}"}}'
    ),
    lambda draw: (
        f"{_time(draw)},{draw.randint(100, 999)} INFO  [pool-{draw.randint(1, 9)}-thread-{draw.randint(1, 64)}] "
        f"com.example.order.OrderService - order {draw.randint(10**6, 10**9)} moved from NEW to PAID in "
        f"{draw.randint(1, 999)} ms (attempt {draw.randint(1, 5)}/5)"
    ),
    lambda draw: (
        f"I1112 10:15:02.{draw.randint(100000, 999999)}    1234 kubelet.go:2047] pod web-{_hexadecimal(draw, 10)} "
        f"(UID: {_uuid(draw)}) on ip-10-0-{draw.randint(0, 255)}-{draw.randint(0, 255)}.ec2.internal is Ready"
    ),
    lambda draw: (
        f"\tat com.example.web.Filter$$Lambda${draw.randint(100, 999)}/0x{_hexadecimal(draw, 16)}.doFilter"
        f"(Filter.java:{draw.randint(10, 999)}) ~[app-1.{draw.randint(0, 30)}.{draw.randint(0, 9)}.jar:?]"
    ),
    lambda draw: (
        f"arn:aws:lambda:us-east-1:{draw.randint(10**11, 10**12 - 1)}:function:ingest:{draw.randint(1, 99)} REPORT "
        f"RequestId: {_uuid(draw)} Duration: {draw.randint(1, 999)}.{draw.randint(10, 99)} ms Memory Size: 512 MB"
    ),
)


def log_lines(total_bytes: int, seed: int = 4) -> Iterator[str]:
    """Yield log lines of seven kinds, about `total_bytes` together; one in 50 ends with a phone number."""
    draw = random.Random(seed)
    written = 0
    number = 0
    while written < total_bytes:
        line = draw.choice(_LINES)(draw)
        number += 1
        if number % _PHONES_EVERY == 0:
            line += f" contact {_phone(draw)}"
        written += len(line) + 1
        yield line


# Texts that make a naive phone pattern quadratic or worse, or keep a rule busy without ever matching.
HOSTILE: Final = (
    "(",
    "5-",
    "+1",
    "+2 ",
    "a.",
    "1-1-",
    "5",
    "1",
    " ",
    "-",
    "555-019",
    "555-0199",
    "555-0199 ",
    "555-0199 x",
    "555-0199 x1",
    "555-0199,",
    "555-0199/",
    "(212) ",
    "(212) 555-019 ",
    "212-555-0199-",
    "212 555 0199 ",
    "1 212 555 0199 9999 ",
    "+44 20 7946 0018 ",
    "+4420794600181234",
    "+1 (212) 555-",
    "+2 (2) 2 (2) ",
    "phone",
    "phone: ",
    "phone:0 ",
    "phone:02 02 02 02 02 ",
    "100-1500 of ",
    "bytes 100-1500 ",
    "[REDACTED]",
    "[REDACTED]555-0199",
    "\u0665\u0665\u0665-",
    "\uff15-",
    "\u00a0",
    "\u96fb\u8a71",
    "a@",
    "a@a.",
    "a.a@",
    "4111 1111 1111 1112 ",
    "4111111111111112 ",
    "4111-",
    "1.1.1.1.",
    "1.1.1.",
    "123-45-678",
    # Lists whose separators could make each pass find only one number.
    "+44 20 7946 0018+",
    "+442079460018/",
    "(212)5550199",
    "(212)5550199:",
    "(212)5550199.",
    "(212) 555-0199-",
    "212.555.0199/",
    "212 555 0199/",
    "555-0199:",
    "555-0199+",
    "a@b.co+",
    "a@b.co.",
    "a@b.co-",
    "4111111111111111/",
    "4111111111111111.",
    "4111 1111 1111 1111 ",
    "123-45-6789/",
    "10.0.0.1-",
    # The rules for addresses, accounts and secrets.
    "::",
    ":a",
    "2001:db8::1 ",
    "2001:db8:1:2:3:4:5:6:",
    "fe80::1%",
    "00:1a:2b:3c:4d:5e ",
    "00-1a-2b-3c-4d-5e-",
    "001a.2b3c.4d5e.",
    "001a.2b3c.4d5e ",
    "GB82",
    "GB82 WEST 1234 5698 7654 32 ",
    "DE89370400440532013000 ",
    "eyJ",
    "eyJhbGciOiJI.",
    "eyJhbGciOiJI.eyJzdWIi.c2ln ",
    "AKIAIOSFODNN7EXAMPLE ",
    "gh_",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789 ",
    "secret_key=",
    "xoxb-",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----a\n-----END PRIVATE KEY-----",
    "-----",
    "://",
    "://:@",
    "://a:",
    "://a:b@c ",
)


def _best_s(work: Callable[[], object], rounds: int = 3) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def _print_rates(name: str, redactor: Redactor, lines: list[str]) -> None:
    joined = "\n".join(lines)
    chunks = [joined[start : start + 170_000] for start in range(0, len(joined), 170_000)]
    batches = [lines[start : start + _BATCH] for start in range(0, len(lines), _BATCH)]
    each_s = _best_s(lambda: [redactor.text(line) for line in lines])
    batches_s = _best_s(lambda: [redactor.texts(batch) for batch in batches])
    chunks_s = _best_s(lambda: [redactor.text(chunk) for chunk in chunks])
    print(
        f"{name:<12} {len(joined) / _MB / each_s:7.1f} MB/s a line each ({each_s / len(lines) * 1e6:.2f} us a line), "
        f"{len(joined) / _MB / batches_s:7.1f} MB/s in batches of {_BATCH}, "
        f"{len(joined) / _MB / chunks_s:7.1f} MB/s in texts of 170,000 bytes"
    )


def _print_hostile(name: str, redactor: Redactor, plain: str) -> None:
    def times_ms(unit: str) -> list[float]:
        texts = [(unit * (size // len(unit) + 1))[:size] for size in _SIZES]
        return [_best_s(partial(redactor.text, text), rounds=1) * 1e3 for text in texts]

    slowest = sorted(((times_ms(unit), unit) for unit in HOSTILE), key=lambda entry: entry[0][-1], reverse=True)
    plain_ms = times_ms(plain)
    print(f"\n{name}: ms at 256 KiB, 512 KiB, 1 MiB; growth from the first to the last (4.0 is linear); against plain")
    for measured_ms, label in [(plain_ms, "plain log text"), *((ms, repr(unit)) for ms, unit in slowest[:6])]:
        print(
            f"  {label:<28}"
            + "".join(f"{value:9.1f}" for value in measured_ms)
            + f"   x{measured_ms[-1] / measured_ms[0]:.1f}   {measured_ms[-1] / plain_ms[-1]:.1f} times plain"
        )


def main() -> None:
    """Print the rates and the slowest hostile texts, for the default rule and for all rules."""
    lines = list(log_lines(_CORPUS_BYTES))
    plain = "\n".join(lines)
    redactors = {"phone": build(), "all rules": build(RULE_NAMES)}
    print(f"{len(lines)} logs, {len(plain) / _MB:.1f} MB, a phone number in one of {_PHONES_EVERY}")
    naive = re.compile(r"[0-9]{3}-[0-9]{4}")
    naive_s = _best_s(lambda: [naive.search(line) for line in lines])
    print(
        f"for scale    {len(plain) / _MB / naive_s:7.1f} MB/s for one search of `{naive.pattern}` a line, here and now"
    )
    for name, redactor in redactors.items():
        _print_rates(name, redactor, lines)
    for name, redactor in redactors.items():
        _print_hostile(name, redactor, plain)


if __name__ == "__main__":
    main()
