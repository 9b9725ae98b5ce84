"""Addresses of raw files: which may be opened, and how they are shown without their secrets."""

import re
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from gp_segmentation.errors import InputError

#: This machine: the only hosts that may be spoken to without encryption (tests, a local mirror).
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
#: Names of query parameters whose values are never written anywhere.
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
    """Tell whether `address` names this machine."""
    return _split(address).hostname in LOCAL_HOSTS


def check_address(address: str, *, filename: str, sent_from: str | None = None) -> str:
    """Return `address` if it may be opened: https anywhere, http only to this machine.

    Parameters
    ----------
    sent_from : the address whose server sent us on to `address`; a server elsewhere may not send us to
        an http address on this machine.

    Raises
    ------
    InputError
        Any other address; nothing has been connected to.
    """
    parts = _split(address)
    local = parts.hostname in LOCAL_HOSTS and (sent_from is None or is_local(sent_from))
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local)):
        return address
    sent = f", to which {public_address(sent_from)} sent us on," if sent_from else ""
    raise InputError(
        f"the address {public_address(address)}{sent} is not an https address, so it was not opened",
        file=filename,
        remedy="Give the publisher's https address as url, or take the file from a folder with from=FOLDER",
    )


def follow(address: str, location: str, *, filename: str) -> str:
    """Return the address that the server of `address` sends us on to, when it may be opened."""
    return check_address(urljoin(address, location), filename=filename, sent_from=address)


def _public_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}=hidden" if equals and SECRET.search(name) else parameter


def _split(address: str) -> SplitResult:
    """Split `address`; one that is no address at all has no scheme and no host."""
    try:
        parts = urlsplit(address.strip())
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return SplitResult("", "", "(not readable as an address)", "", "")
    return parts
