"""Finds the lake that a verb works on: a folder of this machine or an S3 table bucket, and the key of its digests."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError
from pyiceberg.table import Table

from consumer.lake import catalog, key
from infra.lake_where import BUCKET_OUTPUT, LOCAL_FOLDER
from infra.stack import Place, Stack, StackError

_BUCKET_ARN: Final = "arn:"
_ARN_PARTS: Final = 6


class Lake(NamedTuple):
    """A lake's catalog; `where` for messages; `key_path`, the default file of its key."""

    catalog: Catalog
    where: str
    key_path: Path
    in_folder: bool

    def is_new(self) -> bool:
        """Say whether nothing was ever synced into the lake."""
        return self._loaded(raw=False) is None and self._loaded(raw=True) is None

    def table(self, *, raw: bool = False) -> Table:
        """Return the table of logs, or of originals.

        Raises:
            StackError: nothing was ever synced into this table.
        """
        if (loaded := self._loaded(raw=raw)) is None:
            raw_too = " --raw" if raw else ""
            raise StackError(
                f"{self.where} has no table {catalog.name_of(raw=raw)} yet: `rdp lake sync{raw_too}` makes it."
            )
        return loaded

    def _loaded(self, *, raw: bool) -> Table | None:
        try:
            return self.catalog.load_table(catalog.name_of(raw=raw))
        except (NoSuchTableError, NoSuchNamespaceError):
            return None


def find(warehouse: str | None, data_dir: Path, stack: Callable[[], Stack], *, make: bool = False) -> Lake:
    """Return the lake that `warehouse` names: an ARN, a folder, or None for the stack's own lake.

    A folder needs no stack, and is created only with `make`. The key of a lake in a folder is in that folder; the key
    of a table bucket is in the data folder.

    Raises:
        StackError: the ARN is not of a table bucket, or there is no stack for it.
        WrongLakeError: there is no lake in the folder, or it cannot be one.
    """
    if warehouse is None:
        warehouse = stack().outputs.get(BUCKET_OUTPUT) or str(data_dir / LOCAL_FOLDER)
    if not warehouse.startswith(_BUCKET_ARN):
        folder = Path(warehouse)
        opened = catalog.in_folder(folder) if make else catalog.standing_in(folder)
        return Lake(opened, warehouse, folder / key.KEY_FILE, in_folder=True)
    region = _region(warehouse)
    return Lake(_in_bucket(warehouse, region, stack().place), warehouse, data_dir / key.KEY_FILE, in_folder=False)


def _region(arn: str) -> str:
    parts = arn.split(":")
    if len(parts) < _ARN_PARTS or parts[2] != "s3tables":
        raise StackError(
            f"{arn} is not an S3 table bucket. Give its ARN, such as "
            f"arn:aws:s3tables:eu-central-1:123456789012:bucket/rdp-lake."
        )
    return parts[3]


def _in_bucket(arn: str, region: str, place: Place) -> Catalog:
    given = place.session.get_credentials()
    if given is None:
        raise StackError("There are no AWS credentials, which a table bucket needs. Name a --profile that has some.")
    frozen = given.get_frozen_credentials()
    return catalog.in_table_bucket(
        arn,
        region=region,
        endpoint_url=place.aws_endpoint_url,
        # Only for an engine or a profile: AWS credentials expire after hours, and pyiceberg and pyarrow renew only
        # those that they find themselves.
        credentials=None
        if place.aws_endpoint_url is None and place.profile is None
        else catalog.Credentials(str(frozen.access_key), str(frozen.secret_key), frozen.token),
    )
