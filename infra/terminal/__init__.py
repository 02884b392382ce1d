"""The terminal: text without control characters, progress, messages of failures, signals to stop."""
