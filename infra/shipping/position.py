"""Saves the position in a followed file. It is written after ingest has taken the lines, so a kill loses nothing."""

import fcntl
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from consumer.replay import private
from infra.shipping.log_file import Place
from infra.stack import StackError

_NAME_DIGITS: Final = 16


class Of(NamedTuple):
    """What a position is for. The same file sent to another stack, tenant or name has another position."""

    url: str
    tenant: str
    name: str
    path: str


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """The place up to which the lines are sent, and the place `before` the last of them.

    The file is recognized by the line between the two. `device`, `inode` and the modification time `modified_ns` are
    the file's when the position was saved.
    """

    of: Of
    place: Place
    before: Place | None = None
    device: int = 0
    inode: int = 0
    modified_ns: int = 0


def default_path(of: Of, environ: Mapping[str, str]) -> Path:
    """Return the default file of the position: in $XDG_STATE_HOME/rdp/follow, else in ~/.local/state/rdp/follow.

    Raises:
        StackError: neither XDG_STATE_HOME nor HOME is set.
    """
    home = environ.get("XDG_STATE_HOME") or (environ.get("HOME") and f"{environ['HOME']}/.local/state")
    if not home:
        raise StackError("Neither XDG_STATE_HOME nor HOME says where to keep the position. Name a file: --position.")
    digest = hashlib.sha256("\n".join(of).encode()).hexdigest()[:_NAME_DIGITS]
    return Path(home) / "rdp" / "follow" / f"{Path(of.path).name}-{digest}.json"


def load(path: Path, of: Of) -> Position | None:
    """Return the position in the file, or None if the file does not exist.

    Raises:
        StackError: the file is not a position, or the position is of another file, tenant, name or stack.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Position)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise StackError(f"{path} is not a position of --follow: {error}. Name another: --position.") from error
    if found.of != of:
        raise StackError(
            f"{path} is the position of {found.of.path}, tenant {found.of.tenant}, at {found.of.url}. "
            f"Name another: --position."
        )
    return found


def save(path: Path, position: Position) -> None:
    """Replace the file durably."""
    private.replace(path, msgspec.json.format(msgspec.json.encode(position), indent=1))


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock the position within the block, so that nobody else follows with it; create its folder.

    Raises:
        StackError: somebody else follows with it.
    """
    private.made_folder(path.parent)
    with private.opened(path.with_name(f".{path.name}.lock")) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(
                f"Another `rdp send --follow` uses the position {path}. Stop it, or name another file: --position."
            ) from error
        yield
