"""Addresses of raw files: which ones may be opened, and how they are shown without their secrets."""

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from gp_segmentation.errors import InputError

#: This machine: the only hosts that may be contacted without encryption (tests, a local mirror).
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
#: Names of query parameters whose values are never shown or stored.
SECRET = re.compile(r"token|key|secret|passw|pwd|sig|auth|credential|session|sas", re.IGNORECASE)


def public_address(address: str) -> str:
    """Return `address` without user, password, fragment and the values of secret query parameters.

    >>> public_address("https://me:pass@example.org/a.csv?area=GB&token=abc&redirect")
    'https://example.org/a.csv?area=GB&token=hidden&redirect'
    """
    parts = _split(address)
    query = "&".join(_public_parameter(parameter) for parameter in parts.query.split("&"))
    public = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
    return "".join(character if character.isprintable() else "?" for character in public)


def is_local(address: str) -> bool:
    """Return whether `address` names this machine."""
    return _split(address).hostname in LOCAL_HOSTS


def check_address(address: str, *, filename: str, redirected_from: str | None = None) -> str:
    """Return `address` if it may be opened: https anywhere, http only to this machine.

    Parameters
    ----------
    redirected_from : the address that redirected to `address`. Only a server on this machine may redirect to
        an http address on this machine.

    Raises
    ------
    InputError
        Any other address; no connection has been made to it.
    """
    parts = _split(address)
    local = parts.hostname in LOCAL_HOSTS and (redirected_from is None or is_local(redirected_from))
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local)):
        return address
    origin = f" (redirected from {public_address(redirected_from)})" if redirected_from else ""
    raise InputError(
        f"the address {public_address(address)}{origin} is not an https address, so it was not opened",
        file=filename,
        remedy="Give the publisher's https address as url, or take the file from a folder with from=FOLDER",
    )


def _public_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}=hidden" if equals and SECRET.search(name) else parameter


def _split(address: str) -> SplitResult:
    """Split `address`; one that cannot be read has no scheme and no host."""
    try:
        parts = urlsplit(address.strip())
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return SplitResult("", "", "(not readable as an address)", "", "")
    return parts
