"""A lake's catalog, in a folder or an S3 table bucket, and its table, which is made if it is missing."""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError, TableAlreadyExistsError

from consumer.lake.checkpoint import WrongLakeError
from consumer.lake.key import KEY_FILE
from consumer.lake.schema import PARTITIONS, PROPERTIES, SCHEMA
from consumer.replay import private

NAMESPACE: Final = "rdp"
LOGS: Final = "logs"
RAW_LOGS: Final = "logs_raw"

CATALOG_FILE: Final = "catalog.sqlite"
_KEY_CHECK: Final = "rdp.key-check"
_DATA_FOLDER: Final = "warehouse"


class Credentials(NamedTuple):
    """AWS's three values, for calls that must not use the usual sources of credentials."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


def in_folder(folder: Path) -> Catalog:
    """Return the catalog in a folder of this machine; a missing folder is made, and only its owner may read it.

    Raises:
        OSError: the folder cannot be made.
        WrongLakeError: the path has a character that a file's address must escape, the folder holds other files and no
            lake, or it is a copy of a lake. A table names its files by absolute addresses: commands on a copy would
            write and delete in the original.
    """
    whole = _plain(folder)
    _check_is_free(whole)
    private.made_folder(whole)
    private.made_folder(whole / _DATA_FOLDER)
    private.opened(whole / CATALOG_FILE).close()
    return standing_in(whole)


def standing_in(folder: Path) -> Catalog:
    """Return the catalog of the lake in a folder; a folder without a lake is not changed.

    Raises:
        WrongLakeError: there is no lake, or as for `in_folder`.
    """
    whole = _plain(folder)
    if not (whole / CATALOG_FILE).is_file():
        raise WrongLakeError(
            f"There is no lake in {folder}. Make one with `rdp lake sync`, or name the folder of another one: "
            f"--warehouse."
        )
    data = whole / _DATA_FOLDER
    catalog = load_catalog("lake", type="sql", uri=f"sqlite:///{whole / CATALOG_FILE}", warehouse=data.as_uri())
    for name in (name_of(raw=False), name_of(raw=True)):
        _check_is_no_copy(catalog, name, data)
    return catalog


def _plain(folder: Path) -> Path:
    whole = folder.resolve()
    if whole.as_uri() != f"file://{whole}":  # Else an escaped address and the path would mean two folders.
        raise WrongLakeError(
            f"A lake cannot be in {whole}: its path may have only letters a to z, digits and / . _ - ~. Name "
            f"another folder."
        )
    return whole


def _check_is_free(folder: Path) -> None:
    """Raise WrongLakeError if the folder has files of others: a lake among them would be hard to tell from them."""
    if (folder / CATALOG_FILE).exists() or not folder.is_dir():
        return
    # A sync that was killed left the data folder. An operator may have put the key of an older lake there.
    stray = sorted(
        path.name
        for path in folder.iterdir()
        if path.name != _DATA_FOLDER and not path.name.startswith((".", KEY_FILE))
    )
    if stray:
        raise WrongLakeError(
            f"There is no lake in {folder}, but other files, such as {stray[0]}. Name an empty or a new folder: "
            f"--warehouse DIR."
        )


def _check_is_no_copy(catalog: Catalog, name: str, data: Path) -> None:
    try:
        location = catalog.load_table(name).location()
    except (NoSuchTableError, NoSuchNamespaceError):
        return
    except FileNotFoundError:
        location = "another folder, where they are gone"
    if not location.startswith(f"{data.as_uri()}/"):
        raise WrongLakeError(
            f"{data.parent} is a copy of a lake, or was moved: its files are in {location}. Name that folder or a "
            f"new one."
        )


def in_table_bucket(
    arn: str, *, region: str, endpoint_url: str | None = None, credentials: Credentials | None = None
) -> Catalog:
    """Return the catalog of an S3 table bucket, through its Iceberg REST endpoint with signed requests.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-integrating-open-source.html (November 2026).
    `endpoint_url` is that of an engine that stands in for AWS.
    """
    properties = {
        "type": "rest",
        "uri": f"{endpoint_url or f'https://s3tables.{region}.amazonaws.com'}/iceberg",
        "warehouse": arn,
        "rest.sigv4-enabled": "true",
        "rest.signing-name": "s3tables",
        "rest.signing-region": region,
        "s3.region": region,
        "client.region": region,
    }
    if endpoint_url is not None:
        properties["s3.endpoint"] = endpoint_url
    if credentials is not None:
        properties |= _named(credentials)
    return load_catalog("lake", **properties)


def _named(credentials: Credentials) -> Mapping[str, str]:
    named = {
        "client.access-key-id": credentials.access_key_id,
        "client.secret-access-key": credentials.secret_access_key,
    }
    return named if credentials.session_token is None else named | {"client.session-token": credentials.session_token}


def name_of(*, raw: bool) -> str:
    """Return the table's full name: originals have a table of their own."""
    return f"{NAMESPACE}.{RAW_LOGS if raw else LOGS}"


def ensure(catalog: Catalog, name: str, key: bytes) -> None:
    """Make the namespace and the table if they are missing; two programs that do it at once make one table.

    Raises:
        WrongLakeError: the table was written with another key: two copies of a redacted log would become two rows.
    """
    check = blake2b(name.encode(), key=key, digest_size=8).hexdigest()
    properties = {**PROPERTIES, _KEY_CHECK: check}
    try:
        table = catalog.load_table(name)
    except (NoSuchTableError, NoSuchNamespaceError):
        catalog.create_namespace_if_not_exists(NAMESPACE)
        with suppress(TableAlreadyExistsError):
            catalog.create_table(name, SCHEMA, partition_spec=PARTITIONS, properties=properties)
        table = catalog.load_table(name)
    # Not every catalog keeps the properties that a table is made with. A table with rows has its key already.
    missing = {named: value for named, value in properties.items() if named not in table.properties}
    if missing and table.current_snapshot() is None:
        with table.transaction() as transaction:
            transaction.set_properties(missing)
    if table.properties.get(_KEY_CHECK) != check:
        raise WrongLakeError(f"{name} was written with another key. Name the file of that key: --key FILE.")
