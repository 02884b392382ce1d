"""The oracles without a fuzzer: every seed and former finding passes, and a wrong reader fails."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from msgspec.structs import replace

from consumer.replay.deaggregate import Broken, UserRecord, deaggregate
from consumer.replay.select import read_log
from consumer.unpack import unpack
from ingest.api.encodings import inflate
from ingest.api.parse import Parsed, parse
from ingest.api.request import from_event
from ingest.contract.errors import Rejected
from ingest.contract.message import InternalMessage
from tests.fuzz import dialect_oracle, json_mutation, kpl_oracle, message_oracle, request_bytes, request_oracle, seeds

_FOUND: Final = Path(__file__).with_name("found")
_CHECKS: Final[dict[str, Callable[[bytes], object]]] = {
    "fuzz_parse": request_oracle.check,
    "fuzz_kpl": kpl_oracle.check,
    "fuzz_message": message_oracle.check,
    "fuzz_dialects": dialect_oracle.check,
}


def test_every_golden_request_passes() -> None:
    """Every golden request, accepted or refused, passes its oracle."""
    found = [request_oracle.check(seed) for seed in seeds.requests()]
    assert len({one.reason for one in found if isinstance(one, Rejected)}) >= 9
    assert sum(isinstance(one, Parsed) for one in found) >= 50


def test_every_golden_record_passes() -> None:
    """Every golden record passes its oracle, and the seeds have logs and most kinds of broken records."""
    found = [log for seed in seeds.records() for log in kpl_oracle.check(seed)]
    reasons = {log.reason for log in found if isinstance(log, Broken)}
    assert reasons >= {"broken_body", "index_out_of_range", "tenant_mismatch", "undecodable", "wrong_digest"}
    assert sum(isinstance(log, InternalMessage) for log in found) >= 20


def test_every_golden_message_passes() -> None:
    """Every golden message passes its oracle, and the seeds have logs and poison."""
    found = [message_oracle.check(seed) for seed in seeds.messages()]
    assert sum(len(one.logs) == 2 for one in found) >= 10
    assert sum(len(one.spoiled) for one in found) >= 2


def test_every_golden_body_of_a_dialect_passes() -> None:
    """Every golden body passes its oracle, and the seeds have every dialect of the clients' captures."""
    found = [kind for seed in seeds.dialect_bodies() for kind in dialect_oracle.check(seed)]
    assert {kind.split()[0] for kind in found if " True " in kind} >= {
        "/_bulk",
        "/",
        "/gelf",
        "/log/v1",
        "/api/v2/logs",
    }
    assert "no route" not in found


@pytest.mark.parametrize("path", sorted(_FOUND.glob("*")), ids=lambda path: path.name)
def test_a_former_finding_passes(path: Path) -> None:
    """Each input that a fuzzer once found (`<target>-<what it was>`) passes now."""
    _CHECKS[path.name.partition("-")[0]](path.read_bytes())


def test_there_are_former_findings() -> None:
    """The folder of former findings is not empty."""
    assert list(_FOUND.glob("fuzz_kpl-*"))


def test_a_request_is_written_and_read_the_same() -> None:
    """A seed gives back the golden event of which it was made."""
    event = {
        "headers": {"content-type": "text/plain"},
        "queryStringParameters": {"tenant_id": "acme"},
        "body": "aGVsbG8=",
        "isBase64Encoded": True,
    }
    sent = request_bytes.read(request_bytes.write(event))
    assert (sent.event, sent.wire, sent.is_authorized) == (event, b"hello", False)
    authorized = request_bytes.read(request_bytes.write(event, "acme"))
    assert authorized.event["requestContext"] == {"authorizer": {"jwt": {"claims": {"tenant_id": "acme"}}}}


def _loses_a_record(*arguments: Any, **named: Any) -> Parsed:
    parsed = parse(*arguments, **named)
    return replace(parsed, messages=parsed.messages[:-1], positions=parsed.positions[:-1])


def _gives_it_to_another_tenant(*arguments: Any, **named: Any) -> Parsed:
    parsed = parse(*arguments, **named)
    return replace(parsed, messages=[_of_tenant(message, "other") for message in parsed.messages])


def _strips_text(*arguments: Any, **named: Any) -> Parsed:
    parsed = parse(*arguments, **named)
    return replace(parsed, messages=[_with_text(message, message.text.strip() + "!") for message in parsed.messages])


def _of_tenant(message: InternalMessage, tenant_id: str) -> InternalMessage:
    return InternalMessage(**{**_members(message), "tenant_id": tenant_id})


