"""Finds the consumer's event source mapping, and turns it on or off: off, the consumer takes no logs from the queue."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from infra.stack import Stack, StackError

_POLL_S: Final = 1.0
_LIMIT_S: Final = 300.0
"""AWS documents no time for a mapping's change; it was seen to take seconds, up to about a minute."""


STOPPED: Final = "Disabled"
"""The state of a mapping that takes nothing from the queue."""


_SETTLED: Final = frozenset({"Enabled", STOPPED})


class Mapping(NamedTuple):
    """The queue's event source mapping: `state` in Lambda's words (Enabled, Disabled, Enabling, ...)."""

    id: str
    state: str


def find(stack: Stack) -> Mapping:
    """Return the mapping from the queue to the consumer, found by the names of both.

    Raises:
        StackError: there is no such mapping.
    """
    name = stack.outputs["ConsumerFunctionName"]
    found = stack.place.lambda_.list_event_source_mappings(FunctionName=name, EventSourceArn=stack.outputs["QueueArn"])[
        "EventSourceMappings"
    ]
    if not found:
        raise StackError(f"No event source mapping leads from the queue to {name}: deploy the stack again.")
    return Mapping(found[0]["UUID"], found[0]["State"])


def turn(
    stack: Stack,
    to: Literal["Enabled", "Disabled"],
    *,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> Mapping:
    """Bring the mapping to the state `to`, wait until it has it, and return the mapping.

    A change that is under way (another `rdp consumer`, a deployment) is waited for: Lambda refuses another meanwhile
    (ResourceInUseException, UpdateEventSourceMapping API reference, November 2026).

    Raises:
        StackError: there is no mapping, or it does not reach the state within five minutes.
    """
    deadline_s = monotonic() + _LIMIT_S
    is_asked = False
    while (mapping := find(stack)).state != to:
        if not is_asked and mapping.state in _SETTLED:
            stack.place.lambda_.update_event_source_mapping(UUID=mapping.id, Enabled=to == "Enabled")
            is_asked = True
            continue
        if monotonic() > deadline_s:
            raise StackError(
                f"The event source mapping {mapping.id} is still {mapping.state} after {_LIMIT_S:.0f} s. Run it again."
            )
        sleep(_POLL_S)
    return mapping
