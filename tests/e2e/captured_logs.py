"""Searches the log lines of a stack's functions for every text and key that went through the stack."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from infra import counts, dead_letters
from infra.dead_letter import DeadLetter
from infra.stack import Stack
from tests.leaks import leaks

_TEXTS: Final = ("original_text", "modified_data")
_IDS: Final = ("tenant_id", "log_id")


def leaks_of(stack: Stack, sent: set[str]) -> list[str]:
    """Return a sentence for each text that is in a line of any log group of the stack's engine.

    It looks for the texts and field values of stored rows, the texts and bodies of dead letters, and everything in
    `sent` (keys and bodies). Stored logs without any line are reported too, because the check would then be empty.
    """
    texts, ids = set(sent), set[str]()
    stored = 0
    for item in _items(stack):
        stored += 1
        ids.update(item[name]["S"] for name in _IDS)
        texts.update(item[name]["S"] for name in _TEXTS if name in item)  # Some tests store rows without them.
        texts.update(_strings(item.get("fields", {"NULL": True})))
    for letter in _dead_letters(stack):
        texts.add(letter.body)
        ids |= {letter.tenant_id, letter.log_id}
        for log in letter.logs:
            texts.add(log.text)
    written = list(_lines(stack))
    if stored and not any('"_aws"' in line for line in written):
        return [f"{stored} rows are stored, and no line of a function is there"]
    return leaks(written, texts, known=ids)


def _items(stack: Stack) -> Iterator[dict[str, Any]]:
    for page in stack.place.dynamodb.get_paginator("scan").paginate(TableName=stack.table_name):
        yield from page["Items"]


def _dead_letters(stack: Stack) -> Iterator[DeadLetter]:
    try:
        any_there = counts.read(stack).dlq > 0  # Receiving from an empty queue takes seconds.
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return  # With RequireTls the queues refuse plain HTTP, from the functions too, so they are empty.
    if any_there:
        yield from dead_letters.look(stack.place.sqs, stack.dlq_url)


def _strings(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the strings of an attribute value."""
    for kind, inner in value.items():
        if kind == "S":
            yield inner
        elif kind in {"M", "L"}:
            for member in inner.values() if kind == "M" else inner:
                yield from _strings(member)


def _lines(stack: Stack) -> Iterator[str]:
    logs = stack.place.logs
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                yield from (event["message"] for event in page["events"])
