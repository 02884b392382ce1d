"""A query's answer, as bytes for programs."""

import csv
import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from consumer.lake import answers


def test_what_csv_has_no_form_for_is_text() -> None:
    """A CSV has one line for each row, with digests in hex and lists and nulls as text."""
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


def _answer(names: list[str], *columns: list[int] | list[Decimal]) -> pa.RecordBatchReader:
    return pa.Table.from_arrays([pa.array(column) for column in columns], names=names).to_reader()


def test_columns_of_one_name_keep_their_own_cells() -> None:
    """Two columns of a query may have the same name; where names must differ, the second gets a number."""
    names, columns = ["a", "a", "a_2"], ([1], [2], [3])
    assert list(answers.cells(_answer(names, *columns))) == [["1", "2", "3"]]
    assert list(answers.json_lines(_answer(names, *columns))) == ['{"a":1,"a_3":2,"a_2":3}']
    written = io.BytesIO()
    answers.write_csv(_answer(names, *columns), written)
    assert written.getvalue() == b'"a","a","a_2"\n1,2,3\n'
    written = io.BytesIO()
    answers.write_parquet(_answer(names, *columns), written)
    assert pq.read_table(written).to_pylist() == [{"a": 1, "a_3": 2, "a_2": 3}]


def test_a_sum_in_json_is_a_number() -> None:
    """A sum, in DuckDB a decimal of 38 digits, is a number in JSON and not a text."""
    [line] = answers.json_lines(_answer(["sum"], [Decimal(12345678901234567890)]))
    assert line == '{"sum":12345678901234567890}'
    assert json.loads(line) == {"sum": 12345678901234567890}
