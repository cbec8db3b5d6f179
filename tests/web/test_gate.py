"""Requests as other sites, allowed and people send them, with the answers HTTP has for them."""

import asyncio
import errno
import os

import pytest
from gradio.route_utils import GradioUploadFile
from web_pages import HERE

from sfsign_jax.web import bodies


def upload(client, content=b"a video", name="clip.mp4", **headers):
    return client.post("/gradio_api/upload", files={"files": (name, content)}, headers=headers)


def call(client, body, where="run/predict"):
    json = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {"content-type": "application/json"}
    return client.post(f"/gradio_api/{where}", headers=headers, **json)


def choosing(path, **changes):
    """What the page's script says of a chosen video."""
    video = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
    return {"fn_index": 0, "session_hash": "abc1", "data": [video]} | changes


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("place", "known", "unknown"),
    [
        (
            {},
            ["127.0.0.1", "127.0.0.1:7860", "LOCALHOST:7860", "[::1]:7860"],
            ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "192.168.1.5:7860"],
        ),
        (
            {"allowed": ["signs.example.org"]},
            ["127.0.0.1:7860", "signs.example.org", "Signs.Example.org:8443"],
            ["evil.example", "org", "x.signs.example.org", "evil@127.0.0.1", "127.0.0.1/x", ""],
        ),
        (
            {"host": "0.0.0.0"},
            ["192.168.1.5:7860", "localhost:7860", "[fe80::1]:7860"],
            ["evil.example", "evil.example:7860"],
        ),
        ({"host": "192.168.1.5"}, ["192.168.1.5:7860"], ["127.0.0.1:7860", "192.168.1.6:7860"]),
    ],
)
def test_only_the_hosts_it_was_started_for(open_page, place, known, unknown):
    client = open_page(**place)
    for header in ("host", "x-forwarded-host"):
        usual = {"host": known[0]}
        for name in known:
            assert client.get("/", headers=usual | {header: name}).status_code == 200, name
        for name in unknown:
            for path in ("/", "/theme.css"):
                answer = client.get(path, headers=usual | {header: name})
                assert answer.status_code == 403, name
                assert "gradio" not in answer.text
    server = {"host": known[0], "x-gradio-server": "http://evil.example"}
    assert client.get("/", headers=server).status_code == 403


def test_nothing_for_the_pages_of_other_sites(open_page, tmp_path):
    client = open_page()
    others = ["http://evil.example", "null", "http://127.0.0.1:8000", "http://192.168.1.6:7860"]
    for origin in others:
        assert upload(client, origin=origin).status_code == 403
        assert not files(tmp_path)
        assert client.get("/config", headers={"origin": origin}).status_code == 403
        preflight = {"origin": origin, "access-control-request-method": "POST"}
        answer = client.options("/gradio_api/upload", headers=preflight)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_uploads_of_its_own_page(open_page):
    client = open_page(allowed=["signs.example.org"])
    for host, origin in [
        ("127.0.0.1:7860", HERE),
        ("localhost:7860", "http://localhost:7860"),
        ("signs.example.org", "https://signs.example.org"),
        ("127.0.0.1:7860", "https://signs.example.org"),  # a proxy that names its target
    ]:
        assert upload(client, host=host, origin=origin).status_code == 200
    behind = {"host": "127.0.0.1:7860", "x-forwarded-host": "localhost:8000"}
    assert upload(client, origin="http://localhost:8000", **behind).status_code == 200


def test_all_uploads_together_have_a_limit(open_page, tmp_path):
    client = open_page(total_megabytes=2)
    for number in range(4):
        answer = upload(client, bytes([number]) * 600_000)
        assert (answer.status_code == 200) == (number < 3)
    assert "too many videos are here already" in answer.text
    assert [file.stat().st_size for file in files(tmp_path)] == [600_000] * 3
    files(tmp_path)[0].unlink()
    assert upload(client, bytes([9]) * 600_000).status_code == 200


def test_a_large_upload(open_page, tmp_path):
    client = open_page()
    assert upload(client, bytes(1_005_000)).status_code == 413
    assert upload(client, bytes(1_100_000)).status_code == 413
    assert client.post("/gradio_api/upload", content=iter([b"x"])).status_code == 411
    assert client.post("/login", content=bytes(200_000)).status_code == 413
    assert call(client, b"[" * 200_000).status_code == 413
    assert not files(tmp_path)


