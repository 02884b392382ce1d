"""Reading and writing of protobuf's wire format."""

import pytest

from ingest.api.protobuf import Malformed, fields, message, signed


def test_each_wire_type_is_read() -> None:
    """Varints, both fixed sizes, bytes and groups are read, with tags and lengths of one byte and of more."""
    encoded = (
        b"\x08\x96\x01"  # 1: varint 150
        b"\x11\x01\x00\x00\x00\x00\x00\x00\x80"  # 2: fixed64
        b"\x1a\x02hi"  # 3: bytes
        b"\x25\x02\x00\x00\x00"  # 4: fixed32
        b"\x2b\x08\x01\x33\x08\x02\x34\x2c"  # 5: a group with another in it
        b"\x82\x01\x80\x01" + b"x" * 128  # 16: a tag and a length of two bytes
    )
    assert list(fields(encoded)) == [
        (8, 150),
        (17, 1 << 63 | 1),
        (26, b"hi"),
        (37, 2),
        (43, b"\x08\x01\x33\x08\x02\x34\x2c"),
        (130, b"x" * 128),
    ]


def test_negative_numbers_are_two_s_complement() -> None:
    """An int64 of -1 is ten bytes, and bits above 64 are dropped."""
    assert [signed(value) for _, value in fields(b"\x08" + b"\xff" * 9 + b"\x01")] == [-1]
    assert [value for _, value in fields(b"\x08" + b"\xff" * 9 + b"\x7f")] == [(1 << 64) - 1]
    assert signed((1 << 63) - 1) == (1 << 63) - 1


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x08",  # no value
        b"\x0a",  # no length
        b"\x0a\x02x",  # cut short
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7fx",  # longer than any memory
        b"\x09\x00",  # half a fixed64
        b"\x0d\x00",  # half a fixed32
        b"\x08" + b"\x80" * 10 + b"\x01",  # a varint of eleven bytes
        b"\x00\x01",  # field number 0
        b"\x80\x80\x80\x80\x80\x01\x01",  # a tag beyond 32 bits
        b"\x0c",  # the end of no group
        b"\x0e\x00",  # wire type 6
        b"\x0b",  # a group without end
        b"\x0b\x14",  # one that another number ends
        b"\x0b\x0b\x0c",  # one of two ended
        b"\x0b\x12\x05x",  # cut short in a group
        b"\x0b\x0f",  # wire type 7 in a group
        b"\x80",  # half a tag
    ],
)
def test_what_is_malformed_is_said_to_be(encoded: bytes) -> None:
    """Malformed bytes are an error, after the fields before them have been read."""
    found: list[int] = []
    with pytest.raises(Malformed):
        found.extend(value for _, value in fields(b"\x08\x01" + encoded))
    assert found == [1]


def test_groups_in_groups_cost_no_recursion() -> None:
    """A hundred thousand nested groups are skipped without recursion."""
    nested = b"\x0b" * 100_000 + b"\x0c" * 100_000
    assert [len(value) for _, value in fields(nested)] == [199_999]


def test_a_message_is_written_as_it_is_read() -> None:
    """A message of numbers, text and messages is read back as it was written."""
    encoded = message({1: 300, 2: "é" * 100, 16: b"\x00"})
    assert list(fields(encoded)) == [(8, 300), (18, ("é" * 100).encode()), (130, b"\x00")]
