"""The kinds of requests, and their shares of a run. Pure."""

from typing import Final, Literal, get_args

RequestKind = Literal["json", "text", "batch", "noisy"]
KINDS: Final = get_args(RequestKind)


def parse_mix(mix: str) -> dict[RequestKind, float]:
    """Return each kind's share, read from text such as `json=60,text=40`; shares are scaled to a sum of 1.

    Raises:
        ValueError: an unknown kind, a share that is no number from 0 to 1,000,000, or no positive share.
    """
    shares: dict[RequestKind, float] = {}
    for word in mix.split(","):
        name, _, share = word.strip().partition("=")
        kind = next((kind for kind in KINDS if kind == name), None)
        if kind is None or kind == "noisy":
            raise ValueError(f"unknown kind of request {name!r} in the mix: use json, text, batch, as json=60,text=40")
        if (number := _share(share)) > 0:
            shares[kind] = number
    if not shares:
        raise ValueError("the mix has no positive share, as json=60 would be")
    return {kind: share / sum(shares.values()) for kind, share in shares.items()}


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1_000_000:  # noqa: PLR2004 - neither NaN nor infinity passes, and sums stay finite
        raise ValueError(f"{text!r} in the mix is no share: use a number from 0 on, as in json=60,text=40")
    return number