NAMES = [
    "",
    ".",
    "..",
    "/",
    "???",
    " ",
    "../../clip.mp4",
    "a/b\\c.mp4",
    "a\nb\x1b[31m\x7f.mp4",
    "x" * 300 + ".mp4",
    "x." + "m" * 300,
    "🤟" * 100 + ".mp4",
    "<img src=x onerror=alert(1)>.mp4",
    "\ufeffA\u0308 & B.mp4",
]


def test_odd_names(open_page, tmp_path):
    client = open_page()
    for name in NAMES:
        answer = multipart(client, f'name="files"; filename="{name}"')
        kept = files(tmp_path)
        assert (answer.status_code, len(kept)) in ((200, 1), (400, 0)), name
        for file in kept:
            assert answer.json() == [str(file)]
            assert file.parent.parent == tmp_path
            assert not set(file.name) & set("<>\n\x1b\x7f")
            file.unlink()


def multipart(client, disposition, content_type="multipart/form-data; boundary=B", query=""):
    part = f"--B\r\nContent-Disposition: form-data; {disposition}\r\n\r\nx\r\n--B--\r\n"
    headers = {"content-type": content_type}
    return client.post(f"/gradio_api/upload{query}", content=part.encode(), headers=headers)


def test_uploads_that_are_none(open_page, tmp_path):
    client = open_page()
    for disposition in ('name="files"', 'filename="x"', 'name="files"; filename="' + "x" * 9000):
        for query in ("", "?upload_id=1"):
            assert multipart(client, disposition, query=query).status_code in (400, 413)
    for content_type in (
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=C",
    ):
        assert multipart(client, 'name="files"; filename="x"', content_type).status_code == 400
    assert multipart(client, 'name="other"; filename="x"').json() == []
    assert client.post("/gradio_api/upload").status_code >= 400
    assert not files(tmp_path)


