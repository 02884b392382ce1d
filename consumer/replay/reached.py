"""Pure: how far each shard was read, in the KCL's terms, and which user records of a record were not read yet."""

from collections.abc import Mapping

from consumer.replay.checkpoint import SHARD_END, ShardPosition
from consumer.replay.deaggregate import Broken, UserRecord, deaggregate
from consumer.replay.merge import StreamRecord


class Reached:
    """Goes on from `start`; `changed` says whether anything was read since the last `settled`."""

    def __init__(self, start: Mapping[str, ShardPosition]) -> None:
        self._positions = dict(start)
        self._latest: dict[str, tuple[StreamRecord, int]] = {}
        self.changed = False

    def unread(self, record: StreamRecord) -> list[UserRecord | Broken]:
        """Return the record's user records after the shard's position, and count them as read."""
        user_records = deaggregate(record.partition_key, record.data)
        last = user_records[-1].sub_sequence_number if user_records else 0
        read = self._positions.get(record.shard_id)
        if read is not None and read.sequence_number == record.sequence_number:
            # The checkpoint names this record: an earlier run read its user records up to that position.
            user_records = [piece for piece in user_records if piece.sub_sequence_number > read.sub_sequence_number]
            if not user_records:
                return []
        self._latest[record.shard_id] = (record, last)
        self.changed = True
        return user_records

    def ended(self, shard_id: str) -> None:
        """Count the shard as read to its end."""
        self._latest.pop(shard_id, None)
        self._positions[shard_id] = ShardPosition(sequence_number=SHARD_END)
        self.changed = True

    def settled(self) -> dict[str, ShardPosition]:
        """Return the position of each shard after all that was read."""
        for shard_id, (record, last) in self._latest.items():
            self._positions[shard_id] = ShardPosition(sequence_number=record.sequence_number, sub_sequence_number=last)
        self._latest.clear()
        self.changed = False
        return dict(self._positions)
