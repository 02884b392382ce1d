"""The OpenAPI document of both APIs agrees with the code, where a test can compare them."""

import json
from typing import Any

import pytest

from consumer.item import Item
from consumer.query import request as read_request
from consumer.query.page import MAX_LIMIT
from ingest.api import dialects, openapi
from ingest.api.dialects.plain import DIALECT
from ingest.api.parse import MAX_RECORDS
from ingest.api.request import Request
from ingest.api.respond import not_found
from ingest.api.routes import Routes
from ingest.contract.errors import REJECT_REASONS, WHY
from ingest.contract.message import LOG_ID_PATTERN, SEVERITIES, TENANT_ID_PATTERN

_OF_READER = ("GET", "/logs")


@pytest.fixture(scope="module")
def document() -> Any:
    """Return the document as it is served."""
    response = openapi.serve(Request({}, {}, b""))
    assert (response["statusCode"], response["headers"]["content-type"]) == (200, "application/json")
    return json.loads(response["body"])


def _operations(document: Any) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, item in document["paths"].items() for method in item}


def test_what_is_described_is_there(document: Any) -> None:
    """Each described operation exists, and all operations of the plain dialect are described."""
    described = _operations(document)
    assert {*DIALECT.routes, *DIALECT.handshakes, _OF_READER} <= described
    routes = Routes(dialects.ALL)
    for method, path in described - {_OF_READER}:
        assert routes.find({"requestContext": {"requestId": "r", "http": {"method": method, "path": path}}}), path


def test_the_reasons_are_those_of_the_code(document: Any) -> None:
    """The document has all of the code's reasons, each in the description of its status."""
    own = {"enqueue_failed", "invalid_parameter", "table_busy"}
    assert set(document["components"]["schemas"]["Reason"]["enum"]) == {*REJECT_REASONS, *own}
    responses = document["paths"]["/ingest"]["post"]["responses"]
    for reason, why in WHY.items():
        assert f"`{reason}`" in responses[str(why.status)]["description"]


def test_the_parameters_of_a_read_are_those_of_the_code(document: Any) -> None:
    """The parameters of a read have the code's names and limits."""
    parameters = {p["name"]: p["schema"] for p in document["paths"]["/logs"]["get"]["parameters"]}
    assert parameters.keys() == {*read_request.PARAMETERS, "tenant_id"}
    assert (parameters["limit"]["maximum"], parameters["limit"]["default"]) == (MAX_LIMIT, read_request.DEFAULT_LIMIT)
    (severity,) = [p for p in document["paths"]["/logs"]["get"]["parameters"] if p["name"] == "severity"]
    assert all(word in severity["description"] for word in SEVERITIES)
    for name in ("contains", "not_contains", "field", "not_field"):
        assert parameters[name]["maxItems"] == read_request.MAX_REPEATED
        assert parameters[name]["items"]["maxLength"] == read_request.MAX_CHARS


def test_the_answer_without_a_reader_is_the_one_described(document: Any) -> None:
    """A stack without credentials answers a read as any path that it does not know."""
    answer = document["paths"]["/logs"]["get"]["responses"]["404"]["content"]["application/json"]["schema"]
    schema = document["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
    given = json.loads(not_found("r1")["body"]).keys()
    assert set(schema["required"]) <= given <= schema["properties"].keys()


def test_a_log_has_the_item_s_members(document: Any) -> None:
    """A log has the item's members, except for the original text; the redacted text is `text`."""
    members = set(Item.__struct_fields__) - {"original_text", "modified_data"} | {"text"}
    assert document["components"]["schemas"]["Log"]["properties"].keys() == members


def test_the_patterns_and_limits_are_the_contract_s(document: Any) -> None:
    r"""Patterns and limits are the contract's, with JSON Schema's `$` in place of Python's `\Z`."""
    schemas = document["components"]["schemas"]
    assert schemas["TenantId"]["pattern"] == TENANT_ID_PATTERN.replace(r"\Z", "$")
    assert schemas["LogId"]["pattern"] == LOG_ID_PATTERN.replace(r"\Z", "$").replace(r"\x21-\x7e", "!-~")
    assert schemas["Envelope"]["properties"]["logs"]["maxItems"] == MAX_RECORDS
