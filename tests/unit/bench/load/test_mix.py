"""The mix: shares of kinds, or a refusal that says how to write one."""

import pytest

from bench.load.mix import parse_mix


def test_a_mix_is_read_and_scaled() -> None:
    """Shares sum up to one; kinds without a share are left out."""
    assert parse_mix("json=3,text=1,batch=0") == {"json": 0.75, "text": 0.25}


@pytest.mark.parametrize(
    "mix", ["", "xml=1", "noisy=1", "json=0", "json", "json=x", "json=-1,text=2", "json=nan", "json=inf"]
)
def test_a_wrong_mix_is_refused(mix: str) -> None:
    """An unknown kind, a reserved one, no share at all, a share that is no number or not finite."""
    with pytest.raises(ValueError, match=r"the mix.* json=60"):
        parse_mix(mix)
