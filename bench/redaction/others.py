"""Runs presidio-analyzer and datafog-core: reads texts and prints the spans that they find, both as JSON.

The two tools have an environment of their own. `bench.redaction.recall` runs this file with its interpreter, so the
file imports nothing of the project.
"""

import importlib
import json
import sys
import time
from typing import Any

Found = dict[str, list[list[tuple[int, int]]]]


def _presidio(texts: list[str]) -> Found:
    """Return what Presidio's recognizers find by patterns and checks, without a language model; any score counts."""
    recognizers = importlib.import_module("presidio_analyzer.predefined_recognizers")
    kinds = {
        "phone": (recognizers.PhoneRecognizer(), "PHONE_NUMBER"),
        "email": (recognizers.EmailRecognizer(), "EMAIL_ADDRESS"),
        "card": (recognizers.CreditCardRecognizer(), "CREDIT_CARD"),
        "ssn": (recognizers.UsSsnRecognizer(), "US_SSN"),
        "iban": (recognizers.IbanRecognizer(), "IBAN_CODE"),
        "ip": (recognizers.IpRecognizer(), "IP_ADDRESS"),
    }
    found = {}
    for kind, (recognizer, entity) in kinds.items():
        results = (recognizer.analyze(text, [entity], None) or [] for text in texts)
        found[kind] = [[(one.start, one.end) for one in result if one.score > 0] for result in results]
    return found


def _datafog(texts: list[str]) -> Found:
    """Return what DataFog finds by default in one scan; without a locale it finds no IBANs."""
    scan = importlib.import_module("datafog_core").scan
    kinds = {
        "PHONE": "phone",
        "EMAIL": "email",
        "CREDIT_CARD": "card",
        "SSN": "ssn",
        "IP_ADDRESS": "ip",
        "JWT": "jwt",
        "API_KEY": "apikey",
        "CREDENTIAL_URI": "password",
    }
    found: Found = {kind: [[] for _ in texts] for kind in kinds.values()}
    for place, text in enumerate(texts):
        for finding in scan(text):
            kind = kinds.get(finding.entity_type)
            if kind:
                found[kind][place].append((finding.codepoint_range.start, finding.codepoint_range.end))
    return found


def main() -> None:
    """Print the spans and CPU seconds of each tool; for a tool that fails, the reason."""
    texts = json.load(sys.stdin)
    tools = {"presidio-analyzer": _presidio, "datafog-core": _datafog}
    answer: dict[str, Any] = {}
    for name, tool in tools.items():
        begin = time.process_time()
        try:
            answer[name] = {"found": tool(texts)}
        except Exception as error:  # noqa: BLE001 - whatever a foreign package raises is the reason that is printed
            answer[name] = {"reason": f"{type(error).__name__}: {error}"}
        answer[name]["cpu_s"] = time.process_time() - begin
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
