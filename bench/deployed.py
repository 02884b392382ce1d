"""The settings that a stack really runs with, read from its functions, event source mapping and queue."""

import contextlib
from collections.abc import Iterator
from typing import Final

from infra.stack import Stack

_OF_CONSUMER: Final = ("SECONDS_PER_CHAR", "CRASH_PROBABILITY", "CRASH_POINT", "CRASH_MODE", "REDACTION_RULES")


def settings(stack: Stack) -> dict[str, str]:
    """Return the settings that influence a run's numbers, by name."""
    place, outputs = stack.place, stack.outputs
    ingest = place.lambda_.get_function_configuration(FunctionName=outputs["IngestFunctionName"])
    consumer = place.lambda_.get_function_configuration(FunctionName=outputs["ConsumerFunctionName"])
    environment = consumer.get("Environment", {}).get("Variables", {})
    queue = place.sqs.get_queue_attributes(
        QueueUrl=stack.queue_url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"]
    )["Attributes"]
    mapping = place.lambda_.get_event_source_mapping(UUID=outputs["QueueMappingId"])
    return {name: environment[name] for name in _OF_CONSUMER if environment.get(name)} | {
        "batch size": str(mapping["BatchSize"]),
        "logs a message": str(stack.outputs.get("LogsPerMessage", 1)),
        "consumers at once": str(mapping.get("ScalingConfig", {}).get("MaximumConcurrency", "not limited")),
        "consumer timeout, s": str(consumer["Timeout"]),
        "visibility timeout, s": queue["VisibilityTimeout"],
        "ingest, consumer memory, MB": f"{ingest['MemorySize']}, {consumer['MemorySize']}",
    }


def limit_consumers(stack: Stack, most: int) -> None:
    """Let the mapping run at most this many consumers at once (on AWS at least 2; the engine's own default is 5)."""
    stack.place.lambda_.update_event_source_mapping(
        UUID=stack.outputs["QueueMappingId"], ScalingConfig={"MaximumConcurrency": most}
    )


@contextlib.contextmanager
def limited_consumers(stack: Stack, most: int) -> Iterator[None]:
    """Limit the consumers as `limit_consumers` does until the block ends: a stack that is in use has its own limit."""
    mapping_id = stack.outputs["QueueMappingId"]
    before = stack.place.lambda_.get_event_source_mapping(UUID=mapping_id).get("ScalingConfig", {})
    limit_consumers(stack, most)
    try:
        yield
    finally:
        stack.place.lambda_.update_event_source_mapping(UUID=mapping_id, ScalingConfig=before)  # {} is no limit.
