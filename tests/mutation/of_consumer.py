"""Planted bugs of the consumer: logs acknowledged without being stored, overwritten, or lost with a neighbour."""

from typing import Final

from tests.mutation.mutation import CONFLICTS, FAULTS, ORDERS, Mutation

_OVERWRITES: Final = """\
            from consumer.item import attributes
            puts = [{"PutRequest": {"Item": attributes(items[position])}} for position in taken]
            self._client.batch_write_item(RequestItems={self._name: puts})
            compared = [DUPLICATE for _ in taken]
"""

_PACKED: Final = "tests/faults/test_packed.py"
_REDACTION: Final = "tests/property/consumer/test_redact.py"

MUTATIONS: Final = (
    Mutation(
        "return_none_after_an_exception",
        "consumer/invocation.py",
        (
            (
                "    verdicts = defer(plan, outside)\n",
                """\
    try:
        verdicts = defer(plan, outside)
    except Exception:
        return None
""",
            ),
        ),
        f"{FAULTS}[consumer.sqs.change_message_visibility_batch-garbled]",
        "I12: ",
    ),
    Mutation(
        "overwrite_instead_of_insert",
        "consumer/store.py",
        (
            (
                '            responses = self._client.batch_execute_statement(Statements=statements)["Responses"]\n',
                """\
            from consumer.item import attributes
            puts = [{"PutRequest": {"Item": attributes(item)}} for item in items]
            self._client.batch_write_item(RequestItems={self._name: puts})
            responses = [{} for _ in statements]
""",
            ),
        ),
        f"{FAULTS}[ingest.kinesis.put_records-slow]",
        "I6: ",
    ),
    Mutation(
        "newer_copy_overwrites",
        "consumer/store.py",
        (
            (
                "            compared = self._compare([items[position] for position in taken], give_up_at_s)\n",
                _OVERWRITES,
            ),
        ),
        f"{ORDERS}[one log sent twice]",
        "I6: ",
    ),
    Mutation(
        "other_text_taken_as_a_duplicate",
        "consumer/store.py",
        (
            (
                "        return DUPLICATE if stored_text == item.original_text else",
                "        return DUPLICATE if True else",
            ),
        ),
        f"{ORDERS}[two texts under one log_id]",
        "I12: ",
    ),
    Mutation(
        "conflict_id_without_the_text",
        "consumer/item.py",
        (("{blake2b(text.encode()", "{blake2b(log_id.encode()"),),
        CONFLICTS,
        "test_a_rebuild_gives_every_text",
    ),
    Mutation(
        "conflict_id_by_chance",
        "consumer/item.py",
        (("{blake2b(text.encode()", "{blake2b(__import__('uuid').uuid4().bytes"),),
        f"{ORDERS}[a conflict delivered again]",
        r"I\d+: ",
    ),
    Mutation(
        "whole_batch_raised",
        "consumer/invocation.py",
        (
            (
                "    isolation = bisect(plan.ready, work)\n",
                """\
    isolation = bisect(plan.ready, work)
    if isolation.failed:
        raise isolation.failed[0].error
""",
            ),
        ),
        f"{FAULTS}[ingest.kinesis.put_records-slow]",
        "I7: ",
    ),
    Mutation(
        "suspects_trusted",
        "consumer/edges.py",
        (("    return log.delivery.receive_count > 1\n", "    return log.delivery.receive_count > 9\n"),),
        "tests/faults/test_neighbours.py::test_logs_that_end_the_process_dead_letter_no_healthy_one",
        "I7: ",
    ),
    Mutation(
        "acknowledged_with_a_log_unaccounted_for",
        "consumer/report.py",
        (("    if set(logs) != set(verdicts) or", "    if False and"),),
        "tests/unit/consumer/test_report.py",
        "test_an_answer_that_would_not_account_for_every_message_is_never_given",
    ),
    Mutation(
        "message_acknowledged_with_one_log_unaccounted_for",
        "consumer/report.py",
        (("log not in sent_back for log in names)", "log not in sent_back for log in (*names[:1], *names[2:]))"),),
        f"{FAULTS}[consumer.sqs.send_message_batch-refused]",
        "I12: ",
    ),
    Mutation(
        "log_taken_as_sent_back_though_it_was_refused",
        "consumer/leaving.py",
        (("enumerate(due) if place not in not_sent)", "enumerate(due))"),),
        f"{FAULTS}[consumer.sqs.send_message_batch-refused]",
        "I12: ",
    ),
    Mutation(
        "failed_log_sent_back_and_its_message_kept",
        "consumer/report.py",
        (("in UNFINISHED and log not in sent_back for", "in UNFINISHED for"),),
        "tests/unit/consumer/test_packed_messages.py::test_a_crash_sends_back_the_crashing_logs_alone",
        "test_a_crash_sends_back_the_crashing_logs_alone",
    ),
    Mutation(
        "message_left_whole_at_its_last_receive",
        "consumer/leaving.py",
        ((" + [one for one in kept if one.is_last]", ""),),
        f"{_PACKED}::test_what_is_stored_is_not_dead_lettered_though_nothing_may_be_sent_back",
        "I7: ",
    ),
    Mutation(
        "table_not_asked_before_a_log_is_dead_lettered",
        "consumer/leaving.py",
        (("DUPLICATE for position in stored}", "DUPLICATE for position in sorted(stored)[:0]}"),),
        f"{_PACKED}::test_what_is_stored_is_not_dead_lettered_though_nothing_may_be_sent_back",
        "I7: ",
    ),
    Mutation(
        "receive_count_lost",
        "consumer/returns.py",
        (("    return Carried(tried, log.first", "    return Carried(0 * tried, log.first"),),
        "tests/faults/test_receives.py::test_a_log_that_always_fails_is_tried_as_often_whatever_messages_it_comes_in",
        "a receive count was lost",
    ),
    Mutation(
        "redriven_log_gets_no_receives_again",
        "consumer/carried.py",
        ((" or taken_ms - sent_ms > _SAME_MESSAGE_MS:", ":"),),
        f"{_PACKED}::test_a_redrive_gives_a_log_that_was_sent_back_all_its_receives_again",
        "test_a_redrive_gives_a_log",
    ),
    Mutation(
        "copies_sent_without_a_bound",
        "consumer/leaving.py",
        (("    until_s = min(give_up_at_s, outside.monotonic() + _SEND_S)\n", "    until_s = give_up_at_s\n"),),
        f"{_PACKED}::test_answers_that_are_lost_for_ever_make_two_copies_of_a_log_a_receive_at_most",
        "test_answers_that_are_lost_for_ever",
    ),
    Mutation(
        "failed_logs_taken_as_done",
        "consumer/invocation.py",
        (("_verdict_on(failed.error) for failed in", 'Verdict("stored") for failed in'),),
        f"{FAULTS}[consumer.dynamodb.batch_execute_statement-garbled]",
        "I12: ",
    ),
    Mutation(
        "poison_acknowledged_though_its_put_failed",
        "consumer/leaving.py",
        (
            (
                '            refused |= dict.fromkeys(letter.logs, retried(f"dlq_refused: {why_not}"))\n',
                "            pass\n",
            ),
        ),
        f"{FAULTS}[consumer.sqs.send_message-refused]",
        "I12: ",
    ),
    Mutation(
        "visibility_not_extended",
        "consumer/hidden.py",
        (("    refused = outside.hide(list(idle.values())) if idle else {}\n", "    refused: dict[str, str] = {}\n"),),
        "tests/faults/test_receives.py::test_the_longest_log_needs_no_more_receives",
        "I7: ",
    ),
    Mutation(
        "stored_before_the_stream_has_it",
        "consumer/process.py",
        (('                self.verdicts[log.message_id] = not_taken("not_on_stream")\n', "                pass\n"),),
        f"{FAULTS}[consumer.kinesis.put_records-denied]",
        "I5: ",
    ),
    Mutation(
        "time_outside_utc_let_through",
        "consumer/timestamps.py",
        (("    except OverflowError as error:\n", "    except ZeroDivisionError as error:\n"),),
        "tests/unit/consumer/test_timestamps.py::test_what_is_no_instant_is_refused",
        "OverflowError",
    ),
    Mutation(
        "sign_of_a_rule_lost",
        "consumer/redact/phone.py",
        (
            (
                '    Rule(international, forms=(re.compile(r"\\+[1-9]"),)),\n',
                '    Rule(international, parts=("++",)),\n',
            ),
        ),
        f"{_REDACTION}::test_the_gate_and_the_short_cuts_change_nothing_in_the_corpus_and_in_hostile_text",
        "AssertionError",
    ),
    Mutation(
        "encoded_character_left_half",
        "consumer/redact/encoded.py",
        (
            (
                "                return written[piece], written[piece + 1]\n",
                "                return written[piece], written[piece] + 1\n",
            ),
        ),
        "tests/unit/consumer/redact/test_encoded.py::test_spans_of_the_view_come_back_as_they_were_written",
        "AssertionError",
    ),
    Mutation(
        "text_reads_on_in_its_neighbour",
        "consumer/redact/labelled.py",
        (("    alone=True,\n", ""),),
        f"{_REDACTION}::test_a_text_is_redacted_as_if_it_were_alone",
        "AssertionError",
    ),
    Mutation(
        "later_pass_forgets_what_decoding_hid",
        "consumer/redact/search.py",
        (("opened if is_plain else None\n\n", "opened\n\n"),),
        f"{_REDACTION}::test_redacting_twice_changes_nothing_more",
        "AssertionError",
    ),
)
