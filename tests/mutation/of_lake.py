"""Planted bugs of the lake: doubled rows, one commit taken for another, a position that goes back."""

from typing import Final

from tests.mutation.mutation import Mutation

_LAKE: Final = "tests/faults/test_lake.py"
_RACES: Final = f"{_LAKE}::test_two_syncs_at_once_make_the_rows_of_one"
_ONE_COMMIT: Final = f"{_RACES}[one commit each, stopped within it]"
_ROWS: Final = "tests/unit/consumer/lake/test_rows.py"
_TABLE: Final = "tests/unit/consumer/lake/test_table.py"

MUTATIONS: Final = (
    Mutation(
        "lakes_checkpoint_beside_its_snapshot",
        "consumer/lake/table.py",
        (
            ("arrow_table(rows), snapshot_properties=said)", "arrow_table(rows))"),
            ("                transaction.set_properties(said)\n", ""),
            (
                "        self.checkpoint = checkpoint\n",
                """\
        with self.table.transaction() as transaction:
            transaction.set_properties(said)
        self.checkpoint = checkpoint
""",
            ),
        ),
        f"{_TABLE}::test_rows_and_checkpoint_are_one_snapshot",
        "test_rows_and_checkpoint_are_one_snapshot",
    ),
    Mutation(
        "lakes_commit_tried_again_by_pyiceberg",
        "consumer/lake/schema.py",
        (('    RETRIES: "0",\n', '    RETRIES: "4",\n    "commit.retry.min-wait-ms": "1",\n'),),
        _ONE_COMMIT,
        "I14: ",
    ),
    Mutation(
        "lakes_rows_not_looked_up",
        "consumer/lake/table.py",
        (("        if not log_ids or", "        if log_ids or"),),
        f"{_LAKE}::test_throttles_change_no_row",
        "I14: ",
    ),
    Mutation(
        "overtaken_lake_commits_what_it_has",
        "consumer/lake/checkpoint.py",
        (('    return "again" if found == began else "anew"', '    return "again"'),),
        f"{_RACES}[two commits each]",
        "the checkpoint went back",
    ),
    Mutation(
        "lakes_rows_told_apart_redacted",
        "consumer/lake/rows.py",
        (("            if log.original_digest is None:\n", "            if log.text:\n"),),
        f"{_ROWS}::test_what_the_table_has_is_left_out_by_its_original_text[the same]",
        "test_what_the_table_has_is_left_out",
    ),
)
