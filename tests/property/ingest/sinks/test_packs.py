"""Packing and unpacking of any logs with any limits."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.contract.message import EncodedLog, decode, encode
from ingest.contract.packed import apart, is_packed
from ingest.sinks.packs import packs
from tests.unit.ingest import fakes

_LOGS = st.lists(
    st.tuples(st.sampled_from(["acme", "globex", "t"]), st.text(st.characters(exclude_categories=["Cs"]), max_size=80)),
    max_size=40,
)


@given(_LOGS, st.integers(1, 12), st.integers(100, 3_000))
def test_every_log_comes_out_once_of_one_message_of_its_tenant(
    given: list[tuple[str, str]], most_logs: int, most_bytes: int
) -> None:
    """Each log is in one message of its tenant, unchanged and in order, and messages keep both limits."""
    messages = [
        fakes.message(tenant_id=tenant_id, log_id=f"log-{number}", text=text, schema_version=2)
        for number, (tenant_id, text) in enumerate(given)
    ]
    logs = [EncodedLog(message.tenant_id, encode(message)) for message in messages]
    made = packs(logs, most_logs=most_logs, most_bytes=most_bytes)
    assert sorted(position for pack in made for position in pack.positions) == list(range(len(logs)))
    for pack in made:
        body = pack.data.decode()
        bodies = apart(body) if is_packed(body) else [body]
        assert [decode(one) for one in bodies] == [messages[position] for position in pack.positions]
        assert {decode(one).tenant_id for one in bodies} == {pack.tenant_id}
        assert len(bodies) <= most_logs
        assert len(bodies) == 1 or len(pack.data) <= most_bytes
    for tenant_id in {log.tenant_id for log in logs}:
        positions = [position for pack in made if pack.tenant_id == tenant_id for position in pack.positions]
        assert positions == sorted(positions)
