"""API Gateway's event and answer (HTTP API, payload format 2.0): the members that are used here.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from typing import Any, NotRequired, TypedDict


class Http(TypedDict):
    """The request line."""

    method: str
    path: str


class RequestContext(TypedDict):
    """What the gateway knows of a request; `authorizer` holds the claims of a token that it verified."""

    http: Http
    requestId: str
    stage: NotRequired[str]
    authorizer: NotRequired[dict[str, Any] | None]


class HttpEvent(TypedDict):
    """One request; `routeKey` is `METHOD /path`, `ANY /path` or `$default`."""

    requestContext: RequestContext
    routeKey: NotRequired[str]
    pathParameters: NotRequired[dict[str, str] | None]
    headers: NotRequired[dict[str, str] | None]
    rawQueryString: NotRequired[str]
    queryStringParameters: NotRequired[dict[str, str] | None]
    body: NotRequired[str | None]
    isBase64Encoded: NotRequired[bool]


class Response(TypedDict):
    """One answer; with `isBase64Encoded` the body is bytes. The gateway turns a malformed answer into a 502."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool
