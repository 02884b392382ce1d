"""OpenTelemetry's logs (OTLP 1.x) as records: a reader for each encoding, and what both share."""
