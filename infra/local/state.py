"""The state file of a data folder: which engine runs there, and what is deployed in it."""

from pathlib import Path
from typing import Final

import msgspec

from consumer.replay import private
from infra.stack import Place, Stack, StackError

DEFAULT_DATA_DIR: Final = Path(".rdp")


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What `rdp up` saves. `pid` is None after a stop; the port is kept, because queue URLs contain it."""

    port: int
    pid: int | None
    region: str
    access_key_id: str
    secret_access_key: str
    endpoint: str = ""
    outputs: dict[str, str] = {}

    @property
    def aws_endpoint_url(self) -> str:
        """The engine's AWS endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> Place:
        """The engine as a place to deploy to."""
        return Place(
            region=self.region,
            aws_endpoint_url=self.aws_endpoint_url,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
        )

    @property
    def stack(self) -> Stack:
        """The stack that is deployed in the engine."""
        return Stack(place=self.place, endpoint=self.endpoint, outputs=self.outputs)


def read(data_dir: Path) -> State | None:
    """Return the folder's state, or None if nothing was ever started there.

    Raises:
        StackError: the file is damaged.
    """
    path = _path(data_dir)
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise StackError(f"{path} is damaged ({error}). Use another --data-dir, or remove the folder.") from error


def write(data_dir: Path, state: State) -> None:
    """Replace the folder's state file atomically."""
    path = _path(data_dir)
    private.made_folder(path.parent)  # Private, because it holds the texts of every tenant.
    private.replace(path, msgspec.json.format(msgspec.json.encode(state)))


def _path(data_dir: Path) -> Path:
    return data_dir / "stack.json"