def _with_text(message: InternalMessage, text: str) -> InternalMessage:
    return InternalMessage(**{**_members(message), "text": text})


def _members(message: InternalMessage) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__struct_fields__}


_TWO_LOGS: Final = b'\ncontent-type: application/json\nx-tenant-id: acme\n\n[{"text":"a"},{"text":"b"},7]'


@pytest.mark.parametrize("wrong", [_loses_a_record, _gives_it_to_another_tenant, _strips_text])
def test_a_wrong_parser_is_noticed(wrong: Callable[..., Parsed]) -> None:
    """The oracle refuses a parser that loses a record or changes its tenant or text, and passes the right one."""
    assert len(_parsed(request_oracle.check(_TWO_LOGS)).messages) == 2
    with pytest.raises(AssertionError):
        request_oracle.check(_TWO_LOGS, request_oracle.Ingest(parse=wrong))


def _parsed(found: Parsed | Rejected) -> Parsed:
    assert isinstance(found, Parsed)
    return found


def test_a_body_taken_in_part_is_noticed() -> None:
    """The oracle refuses a reader that cuts a body after inflating it, or does not inflate it."""
    data = b"z\ncontent-type: text/plain\nx-tenant-id: acme\n\nhello"
    assert _parsed(request_oracle.check(data)).messages[0].text == "hello"

    def cut(event: Any) -> Any:
        request = from_event(event)
        return replace(request, body=request.body[:-1])

    def refuses(event: Any) -> Any:
        inflate(b"no gzip")
        return event

    for wrong in (cut, refuses):
        with pytest.raises(AssertionError):
            request_oracle.check(data, request_oracle.Ingest(from_event=wrong))


def _skips_broken(partition_key: str, data: bytes) -> list[kpl_oracle.Piece]:
    return [piece for piece in deaggregate(partition_key, data) if isinstance(piece, UserRecord)]


def _ignores_the_digest(partition_key: str, data: bytes) -> list[kpl_oracle.Piece]:
    pieces = deaggregate(partition_key, data)
    if isinstance(pieces[0], Broken) and pieces[0].reason == "wrong_digest":
        return deaggregate(partition_key, kpl_oracle.wrapped(data[4:-16]))
    return pieces


def _takes_its_own_key(partition_key: str, data: bytes) -> list[kpl_oracle.Piece]:
    return [
        piece._replace(partition_key=partition_key) if isinstance(piece, UserRecord) else piece
        for piece in deaggregate(partition_key, data)
    ]


@pytest.mark.parametrize("wrong", [_skips_broken, _ignores_the_digest, _takes_its_own_key])
def test_a_wrong_deaggregation_is_noticed(wrong: Callable[[str, bytes], list[kpl_oracle.Piece]]) -> None:
    """The oracle refuses a reader that drops a record, ignores the digest or confuses keys, not the right one."""
    data = b"s key\nacme,globex\n\n0 a\n1 b\n7 c"
    assert len(kpl_oracle.check(data)) == 3
    with pytest.raises(AssertionError):
        kpl_oracle.check(data, kpl_oracle.Reader(deaggregate=wrong))


def test_a_log_under_another_key_is_noticed() -> None:
    """The oracle refuses a reader that does not compare the tenant with the partition key."""
    log = next(seed for seed in seeds.records() if seed.startswith(b"r acme\n{"))
    assert isinstance(kpl_oracle.check(log)[0], InternalMessage)

    def wrong(record: UserRecord) -> InternalMessage | Broken:
        return read_log(record._replace(partition_key="acme"))

    with pytest.raises(AssertionError):
        kpl_oracle.check(log.replace(b"r acme", b"r other", 1), kpl_oracle.Reader(read_log=wrong))


def test_a_lost_delivery_is_noticed() -> None:
    """The oracle refuses a reader that drops messages that it cannot read."""
    with pytest.raises(AssertionError):
        message_oracle.check(b"{", lambda batch: unpack(batch)._replace(spoiled=[]))


def test_json_stays_json_when_it_is_mutated() -> None:
    """Each edit gives a valid document and changes nothing around it, and most edits give a new one."""
    data = b'head\n\n{"text":"a","b":[1,{"c":null}]}\n{"d":"e"}'
    made = [json_mutation.mutated(data, Random(seed), bytes.upper) for seed in range(300)]
    whole = [one for one in made if one is not None]
    assert len(whole) > 200
    assert all(one.startswith(b"head\n\n") for one in whole)
    assert len(set(whole)) > 50
    assert json_mutation.mutated(b"no document", Random(1), bytes.upper) is None
