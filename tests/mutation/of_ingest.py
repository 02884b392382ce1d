"""Planted bugs of ingest: logs that are answered but not kept, or kept but not counted."""

from typing import Final

from tests.mutation.mutation import FAULTS, Mutation

_REQUESTS: Final = "tests/unit/ingest/test_invocation.py"
_QUOTA: Final = "tests/unit/ingest/access/test_quota.py"
_PLANTED: Final = "tests/unit/ingest/api/dialects/test_planted.py"
_PARSE: Final = "tests/unit/ingest/api/test_parse.py"

MUTATIONS: Final = (
    Mutation(
        "swallowed_put_records_failure",
        "ingest/sinks/stream.py",
        (
            (
                "    return [None if code is None else Refusal(code,",
                "    return [None if True else Refusal(code,",
            ),
        ),
        f"{FAULTS}[ingest.kinesis.put_records-partial]",
        "I5: ",
    ),
    Mutation(
        "stream_pending_dropped",
        "ingest/sinks/publish.py",
        (("stream_pending=True", "stream_pending=False"),),
        f"{FAULTS}[ingest.kinesis.put_records-throttled]",
        "I5: ",
    ),
    Mutation(
        "queue_failure_answered_202",
        "ingest/sinks/queue.py",
        (("        return [refusal] * len(call)\n", "        return [None] * len(call)\n"),),
        f"{FAULTS}[ingest.sqs.send_message_batch-refused]",
        "is nowhere",
    ),
    Mutation(
        "unnamed_entry_taken_as_sent",
        "ingest/sinks/queue.py",
        (("refused.get(id_, _MISSING_RESULT)", "refused.get(id_)"),),
        f"{FAULTS}[ingest.sqs.send_message_batch-unreported]",
        "is nowhere",
    ),
    Mutation(
        "derived_id_without_the_place",
        "ingest/api/parse.py",
        (("\\n{position}", "\\n"),),
        f"{_PARSE}::test_idempotency_key_derives_log_ids",
        "test_idempotency_key_derives_log_ids",
    ),
    Mutation(
        "quota_counted_after",
        "ingest/access/quota.py",
        (('{"N": str(limit - used)}', '{"N": str(limit)}'),),
        f"{_QUOTA}::test_over_quota_is_exact_to_the_last_log",
        "test_over_quota_is_exact_to_the_last_log",
    ),
    Mutation(
        "refused_request_for_nothing",
        "ingest/invocation.py",
        (("            if principal is not None:  # The bytes", "            if principal and logs:  # The bytes"),),
        f"{_REQUESTS}::test_a_refused_request_uses_up_bytes",
        "test_a_refused_request_uses_up_bytes",
    ),
    Mutation(
        "what_stands_around_logs_dropped",
        "ingest/api/envelope.py",
        (("    fields.update(around)\n", ""),),
        f"{_PLANTED}::test_what_nobody_knows_is_kept_or_refused",
        "test_what_nobody_knows_is_kept_or_refused",
    ),
    Mutation(
        "logs_of_an_unknown_name_answered_200",
        "ingest/api/otlp/json.py",
        (("if unknown_of_scope and not logs:", "if False:"),),
        f"{_PLANTED}::test_an_envelope_without_logs_that_may_hold_some_is_refused",
        "test_an_envelope_without_logs_that_may_hold_some_is_refused",
    ),
)
