"""AWS Signature Version 4 of a JSON call, and the credentials that sign it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, NamedTuple

_SIGNED_HEADERS: Final = "content-type;host;x-amz-date"


class Credentials(NamedTuple):
    """What signs a request; `token` is None for a user's long-lived keys."""

    access_key: str
    secret_key: str
    token: str | None


class Signer:
    """Signs calls of one service in one region; `clock` is in seconds since the epoch."""

    def __init__(
        self, service: str, region: str, credentials: Callable[[], Credentials], clock: Callable[[], float]
    ) -> None:
        self._service = service
        self._region = region
        self._credentials = credentials
        self._clock = clock
        self._key: tuple[tuple[str, str], bytes] = (("", ""), b"")  # ((day, secret), its key).

    def headers(self, payload: bytes, *, host: str, path: str, content_type: str, target: str) -> dict[str, str]:
        """Return the headers of a POST of `payload`, with its signature."""
        access_key, secret_key, token = self._credentials()
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))
        date = now[:8]
        canonical_token = f"x-amz-security-token:{token}\n" if token else ""
        signed = f"{_SIGNED_HEADERS}{';x-amz-security-token' if token else ''};x-amz-target"
        canonical = (
            f"POST\n{path}\n\ncontent-type:{content_type}\nhost:{host}\nx-amz-date:{now}\n"
            f"{canonical_token}x-amz-target:{target}\n\n{signed}\n{sha256(payload).hexdigest()}"
        )
        scope = f"{date}/{self._region}/{self._service}/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        if self._key[0] != (date, secret_key):
            self._key = ((date, secret_key), _signing_key(secret_key, date, self._region, self._service))
        signature = hmac.digest(self._key[1], to_sign.encode(), "sha256").hex()
        headers = {
            "Content-Type": content_type,
            "Host": host,
            "X-Amz-Date": now,
            "X-Amz-Target": target,
            "Authorization": (
                f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
            ),
        }
        if token:
            headers["X-Amz-Security-Token"] = token
        return headers


def credentials_of(environ: Mapping[str, str]) -> Callable[[], Credentials]:
    """Return a function that returns the credentials: those of the environment, or else botocore's.

    Lambda sets the environment's for a worker's whole life. botocore's (SnapStart's container credentials, a profile)
    are read at each request, because botocore renews them in time.
    """
    if "AWS_ACCESS_KEY_ID" in environ:
        fixed = Credentials(
            environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN") or None
        )
        return lambda: fixed
    import botocore.session  # noqa: PLC0415 - 60 ms that most Lambdas never need

    session = botocore.session.get_session()

    def renewed() -> Credentials:
        found = session.get_credentials()
        frozen = found.get_frozen_credentials() if found else None
        if frozen is None or frozen.access_key is None or frozen.secret_key is None:
            from botocore.exceptions import NoCredentialsError  # noqa: PLC0415 - as above

            raise NoCredentialsError
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return renewed


def _signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
