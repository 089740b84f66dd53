"""One repository of data on the hub: what is in it, and its files' bytes. The only module that talks to the network.

The work is done by ``huggingface_hub`` (extra ``hub``). What comes back is checked here: names that lead out of a folder,
sizes that are no sizes, and errors, which become one line each. The access token goes to the library and nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol

from genlevel.errors import DataError, GenlevelError

_TRANSPORTS: Final = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3"})
_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SHA1: Final = re.compile(r"[0-9a-f]{40}")
_PLAIN_HTTP_BYTES: Final = 50_000_000_000
_NAME_BYTES: Final = 255
_DRIVE: Final = re.compile(r"[A-Za-z]:")


class HubError(DataError):
    """The hub, or the way there, does not give what is asked for.

    ``again`` says that the same request may do better later, ``final`` that none of the other files will do better, and
    ``worthless`` that what came is to be thrown away first.
    """

    def __init__(self, message: str, *, again: bool = False, final: bool = False, worthless: bool = False) -> None:
        super().__init__(message)
        self.again = again
        self.final = final
        self.worthless = worthless


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository: its path there, its size in bytes, and a checksum of its content.

    ``sha256`` is that of the bytes (large files); where it is empty, ``blob`` is git's SHA-1 of a blob with these bytes.
    """

    path: str
    size: int
    blob: str
    sha256: str = ""

    @property
    def checksum(self) -> str:
        """The one that counts."""
        return self.sha256 or self.blob


class Target(Protocol):
    """What bytes are written to, from the current position on; the library may go back to the start of what it wrote."""

    def write(self, data: bytes, /) -> int: ...  # noqa: D102

    def seek(self, offset: int, whence: int = 0, /) -> int: ...  # noqa: D102

    def tell(self) -> int: ...  # noqa: D102

    def truncate(self, size: int | None = None, /) -> int: ...  # noqa: D102


