"""How long to hide a healthy log that an outage kept from being stored, so that its five receives span hours.

With the queue's own timeout (300 s) alone, 25 minutes without the table or the stream would dead-letter every log.
Pure.
"""

from typing import Final

from consumer.delay import MAX_DELAY_S
from consumer.unpack import Delivery

GROWTH: Final = 4
"""A log is hidden for four times as long as it has been tried. With the defaults it is received after 0, 300, 1,500,
7,500 and 37,500 s: ten hours. It scales with the queue's timeout, and needs no setting of its own."""


def visibility_s(delivery: Delivery, *, ready_at_ms: float, now_ms: int) -> int | None:
    """Return for how many seconds to hide the message, or None to leave it to the queue's own timeout.

    `ready_at_ms` is when the log's delay ended: the delay does not count as time in which the log was tried.
    """
    tried_s = (now_ms - ready_at_ms) / 1000
    if delivery.receive_count == 1 or tried_s < 1:
        return None
    return min(int(GROWTH * tried_s), MAX_DELAY_S)
