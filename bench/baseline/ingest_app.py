"""The naive ingest: the specification's `POST /ingest`, written with the usual stack (FastAPI, Mangum, Pydantic).

It is tuned as users of that stack would tune it: the client is built when the module loads, Pydantic v2 parses the
body's bytes itself, the endpoint is async (no thread pool), Mangum runs without lifespan, and there are no
documentation routes. It writes to SQS only and keeps no stream.
"""

import os
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import uuid4

import boto3
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from mangum import Mangum
from pydantic import BaseModel, Field, ValidationError

TenantId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
LogId = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,256}$")]


class JsonUpload(BaseModel):
    """The body of an `application/json` request."""

    tenant_id: TenantId
    text: Annotated[str, Field(min_length=1)]
    log_id: LogId | None = None


class TextUpload(BaseModel):
    """The headers and the body of a `text/plain` request."""

    tenant_id: TenantId
    text: Annotated[str, Field(min_length=1)]
    log_id: LogId | None = None


class QueuedLog(BaseModel):
    """What the worker reads from the queue."""

    tenant_id: str
    log_id: str
    source: Literal["json_upload", "text_upload"]
    text: str
    received_at: datetime


class Enqueued(BaseModel):
    """The body of a 202 answer."""

    status: Literal["enqueued"] = "enqueued"
    tenant_id: str
    log_id: str
    request_id: str


sqs = boto3.client("sqs")
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


def _upload(request: Request, body: bytes) -> tuple[JsonUpload | TextUpload, Literal["json_upload", "text_upload"]]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json":
        try:
            return JsonUpload.model_validate_json(body), "json_upload"
        except ValidationError as error:
            raise HTTPException(400, "Invalid JSON payload") from error
    if content_type == "text/plain":
        tenant_id = request.headers.get("x-tenant-id")
        if tenant_id is None:
            raise HTTPException(400, "Missing X-Tenant-ID header")
        try:
            upload = TextUpload(tenant_id=tenant_id, text=body.decode(), log_id=request.headers.get("x-log-id"))
        except ValueError as error:  # Pydantic's ValidationError and UnicodeDecodeError are ValueErrors.
            raise HTTPException(400, "Invalid text payload") from error
        return upload, "text_upload"
    raise HTTPException(400, "Unsupported Content-Type. Use application/json or text/plain.")


@app.post("/ingest", status_code=202)
async def ingest(request: Request) -> Enqueued:
    """Put one log on the queue and answer 202."""
    upload, source = _upload(request, await request.body())
    message = QueuedLog(
        tenant_id=upload.tenant_id,
        log_id=upload.log_id or str(uuid4()),
        source=source,
        text=upload.text,
        received_at=datetime.now(UTC),
    )
    try:
        sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=message.model_dump_json())
    except Exception as error:
        raise HTTPException(500, "Failed to enqueue message") from error
    context = request.scope.get("aws.context")
    return Enqueued(
        tenant_id=message.tenant_id,
        log_id=message.log_id,
        request_id=context.aws_request_id if context is not None else str(uuid4()),
    )


@app.get("/health")
async def health() -> JSONResponse:
    """Answer that the function is up."""
    return JSONResponse({"status": "ok"})


handler = Mangum(app, lifespan="off")
