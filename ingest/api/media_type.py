"""What a Content-Type header says. Pure."""

from functools import lru_cache


@lru_cache(maxsize=256)  # A client always sends the same header.
def media_type(content_type: str) -> tuple[str, str]:
    """Return a Content-Type header's media type in lower case ("" when there is none) and its charset."""
    name, _, parameters = content_type.partition(";")
    charset = "utf-8"
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return name.strip().lower(), charset
