"""The specification built the plain way, to compare against: FastAPI, Mangum, Pydantic, put_item, a serial worker."""
