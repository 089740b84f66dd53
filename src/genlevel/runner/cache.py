"""Answers that outlive their run: a folder that runs share, also at the same time.

The answers are rows of one SQLite database in write-ahead mode: a reader never waits, writers take turns, a process that is
killed leaves no half row, and nothing has to be loaded to find a key among millions. Media are files named by their hash, stored
before the row that names them. Failures are never stored.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from genlevel.errors import GenlevelError, RunError
from genlevel.records import Reply
from genlevel.redact import redactor
from genlevel.runner.media import MediaStore
from genlevel.runner.store import usage_of
from genlevel.runner.writer import usage_line

_NAME: Final = "answers.sqlite"
_FORMAT: Final = 0x676C7631
_WAIT_SECONDS: Final = 30.0
_TOGETHER_SECONDS: Final = 0.05
_AT_ONCE: Final = 500


class AnswerCache:
    """Answers by key. Use as a context manager.

    It is a help and no duty: when it can no longer be written, the run goes on without it, and ``notes`` says why.

    Raises:
        RunError: if the folder cannot be used, or holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._media = MediaStore(folder)
        self._rows: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_all, name="cache", daemon=True)
        self._broken = False
        self._redact = redactor()
        self.notes: list[str] = []
        """One line if the cache could not be used to the end."""

    def __enter__(self) -> AnswerCache:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._reading = self._connect()
        except OSError as error:
            raise RunError(f"{self._folder}: cannot be a cache ({error.strerror}); give another --cache") from None
        except sqlite3.Error as error:
            raise RunError(
                f"{self._folder / _NAME}: is no cache of answers ({error}); give another --cache or delete it"
            ) from None
        self._writer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.put(None)
        self._writer.join(2 * _WAIT_SECONDS)
        self._reading.close()

    def find(self, keys: Sequence[str]) -> dict[str, Reply]:
        """The answers that are there. An answer whose medium is gone is not."""
        if self._broken or not keys:
            return {}
        marks = ",".join("?" * len(keys))
        try:
            rows = self._reading.execute(f"SELECT key, answer FROM answers WHERE key IN ({marks})", keys).fetchall()  # noqa: S608 - only question marks
        except sqlite3.Error as error:
            self._break(error)
            return {}
        found = {key: self._reply(answer) for key, answer in rows}
        return {key: reply for key, reply in found.items() if reply is not None}

    def add(self, key: str, reply: Reply) -> None:
        """Keep an answer. Returns at once for text; media are written first."""
        if self._broken:
            return
        try:
            parts = [self._media.stored(part) for part in reply.parts]
        except GenlevelError as error:
            self._break(error)
            return
        self._rows.put((key, self._redact(orjson.dumps({"parts": parts, "usage": usage_line(reply.usage)}))))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._folder / _NAME, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            (found,) = connection.execute("PRAGMA application_id").fetchone()
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if found != _FORMAT and tables:
                raise sqlite3.DatabaseError("it is another program's database")
            _to_write_ahead(connection)
            # What a killed process has committed is safe; a loss of power may cost the last answers, which are in their run.
            connection.execute("PRAGMA synchronous=NORMAL")
            if found != _FORMAT:
                connection.execute(f"PRAGMA application_id={_FORMAT}")
            connection.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer BLOB NOT NULL)")
        except BaseException:
            connection.close()
            raise
        return connection

    def _write_all(self) -> None:
        try:
            with contextlib.closing(self._connect()) as connection:
                ended = False
                while not ended:
                    rows, ended = self._next_rows()
                    connection.execute("BEGIN IMMEDIATE")
                    # The first answer stays: all runs then agree on it.
                    connection.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?)", rows)
                    connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._break(error)

    def _next_rows(self) -> tuple[list[tuple[str, bytes]], bool]:
        """Some rows to commit together, and whether they are the last."""
        rows: list[tuple[str, bytes]] = []
        row = self._rows.get()
        if row is not None and self._rows.empty():
            time.sleep(_TOGETHER_SECONDS)
        while row is not None:
            rows.append(row)
            if len(rows) >= _AT_ONCE or self._rows.empty():
                return rows, False
            row = self._rows.get()
        return rows, True

    def _break(self, error: Exception) -> None:
        if not self._broken:
            self._broken = True
            reason = str(error).removeprefix(f"{self._folder}: ")
            self.notes.append(f"{self._folder}: the cache was not used any further ({reason}); no answer is lost by it")

    def _reply(self, answer: Any) -> Reply | None:
        try:
            value = orjson.loads(answer)
            parts = tuple(self._media.part(part) for part in value["parts"])
            if not parts or any(part.path is not None and not part.path.is_file() for part in parts):
                return None
            # No request was made for it.
            return Reply(parts, usage_of(value["usage"]), attempts=0)
        except (AttributeError, KeyError, OSError, OverflowError, TypeError, ValueError):
            return None


def _to_write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the database's mode, for which SQLite does not wait by itself while another process has it open."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(_TOGETHER_SECONDS)
