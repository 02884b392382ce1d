"""Where messages go: `stream` (Kinesis), `queue` (SQS), and `publish`, which says in which order."""