def test_a_full_disk(open_page, tmp_path, monkeypatch):
    async def write(file, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    client = open_page()
    with monkeypatch.context() as patch:
        patch.setattr(GradioUploadFile, "write", write)
        answer = upload(client)
    assert answer.status_code == 507
    assert answer.text == "the video can't be kept here: No space left on device"
    assert not files(tmp_path)
    assert upload(client).status_code == 200


def test_calls_that_the_page_never_makes(open_page, tmp_path):
    client = open_page()
    [video] = upload(client).json()
    outside = tmp_path.parent / "outside.mp4"
    outside.touch()
    bad = [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 50_000,
        {},
        *(choosing(path) for path in (outside, "/etc/passwd", "http://127.0.0.1:1/x.mp4", "a\0b")),
        *(choosing(path) for path in (tmp_path, f"{video}/../{video}", "x" * 9000)),
        *(choosing(video, fn_index=number) for number in (2, 99, -1, 10**30, "x", None)),
        *(choosing(video, session_hash=text) for text in ("", "../x", "x" * 100, None, 1)),
        *(choosing(video, data=data) for data in ([], ["x"], [12], [{}], [None, None], "x", None)),
    ]
    for body in bad:
        for where in ("run/predict", "queue/join"):
            assert call(client, body, where).status_code in (400, 410), body
    asked = call(client, choosing(video, fn_index=1))
    assert asked.status_code == 404  # not past those who wait
    more = {"batched": True, "simple_format": True, "event_data": {"a": 1}, "trigger_id": 10**9}
    assert call(client, choosing(video, **more)).status_code == 200
    assert call(client, choosing(video, data=[None])).status_code == 200
    assert not files(tmp_path)


def test_twenty_may_wait(open_page):
    client = open_page()  # which nobody has started: none of them is served
    [video] = upload(client).json()
    asked = choosing(video, fn_index=1)
    statuses = [call(client, asked, "queue/join").status_code for _ in range(21)]
    assert statuses == [200] * 20 + [503]


def test_addresses_that_the_page_never_asks(open_page, tmp_path):
    client = open_page()
    [video] = upload(client).json()
    file = "/gradio_api/file="
    assert client.get(file + video).content == b"a video"
    assert client.get(file + video, headers={"range": "bytes=2-4"}).content == b"vid"
    for part in ("bytes=1-2-3", "bytes=a-b", "bytes=-", "bytes=9-2, 3-4", "x", "bytes=" + "9" * 99):
        assert client.get(file + video, headers={"range": part}).status_code == 416
    for path in (
        *(file + path for path in ("/etc/passwd", f"{tmp_path}/", f"{video}/../x", "http://a.b/c")),
        *("/assets/" + path for path in ("x" * 300, "%00", "..%2f..%2fx", "%ff")),
        *("/" + path for path in ("x", "login", "logout", "docs", "monitoring", "svelte/x", "%00")),
        *(
            "/gradio_api/" + path
            for path in (
                *("info", "openapi.json", "runs", "user", "token", "deep_link?session_hash=a"),
                *("startup-events", "proxy=http://a.hf.space", "heartbeat/..%2f", "queue/status"),
                *("stream/a/b/c/playlist.m3u8", "custom_component/a/b/c/d", "dev/reload"),
            )
        ),
    ):
        assert client.get(path).status_code in (403, 404), path
    for path in (
        "component_server",
        "process_recording",
        "vibe-edit",
        "cancel",
        "stream/1",
        "call/x",
    ):
        assert client.post(f"/gradio_api/{path}", json={}).status_code == 404
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert client.request(method, "/").status_code == 404
    assert client.get("/gradio_api/queue/data?session_hash=nobody").status_code == 200


def test_a_picture_with_a_script_in_it_is_no_part_of_the_page(open_page):
    client = open_page()
    [picture] = upload(client, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg").json()
    assert call(client, choosing(picture)).status_code == 200
    answer = client.get(f"/gradio_api/file={picture}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("then", ["disconnect", "wait"])
def test_an_upload_that_breaks_off(open_page, tmp_path, monkeypatch, then):
    monkeypatch.setattr(bodies, "PATIENCE", 0.1)
    client = open_page(total_megabytes=1)
    begin = b'--B\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n'
    messages = [{"type": "http.request", "body": begin + bytes(20_000), "more_body": True}]
    seen, sent = [], []

    async def receive():
        if messages:
            return messages.pop()
        seen.extend(files(tmp_path))
        if then == "wait":
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message.get("status"))

    headers = {
        "host": "127.0.0.1:7860",
        "content-length": "900000",
        "content-type": "multipart/form-data; boundary=B",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/gradio_api/upload",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(client.app(scope, receive, send))
    assert seen
    assert sent[0] == 408
    assert not files(tmp_path)
    assert upload(client, bytes(900_000)).status_code == 200


def test_a_password(open_page, tmp_path):
    client = open_page("0.0.0.0", password="schlüssel")
    video = tmp_path / "folder" / "clip.mp4"
    video.parent.mkdir()
    video.write_bytes(b"somebody's")

    def statuses():
        yield upload(client).status_code
        yield client.get(f"/gradio_api/file={video}").status_code
        yield client.get("/config").status_code
        yield client.get("/gradio_api/upload_progress?upload_id=1").status_code
        yield client.get("/gradio_api/queue/data?session_hash=nobody").status_code
        yield call(client, choosing(video)).status_code
        yield call(client, choosing(video, fn_index=1), "queue/join").status_code

    assert set(statuses()) == {401}
    assert files(tmp_path) == [video]
    assert "Recognise" not in client.get("/").text
    for given in ("", "x", "schlussel", "schlüssel "):
        login = client.post("/login", data={"username": "a", "password": given})
        assert login.status_code in (400, 422)
    assert set(statuses()) == {401}
    assert client.post("/login", data={"username": "a", "password": "schlüssel"}).status_code == 200
    assert client.get("/config").status_code == 200
    assert "Recognise" in client.get("/").text
    assert upload(client).status_code == 200


def test_below_a_path(open_page):
    """Which some allowed cut off and others don't."""
    client = open_page(root_path="/signs")
    for prefix in ("", "/signs"):
        assert client.get(f"{prefix}/config").json()["root"] == f"{HERE}/signs"
        assert client.get(f"{prefix}/static/img/logo.svg").status_code == 200
        assert client.get(f"{prefix}/signsx/config").status_code == 404
    assert client.get("/signs", follow_redirects=False).headers["location"] == "/signs/"
    [video] = client.post("/signs/gradio_api/upload", files={"files": ("a.mp4", b"x")}).json()
    assert client.get(f"/signs/gradio_api/file={video}").content == b"x"
    https = {"host": "localhost", "x-forwarded-proto": "https"}
    assert client.get("/config", headers=https).json()["root"] == "https://localhost/signs"
