"""What can go wrong between us and a server, in the user's words."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import urllib3

from gp_segmentation.errors import GpsegError, InputError
from gp_segmentation.sources.download.addresses import public_address
from gp_segmentation.sources.download.config import RawFile, hand_remedy


class TryAgain(Exception):  # noqa: N818 - a signal between attempts; the user never sees it
    """An attempt failed in a way another one may better; `wait` is what the server asked for, seconds."""

    def __init__(self, found: str, wait: float = 0.0) -> None:
        super().__init__(found)
        self.wait = wait


def refusal(file: RawFile, target: Path, found: str, remedy: str = "") -> InputError:
    """Return the error for a file that could not be had, with its address (without secrets) and a remedy."""
    return InputError(
        f"{public_address(file.url or '')} could not be taken: {found}",
        file=file.filename,
        remedy=remedy + hand_remedy(target.parent),
    )


@contextmanager
def troubles(file: RawFile, target: Path, connect_timeout: float, read_timeout: float) -> Iterator[None]:
    """Turn the libraries' errors into ours; theirs are not chained, for they may quote a secret address.

    Raises
    ------
    TryAgain
        Another attempt may better it.
    InputError, GpsegError
        It may not: the address or certificate is wrong; the disk is full or not ours to write.
    """
    try:
        yield
        return
    except requests.exceptions.SSLError as error:
        found = f"no secure connection came about ({_reason(error)})"
        if isinstance(_innermost(error), ssl.SSLCertVerificationError):
            remedy = "Behind a network that inspects traffic, set REQUESTS_CA_BUNDLE to its certificates. "
            raise refusal(file, target, "the server's certificate could not be verified", remedy) from None
    except requests.exceptions.InvalidURL:
        raise refusal(file, target, "the address cannot be read") from None
    except requests.exceptions.ConnectTimeout:
        found = f"no connection came about in {connect_timeout:g} seconds"
    except (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        found = f"nothing was sent for {read_timeout:g} seconds"
    except requests.exceptions.ConnectionError as error:
        found = f"no connection came about ({_reason(error)})"
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError):
        found = "the connection was broken off"
    except OSError as error:
        raise GpsegError(f"{target} could not be written: {error.strerror}") from None
    raise TryAgain(found)


def _reason(error: BaseException) -> str:
    """Return why a connection failed, in the operating system's words if it has any."""
    inner = _innermost(error)
    return getattr(inner, "strerror", None) or type(inner).__name__


def _innermost(error: BaseException) -> BaseException:
    """Return the cause below the libraries' layers; urllib3 and requests keep it in three ways."""
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner
        inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
        if inner is None and error.args:
            inner = error.args[0]
    return error
