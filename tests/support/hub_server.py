"""A small Hugging Face hub on this machine, as much of it as the real client asks for.

It knows tokens and whose they are, and models: private or not, with a history of commits. It can be
told to break off in the middle of a file. Files are also served plainly, as by any web server.
"""

import base64
import contextlib
import hashlib
import http.server
import json
import re
import threading
import urllib.parse
from dataclasses import dataclass, field


@dataclass
class Model:
    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)  # files by revision
    revisions: dict[str, str] = field(default_factory=dict)  # commits by branch or tag

    def commit(self, files: dict[str, bytes]) -> str:
        about = repr((list(self.commits), sorted(files.items())))
        sha = hashlib.sha1(about.encode()).hexdigest()
        self.commits[sha] = files
        self.revisions["main"] = sha
        return sha

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[self.revisions["main"]]


@dataclass
class Hub:
    url: str
    tokens: dict[str, str] = field(default_factory=dict)  # owners by token
    models: dict[str, Model] = field(default_factory=dict)
    plain: dict[str, bytes] = field(default_factory=dict)  # files by path, outside of the hub
    redirects: dict[str, str] = field(default_factory=dict)
    licenses: tuple[str, ...] = ("apache-2.0", "cc-by-nc-sa-4.0")
    down: bool = False
    breaks_after: int | None = None  # bytes of a file, each time it is sent
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def asked(self, method: str, part: str) -> int:
        """How many requests there were whose path has this part."""
        return sum(m == method and part in path for m, path, _ in self.requests)


@contextlib.contextmanager
def running_hub():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.hub = Hub(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Refused(Exception):  # noqa: N818
    """Status, the hub's error code, and what it says."""


NOT_FOUND = Refused(401, "RepoNotFound", "Invalid username or password.")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        hub = self.server.hub
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        hub.requests.append((self.command, path, dict(self.headers)))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if hub.down:
                raise Refused(503, "", "back soon")
            for pattern, method in ROUTES:
                if found := re.fullmatch(pattern, f"{self.command} {path}"):
                    return getattr(self, method)(hub, *found.groups(), body)
            raise Refused(404, "NotFound", f"{path} is not there")
        except Refused as refused:
            status, code, message = refused.args
            headers = {"X-Error-Code": code, "X-Error-Message": message}
            return self.send(json.dumps({"error": message}).encode(), headers, status)

    do_GET = do_HEAD = do_POST = answer  # noqa: N815

    def send(self, content, headers=(), status=200):
        self.send_response(status)
        for key, value in dict(headers).items():
            self.send_header(key, value)
        if "Content-Length" not in dict(headers):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_json(self, content):
        self.send(json.dumps(content).encode(), {"Content-Type": "application/json"})

    def owner(self, hub):
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token and token not in hub.tokens:
            raise Refused(401, "", "Invalid credentials in Authorization header")
        return hub.tokens.get(token)

    def model(self, hub, name, writing=False):
        owner, model = self.owner(hub), hub.models.get(name)
        if model is None or (model.private and owner != name.partition("/")[0]):
            raise NOT_FOUND
        if writing and owner != name.partition("/")[0]:
            raise Refused(403, "", "you may not write to this model")
        return model

    def files(self, model, revision):
        sha = model.revisions.get(revision, revision)
        if sha not in model.commits and model.commits:
            raise Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return sha, model.commits.get(sha, {})

    def info(self, hub, name, revision, _):
        model = self.model(hub, name)
        sha, files = self.files(model, revision or "main")
        siblings = [{"rfilename": path} for path in files]
        about = {"id": name, "sha": sha, "private": model.private, "siblings": siblings}
        self.send_json(about | {"tags": [], "downloads": 0})

    def tree(self, hub, name, revision, _):
        _, files = self.files(self.model(hub, name), revision)
        entries = [
            {"type": "file", "path": path, "size": len(content), "oid": etag(content)}
            for path, content in files.items()
        ]
        self.send_json(entries)

    def resolve(self, hub, name, revision, path, _):
        sha, files = self.files(self.model(hub, name), revision)
        if path not in files:
            raise Refused(404, "EntryNotFound", f"{path} is not there")
        self.send_file(files[path], {"X-Repo-Commit": sha, "ETag": f'"{etag(files[path])}"'})

    def plain_file(self, hub, path, _):
        content = hub.plain.get(path)
        if path in hub.redirects:
            return self.send(b"", {"Location": hub.redirects[path]}, 302)
        if content is None:
            raise Refused(404, "", "Not Found")
        tag = f'"{etag(content)}"'
        if self.headers.get("If-None-Match") == tag:
            return self.send(b"", {"ETag": tag}, 304)
        return self.send_file(content, {"ETag": tag})

    def send_file(self, content, headers):
        """What is asked for of it; sometimes less."""
        hub, start, status = self.server.hub, 0, 200
        if found := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            start, status = int(found[1]), 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest = content[start:]
        headers["Content-Length"] = str(len(rest))
        if self.command == "GET" and hub.breaks_after is not None:
            rest = rest[: hub.breaks_after]
            self.close_connection = len(rest) < len(content) - start
        self.send(rest, headers, status)

    def create(self, hub, body):
        asked = json.loads(body)
        owner = self.owner(hub)
        if not owner or (asked["organization"] or owner) != owner:
            raise Refused(
                403, "", f"You don't have the rights to create in {asked['organization']}"
            )
        name = f"{owner}/{asked['name']}"
        hub.models[name] = Model(asked.get("visibility") == "private")
        self.send_json({"url": f"{hub.url}/{name}", "name": name})

    def validate(self, hub, body):
        content = json.loads(body)["content"]
        found = re.search(r"^license: (.*)$", content, re.MULTILINE)
        if found and found[1] not in hub.licenses:
            return self.send(
                b'- Error: "license" must be one of those that the hub knows', status=400
            )
        return self.send_json({"errors": [], "warnings": []})

    def preupload(self, hub, name, _, body):
        self.model(hub, name, writing=True)
        self.send_json(
            {
                "files": [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for file in json.loads(body)["files"]
                ]
            }
        )

    def commit(self, hub, name, _, body):
        model = self.model(hub, name, writing=True)
        files = dict(model.files) if model.commits else {}
        for line in body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "deletedFile":
                del files[value["path"]]
        sha = model.commit(files)
        self.send_json({"commitUrl": f"{hub.url}/{name}/commit/{sha}", "commitOid": sha})


def etag(content):
    return hashlib.sha1(content).hexdigest()


NAME = "([^/]+/[^/]+)"
ROUTES = [
    (f"GET /api/models/{NAME}(?:/revision/(.+))?", "info"),
    (f"GET /api/models/{NAME}/tree/([^/]+)", "tree"),
    (f"(?:GET|HEAD) /{NAME}/resolve/([^/]+)/(.+)", "resolve"),
    ("POST /api/repos/create", "create"),
    ("POST /api/validate-yaml", "validate"),
    (f"POST /api/models/{NAME}/preupload/(.+)", "preupload"),
    (f"POST /api/models/{NAME}/commit/(.+)", "commit"),
    ("GET (/files/.+)", "plain_file"),
]
