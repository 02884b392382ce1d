"""What Datadog's own programs send besides logs."""

import pytest

from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event


@pytest.mark.parametrize(("path", "status"), [("/api/v2/logs", 202), ("/v1/input", 200)])
@pytest.mark.parametrize(("body", "logs"), [("{}", 0), (" {}\n", 0), ("[]", 0), ("[{}]", 1), ('{"message":""}', 1)])
def test_the_agents_check_at_its_start_is_no_log(path: str, status: int, body: str, logs: int, ingest: Ingest) -> None:
    """The Agent posts an empty object to see whether it is let in: it gets yes, and nobody finds a log of it."""
    answer = ingest(event(body, path=path))
    assert (answer["statusCode"], len(ingest.enqueued)) == (status, logs)
