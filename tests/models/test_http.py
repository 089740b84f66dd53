"""The pool of connections beyond what the model on top of it shows: TLS, proxies, servers that cannot be reached."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from genlevel import __version__
from genlevel.errors import ModelError, RequestFailed
from genlevel.models import http
from genlevel.models.http import Field, Http, Retries
from genlevel.models.proxies import is_here, proxy_variable
from tests.servers import Seen, echo, in_turn, serve, status

QUICK = Retries(attempts=1, timeout=10.0)
Asked = list[tuple[str, dict[str, str], bytes]]


@asynccontextmanager
async def server(
    answer: Callable[[bytes], bytes] = lambda body: b'{"got":%d}' % len(body),
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[tuple[int, Asked]]:
    """A server that speaks just enough HTTP/1.1; its port and what it was asked."""
    asked: Asked = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                given = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
                body = await reader.readexactly(int(given.get("content-length", 0)))
                asked.append((head[0], given, body))
                said = answer(body)
                more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
                length = "" if headers and "Transfer-Encoding" in headers else f"Content-Length: {len(said)}\r\n"
                writer.write(f"HTTP/1.1 200 OK\r\n{more}{length}\r\n".encode() + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    started = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield started.sockets[0].getsockname()[1], asked
    finally:
        started.close()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)
        await asyncio.sleep(0.01)  # to close what they had open


async def posted(url: str, body: http.Body = b"{}", **options: object) -> object:
    pool = Http(headers={"X-Test": "yes"}, **{"retries": QUICK, **options})  # type: ignore[arg-type]
    try:
        answer, _ = await pool.post_json(url, body)
        return answer
    finally:
        await pool.close()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    made = trustme.CA()
    path = tmp_path / "authority.pem"
    made.cert_pem.write_to_path(str(path))
    return made, path


def secured(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_a_server_whose_certificate_the_machine_trusts_is_asked_over_tls(
    authority: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[1]))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        asked = asyncio.create_task(asyncio.to_thread(serve_securely, listening, secured(authority[0], "127.0.0.1")))
        assert await posted(f"https://127.0.0.1:{listening.getsockname()[1]}/v1") == {"got": 2}
        assert (await asked).startswith(b"POST /v1 HTTP/1.1")


@pytest.mark.parametrize("name", ["127.0.0.1", "elsewhere.example"])
async def test_a_certificate_of_a_stranger_or_of_another_name_ends_the_run_and_gets_no_request(
    name: str, authority: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "elsewhere.example":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority[1]))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        asked = asyncio.create_task(asyncio.to_thread(serve_securely, listening, secured(authority[0], name)))
        with pytest.raises(ModelError, match=r"cannot be reached \(1 try\): .*[Cc]ertificate"):
            await posted(f"https://127.0.0.1:{listening.getsockname()[1]}/v1")
        assert not await asked


def serve_securely(listening: socket.socket, context: ssl.SSLContext) -> bytes:
    """Answer one request; what came, nothing if the caller does not accept the certificate.

    (asyncio's server would leave connections open whose handshake failed.)
    """
    caller, _ = listening.accept()
    caller.settimeout(10)
    with caller:
        try:
            with context.wrap_socket(caller, server_side=True) as secure:
                came = b""
                while b"\r\n\r\n{}" not in came:
                    came += (block := secure.recv(4096))
                    if not block:
                        return b""
                secure.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"got":2}')
                return came
        except OSError:
            return b""


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_a_proxy_of_the_environment_is_used_for_servers_elsewhere_only(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxies(monkeypatch)
    async with server() as (port, asked), server() as (proxy, passed):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy}")
        assert await posted("http://models.example/v1") == {"got": 2}
        assert await posted(f"http://127.0.0.1:{port}/v1") == {"got": 2}
        assert await posted(f"http://localhost:{port}/v1") == {"got": 2}
    assert [line for line, *_ in passed] == ["POST http://models.example/v1 HTTP/1.1"]
    assert [line for line, *_ in asked] == ["POST /v1 HTTP/1.1"] * 2


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nothing listens, and that nothing else gets meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    ("variable", "scheme"), [("HTTP_PROXY", "http"), ("https_proxy", "https"), ("ALL_PROXY", "https")]
)
async def test_a_fault_behind_a_proxy_names_its_variable_and_not_its_value(
    variable: str, scheme: str, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setenv(variable, f"http://user:hidden-word@127.0.0.1:{closed_port}")
    through = rf"cannot be reached \(1 try\): connection failed \(through the proxy of {variable}\): "
    with pytest.raises(ModelError, match=through) as error:
        await posted(f"{scheme}://models.example/v1")
    assert "hidden" not in str(error.value) and str(closed_port) not in str(error.value)
    with pytest.raises(ModelError, match="connection failed: "):
        await posted(f"{scheme}://127.0.0.1:{closed_port}/v1")


@pytest.mark.parametrize(
    ("host", "excepted", "variable"),
    [
        ("models.invalid", "", "HTTP_PROXY"),
        ("models.invalid", "other.invalid,s.invalid,models", "HTTP_PROXY"),
        ("models.invalid", "models.invalid:80", "HTTP_PROXY"),
        ("models.invalid", "other, models.invalid", ""),
        ("models.invalid", "MODELS.invalid", ""),
        ("models.invalid", ".invalid", ""),
        ("models.invalid", "*", ""),
        ("127.0.0.1:PORT", "", ""),
    ],
)
async def test_a_proxy_is_named_where_the_client_uses_it(
    host: str, excepted: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setenv("NO_PROXY", excepted)
    async with server() as (port, asked), server() as (proxy, passed):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        url = f"http://{host.replace('PORT', str(port))}/v1"
        with contextlib.suppress(ModelError):  # there is no such server
            await posted(url)
    assert proxy_variable(url) == variable
    assert bool(passed) == bool(variable)
    assert not (asked and passed)


@pytest.mark.parametrize(
    ("excepted", "variable"),
    [("other, 10.0.0.0/8", ""), ("10.1.2.3", ""), ("11.0.0.0/8", "HTTP_PROXY"), ("*", "HTTP_PROXY")],
)
def test_addresses_are_excepted_by_address_and_network(
    excepted: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", excepted)
    assert proxy_variable("http://10.1.2.3:8000/v1") == variable


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot be read"), (b"", "no certificate"), (b"x", "no certificate")]
)
async def test_a_file_of_certificates_that_is_none_ends_the_run_before_anything_is_asked(
    content: bytes | None, told: str, tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ModelError, match=f"SSL_CERT_FILE names {file}, which .*{told}"):
        await posted(f"https://127.0.0.1:{closed_port}/v1")
    async with server() as (port, _):
        assert await posted(f"http://127.0.0.1:{port}/v1") == {"got": 2}


async def test_a_server_without_tls_is_told() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    started = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with started:
        with pytest.raises(ModelError, match="does the server speak http instead of https"):
            await posted(f"https://127.0.0.1:{started.sockets[0].getsockname()[1]}/v1")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (400, r"HTTP 400$"),
        (401, r"refused the key \(HTTP 401\)$"),
        (402, r"no credit \(HTTP 402\)$"),
        (404, r"address or model \(HTTP 404\)$"),
        (503, r"HTTP 503 \(1 try\)$"),
        (302, r"redirects \(HTTP 302\) and does not say where to; check base_url$"),
        (304, r"redirects \(HTTP 304\) and does not say where to; check base_url$"),
    ],
)
async def test_an_answer_of_nothing_leaves_no_empty_tail(code: int, told: str) -> None:
    async def nothing(_: Seen, __: web.Request) -> web.StreamResponse:
        return web.Response(status=code)

    with serve(nothing) as asked, pytest.raises((ModelError, RequestFailed), match=told):
        await posted(f"{asked.url}/chat/completions")


async def test_requests_say_who_asks() -> None:
    async with server() as (port, asked):
        pool = Http(headers={"X-Test": "yes"}, retries=QUICK)
        for _ in range(5):
            await pool.post_json(f"http://127.0.0.1:{port}/v1", b"[1]")
        await pool.close()
    headers = asked[0][1]
    assert headers["user-agent"] == f"genlevel/{__version__}"
    assert (headers["x-test"], headers["content-type"]) == ("yes", "application/json")
    assert [body for *_, body in asked] == [b"[1]"] * 5


async def test_a_form_has_its_fields_and_files() -> None:
    fields = [Field("model", b"m"), Field("image", b"\x89PNG", "image/png", "a.png")]
    async with server() as (port, asked):
        await posted(f"http://127.0.0.1:{port}/v1", fields)
    _, headers, body = asked[0]
    boundary = headers["content-type"].partition("boundary=")[2].encode()
    one, two = body.split(b"--" + boundary)[1:-1]
    assert b'name="model"' in one and one.endswith(b"\r\n\r\nm\r\n")
    assert b'name="image"; filename="a.png"' in two and b"image/png" in two and two.endswith(b"\r\n\r\n\x89PNG\r\n")


async def test_a_server_that_takes_no_connection_in_time_was_never_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_CONNECT_SECONDS", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        callers = [socket.socket() for _ in range(4)]  # they fill the queue of connections
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        with pytest.raises(ModelError, match=r"cannot be reached \(1 try\): no connection within 0\.2 s"):
            await posted(f"http://127.0.0.1:{port}/v1")
        for caller in callers:
            caller.close()


@pytest.mark.parametrize("stated", [True, False])
async def test_an_answer_of_any_way_to_say_its_length_is_read_up_to_the_limit(
    stated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_LIMIT", 2**20)

    def sent(size: int) -> Callable[[bytes], bytes]:
        text = b'"' + b"a" * (size - 2) + b'"'
        return lambda _: text if stated else b"%x\r\n%s\r\n0\r\n\r\n" % (size, text)

    headers = None if stated else {"Transfer-Encoding": "chunked"}
    async with server(sent(2**20), headers) as (port, _):
        answer = await posted(f"http://127.0.0.1:{port}/v1")
        assert isinstance(answer, str) and len(answer) == 2**20 - 2
    async with server(sent(2**20 + 1), headers) as (port, _):
        with pytest.raises(RequestFailed, match="longer than 1 MiB"):
            await posted(f"http://127.0.0.1:{port}/v1")


async def test_a_false_length_beside_chunks_does_not_lift_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_LIMIT", 2**20)
    block = b"%x\r\n%s\r\n" % (2**20, b" " * 2**20)
    headers = {"Transfer-Encoding": "chunked", "Content-Length": "5"}
    async with server(lambda _: 3 * block + b"0\r\n\r\n", headers) as (port, _):
        with pytest.raises(RequestFailed, match="longer than 1 MiB"):
            await posted(f"http://127.0.0.1:{port}/v1")


async def test_a_length_of_thousands_of_digits_is_read_as_any_other() -> None:
    async with server(headers={"Content-Length": "0" * 5000 + "9"}) as (port, _):
        assert await posted(f"http://127.0.0.1:{port}/v1") == {"got": 2}


async def test_a_header_that_is_no_text_is_passed_over() -> None:
    later = in_turn(status(503, Retry_After="sp\u00e4ter"), echo)
    with serve(later) as asked:
        body = b'{"messages":[{"content":"hi"}]}'
        answer = await posted(f"{asked.url}/chat/completions", body, retries=Retries(2, 10.0, 0.01))
    assert isinstance(answer, dict) and answer["choices"][0]["message"]["content"] == "echo hi"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTP_PROXY", "ftp://user:hidden-word@127.0.0.1:1"),
        ("http_proxy", "http://user:hidden word@127.0.0.1:1"),
        ("ALL_PROXY", "http://user:hidden#word@127.0.0.1:1"),
        ("all_proxy", "http://[::1:hidden-word"),
    ],
)
async def test_a_proxy_that_cannot_be_used_ends_the_run_and_is_not_passed_by(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ModelError, match=f"{variable} names no proxy of the form") as error:
        await posted("http://models.example/v1")
    assert "hidden" not in str(error.value)
    async with server() as (port, _):
        assert await posted(f"http://127.0.0.1:{port}/v1") == {"got": 2}
    monkeypatch.setenv("NO_PROXY", "models.example")
    with pytest.raises(ModelError, match="cannot be reached"):
        await posted("http://models.example/v1")


@pytest.mark.parametrize(
    "value",
    [
        "127.0.0.1:PORT",
        "http://127.0.0.1:PORT/",
        "http://us%40er:p%3Aw!$@127.0.0.1:PORT",
        "socks5h://127.0.0.1:PORT",
        "https://127.0.0.1:PORT",
    ],
)
async def test_every_form_of_proxy_that_is_let_pass_is_one_that_is_used(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    called = asyncio.Event()

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        writer.close()

    proxy = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with proxy:
        monkeypatch.setenv("HTTP_PROXY", value.replace("PORT", str(proxy.sockets[0].getsockname()[1])))
        with pytest.raises((ModelError, RequestFailed)):
            await posted("http://models.example/v1")
    assert called.is_set()


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("LOCALHOST", True),
        ("127.0.1.1", True),
        ("0.0.0.0", True),
        ("[::1]", True),
        ("[::]", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_every_address_of_this_machine_for_itself_is_known(host: str, here: bool) -> None:
    assert is_here(f"http://{host}:8000/v1") == here
