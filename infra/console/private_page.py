"""The file that a browser is started with: it leads to the address with the token, which no list of processes shows."""

from html import escape
from pathlib import Path
from typing import Final

from consumer.replay import private

_NAME: Final = "open-console.html"
_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Console</title>'
    '<meta http-equiv="refresh" content="0;url={0}"></head><body><a href="{0}">Open the console</a></body></html>\n'
)


def written(folder: Path, address: str) -> Path:
    """Return the new file in `folder`, readable by its owner alone, that leads to `address`."""
    path = folder.resolve() / _NAME
    with private.opened(path, anew=True) as file:
        file.write(_PAGE.format(escape(address)).encode())
    return path
