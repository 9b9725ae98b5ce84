"""Databases that are waited for within bounds: PostgreSQL's library waits for an answer for ever."""

import os
from typing import Any

#: What is asked of PostgreSQL's library: seconds to wait for a connection, milliseconds for the other machine
#: to take what was sent. By itself it waits as long as the system does, for minutes.
WAITING = {"connect_timeout": "4", "tcp_user_timeout": "20000"}
#: Seconds to wait for the answer to one statement of a server that took it; all of ours take less than one.
ANSWER = 60.0


def is_postgresql(address: str) -> bool:
    """Whether an address is that of a PostgreSQL database, as SQLAlchemy writes it."""
    return address.partition(":")[0] in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2")


def bounded(address: str) -> str:
    """Return the address of a PostgreSQL database with `WAITING`, but for what it or the environment sets.

    From then on every connection of this process with one waits `ANSWER` seconds for an answer, no more.
    """
    if not is_postgresql(address):
        return address
    _bound_answers()
    base, _, text = address.partition("?")
    options = text.split("&") if text else []
    named = {option.partition("=")[0] for option in options}
    named |= {"connect_timeout"} if "PGCONNECT_TIMEOUT" in os.environ else set()
    options += [f"{name}={value}" for name, value in WAITING.items() if name not in named]
    return f"{base}?{'&'.join(options)}"


def _bound_answers() -> None:
    """Have SQLAlchemy connect with PostgreSQL by connections that do not wait for ever."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "do_connect", _connect):
        event.listen(Engine, "do_connect", _connect)


def _connect(dialect: Any, _record: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
    """Return a connection as `dialect` would, or None, and it does so itself."""
    if dialect.driver != "psycopg":
        return None
    import psycopg

    class Connection(psycopg.Connection[Any]):
        """A connection that ends when an answer does not come; what would be sent on it later is refused."""

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, timeout or ANSWER)
            except psycopg.errors._WaitTimeout:
                self.pgconn.finish()
                raise psycopg.OperationalError(f"timed out: no answer within {ANSWER:g} seconds") from None

    return Connection.connect(*arguments, **named)
