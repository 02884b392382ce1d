"""The baseline: the specification built the plain way, with FastAPI, Mangum, Pydantic, put_item, a serial worker."""
