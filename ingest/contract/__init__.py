"""What ingest and the consumer share: message, errors, metrics and the KPL format."""
