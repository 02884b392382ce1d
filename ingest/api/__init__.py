"""From a request to its messages: `request`, `tenant`, `record`, `parse`, and `dialects` with a file for each."""
