"""Addresses of raw files: which ones may be opened, and how they are shown without their secrets."""

from urllib.parse import SplitResult, urlsplit, urlunsplit

from gp_segmentation.errors import InputError, visible, without_secrets

#: This machine: the only hosts that may be contacted without encryption (tests, a local mirror).
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def public_address(address: str) -> str:
    """Return `address` without its secrets and its fragment: as it is shown, and stored in the manifest.

    >>> public_address("https://me:pass@example.org/a.csv?area=GB&token=abc&redirect")
    'https://***@example.org/a.csv?area=GB&token=***&redirect'
    """
    return visible(without_secrets(urlunsplit(_split(address)._replace(fragment=""))))


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


def _split(address: str) -> SplitResult:
    """Split `address`; one that cannot be read has no scheme and no host."""
    try:
        parts = urlsplit(address.strip())
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return SplitResult("", "", "(not readable as an address)", "", "")
    return parts
