"""The values, texts and times in the records, as JSON literals, each with its expected result."""

from typing import Final

NS: Final = 1_764_000_000_123_456_789
AT: Final = "2025-11-24T16:00:00.123456789Z"
"""The same instant."""

# JSON literals for a value beside the text, and the reason for a refusal if a log cannot have the value.
VALUES: Final[dict[str, tuple[bytes, str | None]]] = {
    "empty text": (b'""', None),
    "null": (b"null", None),
    "true": (b"true", None),
    "zero": (b"0", None),
    "minus zero": (b"-0", None),
    "2^53 + 1": (b"9007199254740993", None),
    "least of 64 bits": (b"-9223372036854775808", None),
    "most of 64 bits": (b"9223372036854775807", None),
    "most of 64 bits without sign": (b"18446744073709551615", None),
    "400 digits": (b"9" * 400, None),
    "double": (b"1.5", None),
    "double with a zero behind": (b"1.50", None),
    "minus zero, double": (b"-0.0", None),
    "thirty digits behind the point": (b"0.123456789012345678901234567891", None),
    "seconds with nanoseconds": (b"1764000000.123456789", None),
    "least double": (b"5e-324", None),
    "beyond doubles": (b"1e400", None),
    "below doubles": (b"1e-400", None),
    "exponent beyond all": (b"1e9999999999999999999", "invalid_json"),
    "map": (b'{"a":{"b":[1,{"c":null}]}}', None),
    "empty map": (b"{}", None),
    "array": (b'[1,"a",null,[],{}]', None),
    "empty array": (b"[]", None),
    "empty name": (b'{"":1}', "invalid_fields"),
    "unusual names": (b'{" ":1,"a.b":2,"\\u0000":3,"\\ufffe":4,"$":5}', None),
    "depth that is taken": (b"[" * 5 + b"1" + b"]" * 5, None),
    "too deep": (b"[" * 9 + b"1" + b"]" * 9, "invalid_fields"),
    "far too deep": (b"[" * 3_000 + b"1" + b"]" * 3_000, "invalid_json"),
    "NUL": (b'"a\\u0000b"', None),
    "noncharacters": (b'"\\ufffe\\uffff"', None),
    "noncharacters, raw": ('"\ufffe\uffff"'.encode(), None),
    "control characters": (b'"\\u0001\\u001f\\u007f\\r\\n\\t"', None),
    "astral": ('"\U0001f600\U0010ffff"'.encode(), None),
    "astral, escaped": (b'"\\ud83d\\ude00"', None),
    "half a pair": (b'"\\ud800"', "invalid_json"),
    "other half of a pair": (b'"\\udc00"', "invalid_json"),
    "no UTF-8": (b'"\xff"', "invalid_json"),
    "surrogate as UTF-8": (b'"\xed\xa0\x80"', "invalid_json"),
    "id of 32 bytes": (b'"' + b"0af7651916cd43dd8448eb211c80319c" * 2 + b'"', None),
    "id in base64": (b'"CvdlGRbNQ92ESOshHIAxnA+/=="', None),
    "escaped slash": (b'"a\\/b"', None),
}

TEXTS: Final[dict[str, tuple[bytes, str | None]]] = {
    name: VALUES[name]
    for name in (
        *("empty text", "NUL", "noncharacters", "noncharacters, raw", "control characters", "astral", "half a pair"),
        *("no UTF-8", "zero", "2^53 + 1", "double", "true", "map", "array"),
    )
}

TIMES: Final[dict[str, tuple[bytes, str | None]]] = {
    "nanoseconds": (b'"2026-11-24T05:40:00.123456789Z"', "2026-11-24T05:40:00.123456789Z"),
    "nanoseconds in another zone": (b'"2026-11-24T07:10:00.000000001+01:30"', "2026-11-24T05:40:00.000000001Z"),
    "the first year": (b'"0001-01-01T00:00:00Z"', "0001-01-01T00:00:00Z"),
    "the last second": (b'"9999-12-31T23:59:59.999999999Z"', "9999-12-31T23:59:59.999999999Z"),
    "1970": (b'"1970-01-01T00:00:00Z"', "1970-01-01T00:00:00Z"),
    "beyond 64 bits of nanoseconds": (b'"2600-01-01T00:00:00.5Z"', "2600-01-01T00:00:00.5Z"),
    "a leap second": (b'"2016-12-31T23:59:60Z"', "2016-12-31T23:59:60Z"),
    "the 30th of February": (b'"2026-02-30T00:00:00Z"', None),
    "no time": (b'"yesterday"', None),
    "a map": (b'{"a":1}', None),
    "no seconds": (b"null", None),
}
