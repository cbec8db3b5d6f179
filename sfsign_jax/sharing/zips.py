"""A checkpoint in a zip file on the web: kept in a cache, fetched again where it has changed."""

import dataclasses
import hashlib
import http.client
import json
import logging
import shutil
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO

from tqdm import tqdm

from sfsign_jax.errors import UserError
from sfsign_jax.files import cache_folder, read_json
from sfsign_jax.runtime.lock import one_at_a_time
from sfsign_jax.sharing.parts import MOST_BYTES, check_size
from sfsign_jax.sharing.unpacking import unpack

CHECKPOINT, FETCHED = "checkpoint", "fetched.json"
STALLED = 30.0  # seconds without a byte after which a server is given up
CHUNK = 2**20
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclasses.dataclass(frozen=True)
class Validators:
    """By what a server tells whether a file is still the one it sent, in HTTP's words."""

    etag: str | None
    last_modified: str | None


def fetch_zip(url: str) -> Path:
    """The folder of the checkpoint in the zip file at `url`, in the cache.

    Raises:
        UserError: it can't be reached and was not fetched before, is no zip file of one
            checkpoint, or can't be written.
    """
    check_address(url)
    cached = cache_folder("checkpoints") / hashlib.sha256(url.encode()).hexdigest()[:32]
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(cached.with_suffix(".lock")):
            refresh(url, cached)
    except OSError as error:
        raise UserError(
            f"{url}: {cached.parent} can't be written ({error.strerror or error})"
        ) from error
    return cached / CHECKPOINT


def refresh(url: str, cached: Path) -> None:
    """Fetch the file, unless what was fetched before is still the same or all there is."""
    known = read_json(cached / FETCHED, Validators) if (cached / FETCHED).is_file() else None
    response = answer(url, known)
    if response is None:
        return
    unfinished = cached.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # of one that was killed
    unfinished.mkdir()
    try:
        with response:
            download(response, unfinished / "zip", url)
        unpack(unfinished / "zip", unfinished / CHECKPOINT, url)
        (unfinished / "zip").unlink()
        now = Validators(response.headers["ETag"], response.headers["Last-Modified"])
        (unfinished / FETCHED).write_text(json.dumps(dataclasses.asdict(now)))
        shutil.rmtree(cached, ignore_errors=True)
        unfinished.rename(cached)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def answer(url: str, known: Validators | None) -> http.client.HTTPResponse | None:
    """What the server sends; None where what was fetched before is to be used.

    Raises:
        UserError: it sends no file, or nothing is there to be used.
    """
    try:
        return request(url, known)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            if error.code == http.client.NOT_MODIFIED:
                return None
            if error.code < http.client.INTERNAL_SERVER_ERROR:
                raise UserError(f"{url}: the server answers {error.code} {error.reason}") from error
        unreachable = f"{url} can't be reached ({getattr(error, 'reason', None) or error})"
        if known is None:
            raise UserError(f"{unreachable}, and was not fetched before") from error
    logging.getLogger(__name__).warning("%s: what was fetched before is used", unreachable)
    return None


def request(url: str, known: Validators | None) -> http.client.HTTPResponse:
    """The server's answer; 304 is an HTTPError to urllib, and says that nothing has changed."""
    headers = {"User-Agent": "sfsign_jax"}
    if known and known.etag:
        headers["If-None-Match"] = known.etag
    if known and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    opener = urllib.request.build_opener(CheckedRedirects)
    return opener.open(urllib.request.Request(url, headers=headers), timeout=STALLED)


class CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a server to no address that would not have been asked."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def check_address(url: str) -> None:
    """Raises UserError where it is none, or others could change what is on its way."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise UserError(f"{url} is no address ({error})") from error
    if parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        raise UserError(f"{url} is refused: others could change it on its way; use https")


def download(response: http.client.HTTPResponse, path: Path, url: str) -> None:
    """Write what the server sends.

    Raises:
        UserError: it breaks off, or is too much.
    """
    expected = response.length or 0  # nothing, where the server does not say
    check_size(url, expected, path.parent)
    received = 0
    with (
        path.open("wb") as file,
        tqdm(total=expected or None, unit="B", unit_scale=True, leave=False, disable=None) as bar,
    ):
        while chunk := read_chunk(response, url):
            file.write(chunk)
            bar.update(len(chunk))
            received += len(chunk)
            if received > MOST_BYTES:
                check_size(url, received, path.parent)
    if received < expected:  # which http.client leaves to its caller
        raise UserError(
            f"{url} broke off after {received / 1e6:.1f} of {expected / 1e6:.1f} MB: try it again"
        )


def read_chunk(response: http.client.HTTPResponse, url: str) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise UserError(f"{url} broke off ({error}): try it again") from error
