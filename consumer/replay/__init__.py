"""The stream read back: in order, from a checkpoint, to files, to the queue or against the table.

A replay is `merge` (shards, each read by `readers` and `read`) -> `deaggregate` -> `select` -> `sinks`, and after each
of the sink's commits a `checkpoint`: `replay` ties them together. `audit` compares the stream with the table
(`table`) and the DLQ (`dead_letters`).
"""
