"""Errors of a download, in words for the user."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3

from gp_segmentation.errors import GpsegError, InputError
from gp_segmentation.sources.download.addresses import public_address
from gp_segmentation.sources.download.config import DownloadSettings, hand_remedy
from gp_segmentation.sources.download.partial import Partial


class TryAgain(Exception):  # noqa: N818 - a signal between attempts; the user never sees it
    """An attempt failed but another may succeed; `wait` is the pause the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def download_error(partial: Partial, reason: str, remedy: str = "") -> InputError:
    """Return the error for a file that could not be downloaded: address without secrets, reason, remedy."""
    folder, name = partial.target.parent, partial.target.name
    return InputError(
        f"{public_address(partial.address)} could not be downloaded: {reason}",
        file=name,
        remedy=remedy + hand_remedy(folder),
    )


@contextmanager
def translate_errors(partial: Partial, settings: DownloadSettings) -> Iterator[None]:
    """Turn the libraries' errors into ours; theirs are not chained because they may quote a secret address.

    Raises
    ------
    TryAgain
        Another attempt may succeed.
    InputError, GpsegError
        No attempt can succeed: a wrong address or certificate, a full disk, or no permission to write.
    """
    try:
        yield
        return
    except requests.exceptions.SSLError as error:
        reason = f"no secure connection could be made ({_cause(error)})"
        if isinstance(_innermost(error), ssl.SSLCertVerificationError):
            remedy = "Behind a network that inspects traffic, set REQUESTS_CA_BUNDLE to its certificates. "
            reason = "the server's certificate could not be verified"
            raise download_error(partial, reason, remedy) from None
    except requests.exceptions.InvalidURL:
        raise download_error(partial, "the address is not valid") from None
    except requests.exceptions.ConnectTimeout:
        reason = f"no connection could be made in {settings.connect_timeout:g} seconds"
    except (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        reason = f"nothing was received for {settings.read_timeout:g} seconds"
    except requests.exceptions.ConnectionError as error:
        reason = f"no connection could be made ({_cause(error)})"
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError):
        reason = "the connection was interrupted"
    except OSError as error:
        raise GpsegError(f"{partial.target} could not be written: {error.strerror}") from None
    raise TryAgain(reason)


def _cause(error: BaseException) -> str:
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
