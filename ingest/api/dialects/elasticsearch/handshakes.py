"""Answers to what Elasticsearch's clients ask before they send: the server's name, version, license and health.

Each template, policy or pipeline that they ask for exists, and each that they create is accepted: none has any effect.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from ingest.api.dialect import Route
from ingest.api.events import Response
from ingest.api.request import Request
from ingest.api.respond import json_response

_VERSION: Final = (8, 13, 0)
_OPENSEARCH_VERSION: Final = (2, 19, 0)
# Filebeat 8.1.3 says `Elastic-filebeat/8.1.3 (...)`, clients `elasticsearch-py/9.5.1 (...)`, and so on.
_CLIENT_VERSION: Final = re.compile(
    r"(?:elastic|logstash|opensearch)[\w-]*/(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.IGNORECASE
)
_COMPATIBLE: Final = re.compile(r"application/vnd\.elasticsearch\+json; ?(compatible-with=\d{1,3})")
_CLUSTER: Final = {"cluster_name": "rdp", "cluster_uuid": "AAAAAAAAAAAAAAAAAAAAAA"}


def answered(status: int, body: dict[str, Any], request: Request, *, retry_after_s: int | None = None) -> Response:
    """Return a JSON answer in the media type that the client accepts, with the product's header.

    Clients from 7.14 on accept no answer without that header.
    """
    response = json_response(status, body, retry_after_s=retry_after_s)
    response["headers"]["x-elastic-product"] = "Elasticsearch"
    if compatible := _COMPATIBLE.search(request.headers.get("accept", "")):
        response["headers"]["content-type"] = f"application/vnd.elasticsearch+json;{compatible[1]}"
    if status == 401:  # noqa: PLR2004
        response["headers"]["www-authenticate"] = 'Basic realm="security", charset="UTF-8"'
    return response


def _greeting(request: Request) -> Response:
    """Return the server's name and a version not below the client's own: Filebeat sends to no older server."""
    agent = request.headers.get("user-agent", "")
    is_opensearch = "opensearch" in agent.lower()
    least = _OPENSEARCH_VERSION if is_opensearch else _VERSION
    found = _CLIENT_VERSION.search(agent)
    number = max(least, tuple(int(part) for part in found.groups())) if found and not is_opensearch else least
    version: dict[str, Any] = {
        "number": ".".join(map(str, number)),
        "build_flavor": "default",
        "build_type": "docker",
        "build_hash": "0",
        "build_date": "2024-01-01T00:00:00Z",
        "build_snapshot": False,
        "lucene_version": "9.10.0",
        "minimum_wire_compatibility_version": "7.17.0",
        "minimum_index_compatibility_version": "7.0.0",
    }
    if is_opensearch:
        version = {"distribution": "opensearch", **version}
    tagline = "The OpenSearch Project: https://opensearch.org/" if is_opensearch else "You Know, for Search"
    return answered(200, {"name": "rdp", **_CLUSTER, "version": version, "tagline": tagline}, request)


def _license(request: Request) -> Response:
    license_ = {
        "status": "active",
        "uid": "rdp",
        "type": "basic",
        "issue_date": "2024-01-01T00:00:00.000Z",
        "issue_date_in_millis": 1_704_067_200_000,
        "max_nodes": 1000,
        "issued_to": "rdp",
        "issuer": "elasticsearch",
        "start_date_in_millis": -1,
    }
    return answered(200, {"license": license_}, request)


def _health(request: Request) -> Response:
    body = {"cluster_name": "rdp", "status": "green", "timed_out": False, "number_of_nodes": 1}
    return answered(200, body, request)


def _nodes(request: Request) -> Response:
    """Return one node at the address that the client already uses, so that clients that sniff for nodes stay there."""
    host = request.headers.get("host", "")
    if not host.rpartition("]")[2].count(":"):
        host += ":80" if request.headers.get("x-forwarded-proto") == "http" else ":443"
    node = {"name": "rdp", "version": ".".join(map(str, _VERSION)), "roles": ["ingest"]}
    nodes = {"rdp": node | {"http": {"bound_address": [host], "publish_address": host}}}
    counts = {"total": 1, "successful": 1, "failed": 0}
    return answered(200, {"_nodes": counts, "cluster_name": "rdp", "nodes": nodes}, request)


def _refreshed(request: Request) -> Response:
    """Return the success of a refresh, which pino-elasticsearch asks for after its last bulk request."""
    return answered(200, {"_shards": {"total": 1, "successful": 1, "failed": 0}}, request)


def _there(request: Request) -> Response:
    return answered(200, {}, request)


def _acknowledged(request: Request) -> Response:
    return answered(200, {"acknowledged": True}, request)


def _nothing(request: Request) -> Response:
    """Return the answer to a HEAD: no body."""
    response = answered(200, {}, request)
    response["body"] = ""
    return response


_ASIDE: Final = (
    "_ilm/policy",
    "_index_template",
    "_component_template",
    "_template",
    "_data_stream",
    "_ingest/pipeline",
)
_ON_NAMES: Final[tuple[tuple[str, Callable[[Request], Response]], ...]] = (
    ("GET", _there),
    ("HEAD", _nothing),
    ("PUT", _acknowledged),
)

HANDSHAKES: Final[dict[Route, Callable[[Request], Response]]] = {
    ("GET", "/"): _greeting,
    ("HEAD", "/"): _nothing,
    ("GET", "/_license"): _license,
    ("GET", "/_cluster/health"): _health,
    ("GET", "/_nodes/http"): _nodes,
    ("GET", "/_nodes/_all/http"): _nodes,
    ("HEAD", "/{index}"): _nothing,
    ("GET", "/{index}/_refresh"): _refreshed,
    ("POST", "/{index}/_refresh"): _refreshed,
    **{(method, f"/{kind}/{{name}}"): reply for kind in _ASIDE for method, reply in _ON_NAMES},
}
