"""Planted bugs of the readers: replay, rebuild, redrive, and queries of the table."""

from typing import Final

from tests.mutation.mutation import CONFLICTS, CRASHES, FAULTS, Mutation

_PAGES: Final = "tests/unit/consumer/query/test_page.py"
_FOLLOW: Final = "tests/unit/consumer/query/test_follow.py"
_CURSOR: Final = "tests/unit/consumer/query/test_cursor.py"
_AUDIT: Final = "tests/unit/infra/audit/test_run.py::test_a_message_counts_for_as_many_logs_as_it_may_hold"
_READ: Final = "tests/unit/consumer/replay/test_read.py"
_REPLAY: Final = "tests/unit/consumer/replay/test_replay.py"

_SAVED: Final = "                    shards=shards,\n                ),\n            )\n"
_SENT: Final = "    answer = client.send_message_batch(\n        QueueUrl=queue_url,\n"

MUTATIONS: Final = (
    Mutation(
        "checkpoint_before_flush",
        "consumer/replay/replay.py",
        (
            ("        output = self._sink.commit()\n", "        output = self._start.output\n"),
            (_SAVED, f"{_SAVED}        self._sink.commit()\n"),
        ),
        f"{CRASHES}[replay-before]",
        r"I\d+: ",
    ),
    Mutation(
        "output_not_flushed",  # Only a real kill shows it: a program that ends by an exception closes its files.
        "consumer/replay/lines.py",
        (("        self._file.flush()\n        os.fsync", "        pass\n        os.fsync"),),
        f"{CRASHES}[replay-before]",
        r"I\d+: ",
    ),
    Mutation(
        "last_log_of_a_record_skipped",
        "consumer/replay/deaggregate.py",
        (("    return user_records\n", "    return user_records[:-1] or user_records\n"),),
        f"{FAULTS}[replay.kinesis.list_shards-slow]",
        r"I\d+: ",
    ),
    Mutation(
        "copies_told_apart_by_id_alone",
        "consumer/replay/distinct.py",
        (("{log_id}\\n{text}", "{log_id}"),),
        CONFLICTS,
        "test_a_rebuild_gives_every_text",
    ),
    Mutation(
        "checkpoints_log_read_again",
        "consumer/replay/reached.py",
        (("piece.sub_sequence_number > read.", "piece.sub_sequence_number >= read."),),
        f"{_REPLAY}::test_the_rest_of_a_record_is_read_after_its_sub_sequence_number",
        "test_the_rest_of_a_record_is_read",
    ),
    Mutation(
        "page_of_the_stream_without_a_bound",
        "consumer/replay/read.py",
        (("limit = min(PAGE_RECORDS, limit * _GROWTH, max(1, page_bytes // mean_bytes))", "limit = PAGE_RECORDS"),),
        f"{_READ}::test_a_call_asks_for_a_page_of_bytes_by_the_records_before",
        "test_a_call_asks_for_a_page_of_bytes",
    ),
    Mutation(
        "rebuild_forgets_what_the_queue_refused",
        "consumer/replay/sinks.py",
        (
            (
                "        if refused:\n            raise QueueRefusedError",
                "        if None:\n            raise QueueRefusedError",
            ),
        ),
        f"{FAULTS}[replay.sqs.send_message_batch-refused]",
        "I10: ",
    ),
    Mutation(
        "redrive_deletes_before_it_sends",
        "infra/dead_letters.py",
        ((_SENT, f"    _delete(client, dlq_url, call)\n{_SENT}"),),
        f"{FAULTS}[redrive.sqs.send_message_batch-refused]",
        "is nowhere",
    ),
    Mutation(
        "redrive_deletes_what_the_queue_refused",
        "infra/dead_letters.py",
        (("[call[i] for i in sorted(acknowledged)])", "call)"),),
        f"{FAULTS}[redrive.sqs.send_message_batch-partial]",
        "is nowhere",
    ),
    Mutation(
        "follower_without_look_back",
        "consumer/query/follow.py",
        (
            (
                "        whole_since_ms = min(self._whole_ms, now_ms) - LOOK_BACK_S * 1000",
                "        whole_since_ms = min(self._whole_ms, now_ms)",
            ),
        ),
        f"{_FOLLOW}::test_no_log_is_missed_however_late_it_is_stored",
        "test_no_log_is_missed",
    ),
    Mutation(
        "follower_without_the_late",
        "consumer/query/follow.py",
        (("        came_late = list(self._reads.get(late).values()) if late else []\n", "        came_late = []\n"),),
        f"{_FOLLOW}::test_no_log_is_missed_however_late_it_is_stored",
        "test_no_log_is_missed",
    ),
    Mutation(
        "follower_counts_a_failed_look",
        "consumer/query/follow.py",
        (
            (
                "        found = self._recent(since_ms)\n",
                "        self._polled_ms = self._whole_ms = now_ms\n        found = self._recent(since_ms)\n",
            ),
        ),
        f"{_FOLLOW}::test_a_poll_that_fails_loses_nothing",
        "test_a_poll_that_fails",
    ),
    Mutation(
        "follower_looks_far_at_every_poll",
        "consumer/query/follow.py",
        (("        is_whole = not ", "        is_whole = True or not "),),
        f"{_FOLLOW}::test_a_log_is_read_a_few_times_and_not_at_every_poll_of_the_look_back",
        "test_a_log_is_read_a_few_times",
    ),
    Mutation(
        "cursor_shows_its_log_again",
        "consumer/query/page.py",
        (("(found for found in merged if found.arrival != after)", "(iter(merged))"),),
        f"{_PAGES}::test_pages_hold_every_log_once_in_order",
        "test_pages_hold_every_log_once",
    ),
    Mutation(
        "cursor_skips_the_next_log",
        "consumer/query/page.py",
        (
            (
                "                    return Page(items, after)\n",
                "                    return Page(items, getattr(next(fresh, None), 'arrival', after))\n",
            ),
        ),
        f"{_PAGES}::test_pages_hold_every_log_once_in_order",
        "test_pages_hold_every_log_once",
    ),
    Mutation(
        "own_ids_not_read_by_time",
        "consumer/query/ranges.py",
        (('in [*places, ("by_arrival", "")]:', "in places:"),),
        f"{_PAGES}::test_pages_hold_every_log_once_in_order",
        "test_pages_hold_every_log_once",
    ),
    Mutation(
        "packed_letter_known_by_its_first_log_alone",
        "infra/dead_letter.py",
        (("*(log.log_id for log in self.logs)})", "*(log.log_id for log in self.logs[:1])})"),),
        "tests/unit/infra/test_dead_letters.py::test_a_letter_of_several_logs_has_them_all",
        "test_a_letter_of_several_logs",
    ),
    Mutation(
        "messages_audited_for_logs",
        "infra/audit/run.py",
        (
            (
                "                in_flight=found.in_flight * found.logs_a_message,\n",
                "                in_flight=found.in_flight,\n",
            ),
        ),
        f"{_AUDIT}[queue-3-undecided]",
        "test_a_message_counts_for_as_many_logs",
    ),
    Mutation(
        "hidden_letters_audited_for_logs",
        "infra/audit/run.py",
        (("found.dead_letters_unseen * found.logs_a_dead_letter,", "found.dead_letters_unseen,"),),
        f"{_AUDIT}[dlq-3-undecided]",
        "test_a_message_counts_for_as_many_logs",
    ),
    Mutation(
        "another_searchs_cursor_taken",
        "consumer/query/cursor.py",
        (("    if cursor.search != _search(ask) or received_ms", "    if received_ms"),),
        f"{_CURSOR}::test_another_search_s_cursor_is_refused",
        "test_another_search_s_cursor_is_refused",
    ),
    Mutation(
        "cursors_age_moves_with_the_clock",
        "consumer/query/cursor.py",
        (("    first = replace(ask, since_ms=cursor.since_ms, until_ms=cursor.until_ms)\n", "    first = ask\n"),),
        f"{_CURSOR}::test_a_cursor_brings_the_place_and_the_first_page_s_times",
        "test_a_cursor_brings_the_place",
    ),
)
