"""How every command talks and ends: without secrets, in what the terminal can show, in words."""

import errno
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from gp_segmentation.errors import GpsegError, visible, without_secrets
from gp_segmentation.utils.files import FULL

#: Exit statuses: as shells number them, 128 and the signal (SIGINT, SIGPIPE).
WELL, FAILED, INTERRUPTED, NO_READER = 0, 1, 130, 141

#: Bytes of address space below which libraries hang or abort where they cannot start a thread.
LEAST_MEMORY = 3 * 2**29

MORE_MEMORY = (
    "Close other programs, let fewer tasks run at once (jobs=1, or `jobs` in conf/config.yaml), or take a "
    "machine with more"
)

NOT_YOURS = "Ask its owner, or work on a copy of the project in a folder of your own"
#: What can be done where the system refuses a file.
REMEDIES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), NOT_YOURS),
    **dict.fromkeys(FULL, "Make room, and run the same command again"),
}


def ended(name: str, command: Callable[[], object]) -> int:
    """Run `command`, write in words what went wrong to standard error, and return the exit status.

    Whatever is logged or written meanwhile, by whatever library, is without secrets. Standard output whose
    reader is gone (``| head -1``) is no error: the work is finished in silence, and the status says so.
    """
    with public_output() as output:
        try:
            _check_memory()
            _check_names()
            command()
            output.flush()
        except KeyboardInterrupt:
            return _say(f"{name}: interrupted", INTERRUPTED)
        except Exception as error:
            return _say(f"{name}: {in_words(error) or traceback.format_exc()}", FAILED)
        return NO_READER if output.is_gone else WELL


def _say(text: str, status: int) -> int:
    sys.stderr.write(f"{text.rstrip()}\n")
    return status


def _check_memory() -> None:
    """Raise GpsegError where this process may not have what the libraries need to be imported."""
    if sys.platform == "win32":
        return
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed != resource.RLIM_INFINITY and allowed < LEAST_MEMORY:
        raise GpsegError(
            f"not enough memory: this process may use {allowed / 2**30:.1f} GiB of address space, and needs "
            f"{LEAST_MEMORY / 2**30:.1f} at least. Raise the limit: ulimit -v unlimited"
        )


def _check_names() -> None:
    """Raise GpsegError where there is no working folder, or libraries could not open what is named here."""
    try:
        here = str(Path.cwd())
    except FileNotFoundError:
        raise GpsegError("the working folder was deleted. Change to one that is there: cd FOLDER") from None
    encoding = sys.getfilesystemencoding()
    named = [name for name in (here, *sys.argv) if not name.isascii()]
    if named and encoding != "utf-8":
        shown = named[0].encode(encoding, "surrogateescape").decode(errors="replace")
        raise GpsegError(
            f"the language settings of this machine ({encoding}) are not UTF-8, and libraries cannot open "
            f"{shown} with them. Set PYTHONUTF8=1, and run the same command again"
        )


def in_words(error: BaseException) -> str | None:
    """Return what the user is told of an error; None where only its traceback says what happened."""
    for cause in _causes(error):
        if _is_of_memory(cause):
            detail = f" ({cause})" if str(cause) else ""
            return visible(without_secrets(f"not enough memory{detail}. {MORE_MEMORY}"))
    if isinstance(error, GpsegError):
        return str(error)
    if isinstance(error, BrokenExecutor):
        return f"a process ended before its work was done: killed, or out of memory. {MORE_MEMORY}"
    if isinstance(error, OSError) and error.errno in REMEDIES:
        place = visible(str(error.filename or "a file, or standard output"))
        return f"{place}: {error.strerror}. {REMEDIES[error.errno]}"
    return None


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and, from the last to the first, those it arose from."""
    chain = [error]
    while True:
        last = chain[-1]
        before = last.__cause__ or (None if last.__suppress_context__ else last.__context__)
        if before is None or before in chain:
            return chain
        chain.append(before)


def _is_of_memory(error: BaseException) -> bool:
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or (isinstance(error, RuntimeError) and "can't start new thread" in str(error))
    )


@contextmanager
def public_output(label: str = "") -> Iterator["PublicStream"]:
    """Keep secrets out of every log record and of both standard streams; give standard output.

    A stream that was closed when the process began leads nowhere. Afterwards all is as it was.

    Parameters
    ----------
    label : what every line that is logged meanwhile begins with.
    """
    before = logging.getLogRecordFactory(), sys.stdout, sys.stderr
    with ExitStack() as opened:
        # As many as there are standard streams: were the number of a closed one left free, libraries would
        # write their errors into the file that is opened next.
        nowhere = [opened.enter_context(_nowhere()) for _ in range(3)]
        output, errors = PublicStream(sys.stdout or nowhere[0]), PublicStream(sys.stderr or nowhere[1])
        logging.setLogRecordFactory(partial(PublicRecord, label=label))
        sys.stdout, sys.stderr = output, errors
        try:
            yield output
        finally:
            logging.setLogRecordFactory(before[0])
            sys.stdout, sys.stderr = before[1:]


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def write_logs_in_utf8() -> None:
    """Have log files hold every character, whatever the language of this machine is set to."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler) and handler.stream is not None:
            handler.stream.reconfigure(encoding="utf-8", errors="replace")


class PublicRecord(logging.LogRecord):
    """A log record without secrets, in its traceback too, whoever logs it and whatever writes it.

    Each of its lines begins with `label`.
    """

    def __init__(self, *args: Any, label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            text = self.getMessage()
        except (TypeError, ValueError, KeyError):  # a format that does not fit must not end the program
            text = " ".join(map(str, [self.msg, *(self.args or ())]))
        lines = without_secrets(text).split("\n")
        self.msg, self.args = "\n".join(f"{label}{line}".rstrip() if label else line for line in lines), ()
        if self.exc_info and self.exc_info[0]:
            self.exc_text = without_secrets("".join(traceback.format_exception(*self.exc_info)).rstrip())
        if self.stack_info:
            self.stack_info = without_secrets(self.stack_info)


class PublicStream:
    """A text stream without secrets; what its encoding lacks becomes "?", what nobody reads is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_gone = False

    def write(self, text: str) -> int:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        shown = without_secrets(text).encode(encoding, "replace").decode(encoding)
        self._unless_gone(lambda: self._stream.write(shown))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._unless_gone(self._stream.flush)

    def _unless_gone(self, action: Callable[[], object]) -> None:
        if self.is_gone or self._stream.closed:
            return
        try:
            action()
        except OSError as error:
            self.is_gone = True
            _write_into_nothing(self._stream)
            if not isinstance(error, BrokenPipeError):
                raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _write_into_nothing(stream: TextIO) -> None:
    """Let what `stream` still holds be written nowhere; Python would complain of it at its end."""
    with _nowhere() as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
