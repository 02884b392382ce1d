"""Signed calls to AWS: a client for each service over kept-alive connections, retries, and the meaning of refusals."""
