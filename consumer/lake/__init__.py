"""The lake: every log of the stream as a row of an Apache Iceberg table, exactly once, whatever is killed at any time.

`sync` reads the stream as a replay does, makes `rows`, leaves out those that the table has (`held`), and commits rows
and `checkpoint` as one snapshot of the `table`. `README.md` beside this file says how it works, and what
its limits are.
"""
