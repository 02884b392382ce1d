"""An example: a Lambda function that the stream triggers. Lambda does not take KPL records apart; this does.

Configure the event source mapping with `FunctionResponseTypes: [ReportBatchItemFailures]` and
`BisectBatchOnFunctionError: true`. Amazon Data Firehose takes KPL records apart by itself (when its source is the
stream): its transformation gets single logs, and needs no code of this kind.
"""

from base64 import b64decode
from collections import Counter
from typing import TypedDict

from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.select import read_log
from consumer.report import PartialBatchResponse
from ingest.contract.metrics import log_line


class Kinesis(TypedDict):
    """What the event says of a stream record; `data` is base64."""

    partitionKey: str
    sequenceNumber: str
    data: str


class Record(TypedDict):
    """One stream record."""

    kinesis: Kinesis


class Event(TypedDict):
    """Stream records of one shard, in order: the part of the event that is used here.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-example.html
    """

    Records: list[Record]


def handler(event: Event, _context: object) -> PartialBatchResponse:
    """Count the logs of each tenant, and return which Kinesis record to begin again with, if any.

    The item identifier of a stream record is its sequence number. Lambda sends the first failed record and all after it
    again. So a record is reported as a whole, and the work on its logs must be safe to repeat.
    """
    logs: Counter[str] = Counter()
    for record in event["Records"]:
        kinesis = record["kinesis"]
        try:
            for piece in deaggregate(kinesis["partitionKey"], b64decode(kinesis["data"])):
                log = piece if isinstance(piece, Broken) else read_log(piece)
                if isinstance(log, Broken):
                    # Sending it again cannot mend it. `rdp replay` keeps such records in a file.
                    print(log_line("error", "broken_record", {"reason": log.reason, **_place(kinesis)}))  # noqa: T201 - Lambda's log
                else:
                    logs[log.tenant_id] += 1  # Your work on the log comes here.
        except Exception as error:  # noqa: BLE001 - whatever failed, Lambda has to know where to begin again
            print(log_line("error", "record_failed", {"error": repr(error), **_place(kinesis)}))  # noqa: T201 - as above
            return {"batchItemFailures": [{"itemIdentifier": kinesis["sequenceNumber"]}]}
    print(log_line("info", "logs_read", dict(logs)))  # noqa: T201 - as above
    return {"batchItemFailures": []}


def _place(kinesis: Kinesis) -> dict[str, str]:
    return {"sequence_number": kinesis["sequenceNumber"], "partition_key": kinesis["partitionKey"]}
