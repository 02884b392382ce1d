"""A log file shipped: numbered lines, the requests that carry them, and the sender."""
