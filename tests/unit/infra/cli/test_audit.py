"""What `rdp audit` shows."""

import pytest

from infra.audit.ledger import MissingLog, TenantAudit
from infra.audit.run import Audit
from infra.cli import audit


def test_markup_and_controls_in_names_are_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A tenant id on the queue is anybody's text: it ends in no traceback, makes no link and hides nothing."""
    name = "[/x][link=http://evil]a[/link]\x1b[8m\u202e"
    tenant = TenantAudit(
        tenant_id=name, on_stream=1, stored=0, quarantined={name: 1}, conflicts=0, missing=1, stored_not_on_stream=0
    )
    audit._show(
        Audit(
            verdict="missing",
            unaccounted=1,
            in_flight=0,
            logs_in_flight_at_most=0,
            dead_letters_unseen=0,
            broken_on_stream=0,
            changed=0,
            tenants=[tenant],
            missing_ids=[MissingLog(tenant_id=name, log_id=name, other_text_stored=False)],
        )
    )
    shown = capsys.readouterr().out
    assert "dead letters" in shown
    assert shown.count(r"[/x][link=http://evil]a[/link]\x1b[8m\u202e") == 4
    assert not set(shown) & set("\x1b\u202e")
