"""Where messages go: `stream` (Kinesis), `queue` (SQS), and `publish`, which calls them in order."""
