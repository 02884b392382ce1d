"""Ships a log file: numbered lines, the requests that carry them, and the sender."""
