"""The naive worker: it handles a batch log by log (sleep, maybe crash, redact, put_item); any error fails the batch.

Environment: TABLE_NAME, SECONDS_PER_CHAR (0.05), CRASH_PROBABILITY (0.05).
"""

import json
import os
import random
import re
import time
from datetime import UTC, datetime
from typing import Any, Final

import boto3

PHONE: Final = re.compile(r"\d{3}-\d{4}")

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event: dict[str, Any], _context: object) -> None:
    """Store every log of an SQS event, one after the other.

    Raises:
        RuntimeError: the simulated crash; the whole batch then becomes visible again, logs already stored included.
    """
    seconds_per_char = float(os.environ.get("SECONDS_PER_CHAR", "0.05"))
    crash_probability = float(os.environ.get("CRASH_PROBABILITY", "0.05"))
    for record in event["Records"]:
        log = json.loads(record["body"])
        time.sleep(seconds_per_char * len(log["text"]))
        if random.random() < crash_probability:
            raise RuntimeError("simulated crash")
        table.put_item(
            Item={
                "tenant_id": log["tenant_id"],
                "log_id": log["log_id"],
                "source": log["source"],
                "original_text": log["text"],
                "modified_data": PHONE.sub("[REDACTED]", log["text"]),
                "received_at": log["received_at"],
                "processed_at": datetime.now(UTC).isoformat(),
            }
        )
