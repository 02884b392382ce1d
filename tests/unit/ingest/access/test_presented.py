"""The API key in a request, in each form that clients send."""

import base64

import pytest

from ingest.access.presented import KEY_HEADERS, presented_key
from ingest.contract.errors import Rejected

_KEY = "rdp_0a1b2c3d_s3cr-et_"


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_OTHER_SCHEMES = [
    f"Bearer {_KEY}",
    f"bearer  {_KEY} ",
    f"Splunk {_KEY}",
    f"SPLUNK {_KEY}",
    f"ApiKey {_KEY}",
    f"ApiKey {_b64(f'some-id:{_KEY}')}",
    f"Basic {_b64(f'acme:{_KEY}')}",
    f"Basic {_b64(f':{_KEY}')}",
    f"Basic {_b64(f'{_KEY}:')}",
    f"Basic {_b64(_KEY)}",
]


@pytest.mark.parametrize(
    "headers", [{name: _KEY} for name in KEY_HEADERS] + [{"authorization": value} for value in _OTHER_SCHEMES]
)
def test_a_key_in_a_header(headers: dict[str, str]) -> None:
    """A key is read from each header and each Authorization scheme that clients use."""
    assert presented_key(headers, {}, {}) == _KEY


@pytest.mark.parametrize(
    "name", ["api_key", "apiKey", "dd-api-key", "DD-API-KEY", "token", "Api-Key", "License-Key", "apikey"]
)
def test_a_key_in_the_query(name: str) -> None:
    """A key is read from the query, for clients for which only an address can be set."""
    assert presented_key({}, {name: _KEY}, {}) == _KEY


def test_a_key_in_the_path() -> None:
    """A key is read from the path, as for Datadog's old intake."""
    assert presented_key({"authorization": "Digest x"}, {}, {"key": _KEY}) == _KEY


def test_the_order_is_header_authorization_path_query() -> None:
    """A key's own header wins over Authorization, which a proxy may have added; both win over path and query."""
    query, parameters = {"token": "query"}, {"key": "path"}
    headers = {"x-api-key": "own", "dd-api-key": "other", "authorization": "Bearer bearer"}
    assert presented_key(headers, query, parameters) == "own"
    assert presented_key({"authorization": "Bearer bearer"}, query, parameters) == "bearer"
    assert presented_key({}, query, parameters) == "path"
    assert presented_key({}, query, {}) == "query"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": " "},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": _KEY},
        {"authorization": f"Digest {_KEY}"},
        {"authorization": "Basic"},
        {"authorization": f"Basic {_KEY}"},
        {"authorization": f"Basic {_b64(':')}"},
        {"authorization": "Basic /w=="},
        {"authorization": "Basic é"},
        {"authorization": f"Negotiate {_b64(_KEY)}"},
        {"cookie": f"x-api-key={_KEY}"},
        {"x-api-key-id": _KEY},
    ],
)
def test_missing_credentials(headers: dict[str, str]) -> None:
    """A request without a key in any known form is refused as one without credentials."""
    with pytest.raises(Rejected, match="missing_credentials"):
        presented_key(headers, {}, {})


@pytest.mark.parametrize(
    "key",
    [f"{_KEY},{_KEY}", f"{_KEY}, other", "a b", "a\x00b", "é", "\ud800", "a" * 257, "a\nb", "\x7f", "{}\t{}", ","],
)
@pytest.mark.parametrize("name", ["x-api-key", "authorization", "query", "path"])
def test_unknown_credentials_where_no_key_can_be(name: str, key: str) -> None:
    """A value that cannot be a key, as two header values joined by a comma, is refused without a look-up."""
    headers = {"x-api-key": {"x-api-key": key}, "authorization": {"authorization": f"Bearer {key}"}}.get(name, {})
    query = {"token": key} if name == "query" else {}
    with pytest.raises(Rejected, match="unknown_credentials"):
        presented_key(headers, query, {"key": key} if name == "path" else {})
