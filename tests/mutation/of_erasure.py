"""Planted bugs of an erasure: what is kept that should go, and what lets it come back."""

from typing import Final

from tests.mutation.mutation import Mutation

_ERASE: Final = "tests/faults/test_erase.py"
_SYNC: Final = f"{_ERASE}::test_a_sync_that_began_before_it_brings_nothing_into_the_lake"
_GONE: Final = f"{_ERASE}::test_nothing_of_it_is_found_and_nothing_else_has_changed"

MUTATIONS: Final = (
    Mutation(
        "tombstone_written_last",
        "infra/erasure/run.py",
        (
            (
                "    replaced = table.mark(client, stack.table_name, subject, at=rfc3339_of(asked.now))\n",
                "    replaced = 0\n",
            ),
            (
                '    tell("search")\n',
                '    table.mark(client, stack.table_name, subject, at=rfc3339_of(asked.now))\n    tell("search")\n',
            ),
        ),
        f"{_GONE}[a tenant]",
        "test_nothing_of_it_is_found",
    ),
    Mutation(
        "lakes_old_snapshots_kept",
        "consumer/lake/erase.py",
        (("    _until_committed(load, _expire)\n", ""),),
        f"{_GONE}[a tenant]",
        "test_nothing_of_it_is_found",
    ),
    Mutation(
        "lakes_fence_left_out",
        "consumer/lake/erase.py",
        (("        _fence(lake)\n", ""),),
        _SYNC,
        "test_a_sync_that_began",
    ),
    Mutation(
        "sync_reads_tombstones_before_the_table",
        "consumer/lake/sync.py",
        (
            ("            batch.leave_out(self._erasures())\n            rows", "            rows"),
            (
                "        failures = 0\n        while True:\n",
                "        failures = 0\n        batch.leave_out(self._erasures())\n        while True:\n",
            ),
        ),
        _SYNC,
        "test_a_sync_that_began",
    ),
    Mutation(
        "consumer_knows_no_tenants_tombstone",
        "consumer/process.py",
        (("        self._leave_out_erased(self._open(logs))\n", ""),),
        f"{_ERASE}::test_it_is_not_decided_while_the_queue_holds_messages",
        "test_it_is_not_decided",
    ),
    Mutation(
        "rest_of_a_dead_letter_not_kept",
        "infra/erasure/letters.py",
        (("_logs(letter, subject) if not is_meant]", "_logs(letter, subject) if not letter.logs]"),),
        f"{_GONE}[a tenant]",
        "what else a letter held is gone",
    ),
)
