"""A hub on loopback: the tree API with pages, files with redirects to a second server, ranges, and real faults.

It speaks what ``huggingface_hub`` speaks to the public hub. Two ports: the hub and its storage, so that a token that leaks to
the storage is seen. It runs in a thread and stops with its context, or by itself after ``LIFETIME`` seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

LIFETIME = 120.0
COMMIT = "c0ffee" + "0" * 34
LARGE = 1000
"""Files of at least so many bytes are stored as large ones: SHA-256, another server."""


@dataclass
class Repo:
    files: dict[str, bytes]
    token: str = ""
    gated: bool = False
    revisions: tuple[str, ...] = ("main", COMMIT)
    branches: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Files of other branches."""

    def at(self, revision: str) -> dict[str, bytes] | None:
        """The files at a branch or commit; None if there is none."""
        for branch, files in self.branches.items():
            if revision in {branch, commit_of(branch)}:
                return files
        return self.files if revision in self.revisions else None


def commit_of(branch: str) -> str:
    return COMMIT if branch == "main" else hashlib.sha1(branch.encode()).hexdigest()


@dataclass
class FakeHub:
    repos: dict[str, Repo] = field(default_factory=dict)
    faults: dict[str, list[Any]] = field(default_factory=dict)
    """By path of a file, what happens to its requests for bytes in turn: 'break', 'wrong', 'long', 'whole' or a status."""
    listed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By path, what the tree says otherwise than it is."""
    page: int = 3
    url: str = ""
    store: str = ""
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """(method, path, headers) of each request to the hub; of those to the storage the path starts with 'store:'."""

    def paths(self, start: str = "") -> list[str]:
        return [path for _, path, _ in self.seen if path.startswith(start)]

    def fetched(self) -> set[str]:
        """The files whose bytes were asked for."""
        return {path.split(f"/resolve/{COMMIT}/", 1)[1] for path in self.paths() if "/resolve/" in path}


def git_sha(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def entry(path: str, data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "file", "oid": git_sha(data), "size": len(data), "path": path}
    if len(data) >= LARGE:
        sha256 = hashlib.sha256(data).hexdigest()
        found |= {"oid": "f" * 40, "lfs": {"oid": sha256, "size": len(data), "pointerSize": 130}}
    return found


def _refuse(status: int, code: str = "", message: str = "", **headers: str) -> web.Response:
    named = {"X-Error-Code": code, "X-Error-Message": message, **headers}
    return web.json_response({"error": message}, status=status, headers={k: v for k, v in named.items() if v})


def _access(repo: Repo | None, request: web.Request, revision: str) -> web.Response | None:
    given = request.headers.get("Authorization", "")
    if repo is None:
        return _refuse(401, "", "Invalid username or password.")
    if repo.gated and "resolve" in request.path:
        return _refuse(403 if given else 401, "GatedRepo", "Access to dataset is restricted.")
    if repo.token and given != f"Bearer {repo.token}":
        return _refuse(401, "RepoNotFound", "Repository not found") if not given else _refuse(403, "", "Forbidden")
    if repo.at(revision) is None:
        return _refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
    return None


class _Service:
    def __init__(self, hub: FakeHub) -> None:
        self.hub = hub
        self.blobs: dict[str, tuple[str, bytes]] = {}

    def _repo(self, request: web.Request) -> Repo | None:
        return self.hub.repos.get(f"{request.match_info['owner']}/{request.match_info['name']}")

    async def revision(self, request: web.Request) -> web.Response:
        repo, revision = self._repo(request), unquote(request.match_info["revision"])
        no = _access(repo, request, revision)
        return no or web.json_response({"id": "x/y", "sha": commit_of(revision)})

    async def tree(self, request: web.Request) -> web.Response:
        repo = self._repo(request)
        no = _access(repo, request, unquote(request.match_info["revision"]))
        if no is not None:
            return no
        assert repo is not None
        folder = unquote(request.match_info.get("path", "")).strip("/")
        start = f"{folder}/" if folder else ""
        recursive = request.query.get("recursive", "").lower() == "true"
        entries: dict[str, dict[str, Any]] = {}
        for path, data in sorted((repo.at(unquote(request.match_info["revision"])) or {}).items()):
            if not path.startswith(start):
                continue
            rest = path[len(start) :].split("/")
            for i in range(1, len(rest) if recursive else min(len(rest), 2)):
                folder_path = start + "/".join(rest[:i])
                entries[folder_path] = {"type": "directory", "oid": "d" * 40, "size": 0, "path": folder_path}
            if recursive or len(rest) == 1:
                entries[path] = {**entry(path, data), **self.hub.listed.get(path, {})}
        if folder and not entries:
            return _refuse(404, "EntryNotFound", f"{folder} does not exist")
        at = int(request.query.get("cursor", "0"))
        every = list(entries.values())
        page = every[at : at + self.hub.page]
        headers = {}
        if at + self.hub.page < len(every):
            following = request.url.update_query(cursor=str(at + self.hub.page))
            headers["Link"] = f'<{following}>; rel="next"'
        return web.json_response(page, headers=headers)

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        repo = self._repo(request)
        no = _access(repo, request, request.match_info["revision"])
        if no is not None:
            return no
        assert repo is not None
        path = request.match_info["path"]
        data = (repo.at(request.match_info["revision"]) or {}).get(path)
        if data is None:
            return _refuse(404, "EntryNotFound", "Entry not found")
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{git_sha(data)}"'}
        if len(data) < LARGE:
            return await self.send(request, path, data, headers)
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = path, data
        location = f"{self.hub.store}/blob/{request.match_info['owner']}/{request.match_info['name']}/{digest}"
        headers |= {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(data)), "Location": location}
        return web.Response(status=302, headers=headers)

    async def blob(self, request: web.Request) -> web.StreamResponse:
        return await self.send(request, *self.blobs[request.match_info["digest"]], {})

    async def send(self, request: web.Request, path: str, data: bytes, headers: dict[str, str]) -> web.StreamResponse:
        faults = self.hub.faults.get(path, [])
        fault = faults.pop(0) if faults else ""
        if isinstance(fault, int):
            return _refuse(fault, **({"Retry-After": "0"} if fault == 429 else {}))
        if fault == "wrong":
            data = data[::-1]
        if fault == "long":
            data = data + b"x" * 100_000
        start, status = 0, 200
        asked = request.headers.get("Range", "")
        if asked and fault != "whole":
            start, status = int(asked.removeprefix("bytes=").split("-")[0]), 206
            headers = {**headers, "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        body = data[start:]
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = None if fault == "long" else len(body)
        await response.prepare(request)
        if fault == "break":
            await response.write(body[: len(body) // 2])
            await asyncio.sleep(0.05)
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(body)
        await response.write_eof()
        return response


@contextmanager
def serve_hub(**repos: Any) -> Iterator[FakeHub]:
    """A running hub with repositories ``owner__name=Repo`` or a dict of files; ``hub.url`` is its endpoint."""
    made = {name.replace("__", "/"): repo if isinstance(repo, Repo) else Repo(repo) for name, repo in repos.items()}
    hub = FakeHub(made)
    service = _Service(hub)
    started, stop = threading.Event(), threading.Event()

    def recorder(prefix: str) -> Any:
        @web.middleware
        async def record(request: web.Request, handler: Any) -> web.StreamResponse:
            hub.seen.append((request.method, prefix + request.path, dict(request.headers)))
            return await handler(request)

        return record

    async def main() -> None:
        app = web.Application(middlewares=[recorder("")])
        base = "/api/datasets/{owner}/{name}"
        app.router.add_get(base + "/revision/{revision}", service.revision)
        app.router.add_get(base + "/tree/{revision}", service.tree)
        app.router.add_get(base + "/tree/{revision}/{path:.*}", service.tree)
        app.router.add_get("/datasets/{owner}/{name}/resolve/{revision}/{path:.*}", service.resolve)
        store = web.Application(middlewares=[recorder("store:")])
        store.router.add_get("/blob/{owner}/{name}/{digest}", service.blob)
        runners = [web.AppRunner(a, access_log=None, shutdown_timeout=0.1) for a in (app, store)]
        for runner in runners:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        hub.url, hub.store = (f"http://127.0.0.1:{runner.addresses[0][1]}" for runner in runners)
        started.set()
        try:
            async with asyncio.timeout(LIFETIME):
                while not stop.is_set():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pass
        finally:
            for runner in runners:
                await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert started.wait(10), "the test hub did not start"
    try:
        yield hub
    finally:
        stop.set()
        thread.join(10)
