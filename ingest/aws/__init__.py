"""Signed calls to AWS: a client a service over one kept-alive connection, retries, and what a refusal means."""
