"""Planted bugs of an erasure: data that is kept although it should go, or that comes back."""

from typing import Final

from tests.mutation.mutation import Mutation

_ERASE: Final = "tests/faults/test_erase.py"
_SYNC: Final = f"{_ERASE}::test_a_sync_that_began_before_it_brings_nothing_into_the_lake"
_LATE: Final = f"{_ERASE}::test_what_a_consumer_stores_that_knew_nothing_of_it_goes_too"
_GONE: Final = f"{_ERASE}::test_nothing_of_it_is_found_and_nothing_else_has_changed"

_LETTERS: Final = "tests/unit/infra/erasure/test_letters.py"
_ROWS: Final = "tests/unit/infra/erasure/test_table.py"

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
    Mutation(
        "table_not_looked_at_again",
        "infra/erasure/run.py",
        (
            (
                "    more, more_conflicts = table.delete(client, stack.table_name, subject)\n",
                "    more = more_conflicts = 0\n",
            ),
        ),
        _LATE,
        "test_what_a_consumer_stores",
    ),
    Mutation(
        "dead_letters_not_looked_at_again",
        "infra/erasure/run.py",
        (("    removed += letters.remove(stack, subject)\n", ""),),
        _LATE,
        "test_what_a_consumer_stores",
    ),
    Mutation(
        "lakes_fence_on_another_load",
        "consumer/lake/erase.py",
        (
            ("        _fence(lake)\n        return None\n", "        return None\n"),
            ("        files += taken.files\n", "        files += taken.files\n    _until_committed(load, _fence)\n"),
        ),
        f"{_SYNC}",
        "test_a_sync_that_began",
    ),
    Mutation(
        "erased_log_is_a_dead_letter_at_its_last_receive",
        "consumer/stored_texts.py",
        (('found.get(key, "") is None or (key in found', "(key in found"),),
        "tests/unit/consumer/test_stored_texts.py::test_an_erased_log_is_as_good_as_stored",
        "test_an_erased_log_is_as_good_as_stored",
    ),
    Mutation(
        "tenants_tombstone_goes_back",
        "infra/erasure/table.py",
        (('                ConditionExpression="attribute_not_exists(#tenant) OR #tenant < :until",\n', ""),),
        f"{_ROWS}::test_a_tenants_tombstone_never_goes_back",
        "test_a_tenants_tombstone_never_goes_back",
    ),
    Mutation(
        "logs_own_row_not_counted",
        "infra/erasure/table.py",
        (("        replaced += LOG_ID in old and not is_tombstone(old)\n", ""),),
        f"{_ROWS}::test_a_log_goes_with_what_stands_beside_it_and_no_other",
        "test_a_log_goes_with_what_stands_beside_it",
    ),
    Mutation(
        "ids_that_begin_alike_read",
        "infra/erasure/table.py",
        (('{"S": f"{subject.log_id} "}}', '{"S": subject.log_id}}'),),
        f"{_ROWS}::test_of_ids_that_begin_alike_none_is_read_but_the_logs_own",
        "test_of_ids_that_begin_alike",
    ),
    Mutation(
        "certificates_file_made_last",
        "infra/cli/erase.py",
        (
            (
                """\
    with _made(certificate if check or yes else None) as file:
        until = partial(_until, before, zone)
        done = _done(""",
                """\
    until = partial(_until, before, zone)
    done = _done(where, (tenant_id, log_id), until, warehouses, check=check, yes=yes)
    with _made(certificate if check or yes else None) as file:
        done = done or _done(""",
            ),
        ),
        "tests/unit/infra/cli/test_erase.py::test_a_certificate_that_can_not_be_written_is_refused_before_anything_is_erased",
        "test_a_certificate_that_can_not_be_written",
    ),
    Mutation(
        "unreadable_letter_is_nobodys",
        "infra/erasure/letters.py",
        (("        return _may_be_meant(_members(body), subject, beside, sent_ms)\n", "        return False\n"),),
        f"{_LETTERS}::test_a_letter_that_names_the_erased_in_its_json_goes",
        "test_a_letter_that_names_the_erased",
    ),
    Mutation(
        "gone_though_a_letter_is_unclear",
        "infra/erasure/run.py",
        (("queued or looked.hidden or looked.unclear else", "queued or looked.hidden else"),),
        f"{_LETTERS}::test_one_that_may_be_of_the_erased_stays_and_nothing_is_decided",
        "test_one_that_may_be_of_the_erased",
    ),
    Mutation(
        "follower_reads_tombstones_once",
        "consumer/replay/job.py",
        (("        if follow and (now_s :=", "        if not follow and (now_s :="),),
        "tests/unit/consumer/replay/test_job.py::test_who_follows_learns_of_erasures_that_come_later",
        "test_who_follows_learns_of_erasures",
    ),
    Mutation(
        "erased_row_is_no_finding",
        "infra/audit/ledger.py",
        (('    if erased_stored:\n        return "erased_stored"\n', ""),),
        "tests/unit/infra/audit/test_ledger.py::test_an_erased_log_that_is_stored_is_a_finding",
        "test_an_erased_log_that_is_stored",
    ),
    Mutation(
        "erased_row_due_on_the_stream",
        "infra/audit/places.py",
        ((" >= within.stream_holds_since and not erased ", " >= within.stream_holds_since "),),
        "tests/unit/infra/audit/test_places.py::test_a_row_of_an_erased_log_is_not_due_on_the_stream",
        "test_a_row_of_an_erased_log",
    ),
    Mutation(
        "erased_log_may_be_on_its_way",
        "infra/cli/log.py",
        (("of_log.why_absent(erasure)", "of_log.why_absent(None)"),),
        "tests/unit/infra/cli/test_log.py::test_an_erased_log_is_said_to_be_erased_and_when",
        "test_an_erased_log_is_said_to_be_erased",
    ),
)
