"""OpenTelemetry's logs (OTLP 1.x) as records: what both encodings share, and a reader for each."""
