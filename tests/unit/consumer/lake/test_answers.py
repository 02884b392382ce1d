"""What a query answers, as bytes that programs read."""

import csv
import io

import pyarrow as pa

from consumer.lake import answers


def test_what_csv_has_no_form_for_is_text() -> None:
    """A digest, a list and nothing at all in one answer: a line each, the digest in hex."""
    rows: list[dict[str, object]] = [
        {"n": 1, "t": "a,b", "d": b"\x00\xff", "l": [1, 2]},
        {"n": 2, "t": None, "d": None, "l": None},
    ]
    answer = pa.Table.from_pylist(rows).to_reader()
    written = io.BytesIO()
    answers.write_csv(answer, written)
    assert list(csv.reader(io.StringIO(written.getvalue().decode()))) == [
        ["n", "t", "d", "l"],
        ["1", "a,b", "00ff", "[1, 2]"],
        ["2", "", "", ""],
    ]