class Hub:
    """A repository of data on the hub at one commit.

    Args:
        repo: ``owner/name``.
        revision: a branch, such as ``main`` or ``refs/convert/parquet``, or a commit.
        token: an access token; None for the one that ``hf auth login`` stored, if any.
        endpoint: the hub's address; None for ``HF_ENDPOINT``, else the public hub.

    Raises:
        HubError: the library is missing.
    """

    def __init__(
        self, repo: str, revision: str = "main", *, token: str | None = None, endpoint: str | None = None
    ) -> None:
        try:
            import huggingface_hub

            utils: Any = import_module("huggingface_hub.utils")
        except ImportError:
            raise HubError("the hub needs the extra 'hub': pip install 'genlevel[hub]'", final=True) from None
        utils.logging.set_verbosity_error()  # Its warnings hold addresses that are signed.
        utils.disable_progress_bars()
        self.repo, self.revision = repo, revision
        self._token = token
        self._endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or "").rstrip("/") or None
        self._api = huggingface_hub.HfApi(endpoint=self._endpoint, token=token, library_name="genlevel")
        self._commit = ""

    @property
    def address(self) -> str:
        """The hub's address, for messages."""
        return str(self._api.endpoint)

    @property
    def commit(self) -> str:
        """The commit that the revision names now; asked once, so that all files are of one state.

        Raises:
            HubError: no such repository or revision, no access, no network.
        """
        if not self._commit:
            with self._translated("the repository"):
                found = self._api.dataset_info(self.repo, revision=self.revision, expand=["sha"]).sha
            if not isinstance(found, str) or not _SHA1.fullmatch(found):
                raise HubError(f"{self.repo}: {self.address} names no commit; is HF_ENDPOINT a hub?", final=True)
            self._commit = found
        return self._commit

    def files(self, folder: str = "") -> list[HubFile]:
        """All files below a folder, by path.

        Raises:
            HubError: also for paths and sizes that cannot be true.
        """
        return self._tree(folder, recursive=True)[0]

    def listing(self, folder: str = "") -> tuple[list[HubFile], list[str]]:
        """The files and the paths of the folders directly in a folder, each by path."""
        return self._tree(folder, recursive=False)

    def _tree(self, folder: str, *, recursive: bool) -> tuple[list[HubFile], list[str]]:
        files, folders = [], []
        with self._translated(f"the folder '{folder}'" if folder else "the list of files"):
            for entry in self._api.list_repo_tree(
                self.repo, folder or None, recursive=recursive, revision=self.commit, repo_type="dataset"
            ):
                path = self._path(entry.path)
                if any(part.startswith(".") for part in path.split("/")):
                    continue
                if hasattr(entry, "size"):
                    files.append(self._file(path, entry))
                else:
                    folders.append(path)
        return sorted(files, key=lambda file: file.path), sorted(folders)

    def _path(self, path: Any) -> str:
        if not isinstance(path, str) or not is_plain_path(path):
            raise HubError(f"{self.repo}: the hub names the path {path!r:.200}, which is not one inside a folder")
        return path

    def _file(self, path: str, entry: Any) -> HubFile:
        lfs = entry.lfs
        size = entry.size if lfs is None else lfs.size
        blob, sha256 = entry.blob_id, "" if lfs is None else lfs.sha256
        if not isinstance(size, int) or size < 0 or not isinstance(blob, str) or not _SHA1.fullmatch(blob):
            raise HubError(f"{self.repo}/{path}: the hub gives no size or no checksum of the file")
        if sha256 and not _SHA256.fullmatch(sha256):
            raise HubError(f"{self.repo}/{path}: the hub gives a checksum that is none")
        return HubFile(path, size, blob, sha256)

    def get(self, file: HubFile, target: Target, start: int = 0) -> None:
        """Write the file's bytes from ``start`` on to ``target``, which stands there. A broken connection is taken up again.

        Raises:
            HubError: naming the file; ``again`` if it may be tried once more.
        """
        from huggingface_hub import hf_hub_url
        from huggingface_hub.file_download import http_get

        if file.size > _PLAIN_HTTP_BYTES:
            raise HubError(
                f"{self.repo}/{file.path}: {file.size} bytes, more than the hub gives in one piece; "
                f"use 'hf download --repo-type dataset {self.repo} {file.path}'"
            )
        with self._translated(file.path):
            url = hf_hub_url(self.repo, file.path, repo_type="dataset", revision=self.commit, endpoint=self._endpoint)
            headers = import_module("huggingface_hub.utils").build_hf_headers(
                token=self._token, library_name="genlevel"
            )
            headers["Accept-Encoding"] = "identity"
            http_get(url, target, resume_size=start, headers=headers, expected_size=file.size)

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except (GenlevelError, KeyboardInterrupt):
            raise
        except Exception as error:
            said = self._said(error, what)
            if said is None:
                raise
            raise said from None

    def _said(self, error: Exception, what: str) -> HubError | None:
        """One line for what went wrong; None for an error that is not the hub's."""
        import huggingface_hub.errors as errors

        where = f"{self.repo}: {what}"
        status = _status(error)
        if isinstance(error, errors.OfflineModeIsEnabled):
            return HubError("HF_HUB_OFFLINE is set, so nothing can be fetched; unset it and try again", final=True)
        if isinstance(error, errors.GatedRepoError):
            return HubError(
                f"{self.repo}: access must be granted first: ask for it on {self.address}/datasets/{self.repo} "
                "and give your token in HF_TOKEN",
                final=True,
            )
        if isinstance(error, errors.RevisionNotFoundError):
            return HubError(f"{self.repo}: has no revision '{self.revision}'", final=True)
        if isinstance(error, errors.EntryNotFoundError):
            return HubError(f"{where} is not there")
        if status == 401 or isinstance(error, errors.RepositoryNotFoundError):
            why = "the token was refused" if self._token else "no such repository, or it wants a token (HF_TOKEN)"
            return HubError(f"{self.repo}: {why} (HTTP {status or 404} from {self.address})", final=True)
        if status == 403:
            return HubError(f"{where}: access is refused (HTTP 403); the token lacks the right to read it", final=True)
        if status == 429:
            return HubError(f"{where}: too many requests (HTTP 429); wait some minutes, then go on", again=True)
        if status is not None:
            return HubError(f"{where}: the hub answers with HTTP {status}", again=status in _BUSY)
        return self._said_of_transport(error, where)

    def _said_of_transport(self, error: Exception, where: str) -> HubError | None:
        import huggingface_hub.errors as errors

        if isinstance(error, errors.HFValidationError):
            return HubError(f"{self.repo}: not the name of a repository (owner/name)", final=True)
        if isinstance(error, (KeyError, TypeError, AttributeError, ValueError)):
            return HubError(f"{where}: {self.address} answers in a form that is not the hub's; is HF_ENDPOINT right?")
        if type(error).__module__.partition(".")[0] in _TRANSPORTS or isinstance(error, ConnectionError):
            why = f"{self.address} cannot be reached ({_kind(error)}); is there a network?"
            return HubError(f"{where}: {why}", again=True)
        if isinstance(error, OSError) and error.errno is None:
            return HubError(f"{where}: came in another size than the hub names", again=True)
        return None


def _status(error: Exception) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _kind(error: Exception) -> str:
    name = type(error).__name__
    return "it takes too long" if "Timeout" in name else name


def is_plain_path(path: str) -> bool:
    """Whether a path names something inside a folder, on every system: no root, no drive, no '..', no odd characters.

    >>> is_plain_path("image/a b.png"), is_plain_path("../a"), is_plain_path("/a"), is_plain_path("c:/a"), is_plain_path("a//b")
    (True, False, False, False, False)
    """
    parts = path.split("/")
    if _DRIVE.match(path) or (os.name == "nt" and ":" in path):
        return False
    return all(
        part not in {"", ".", ".."}
        and len(part.encode("utf-8", "surrogatepass")) <= _NAME_BYTES
        and part.isprintable()
        and "\\" not in part
        for part in parts
    )
