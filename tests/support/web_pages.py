"""The page served as its users serve it, and a browser's part in it."""

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading

import av
import numpy as np
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

HERE = "http://127.0.0.1:7860"  # of pages that no server has
DEMO = [sys.executable, "-m", "sfsign_jax.demo"]
# As a careless, or a nasty, vocabulary may have them.
BROKEN = "<img src=x onerror=alert(1)>&amp;{{7*7}}${1+1}.mp4"
HOSTILE = ("<b>X&amp;", "${1+1}", "{{7*7}}\"'")


def write_video(path, length):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(length):
            frame = np.full((48, 64, 3), 20 * i % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


@contextlib.contextmanager
def started(checkpoint, kept, *arguments, **environment):
    """Its address; at its end nothing of it may be left, nor a traceback in its terminal."""
    arguments = [*DEMO, "--checkpoint", str(checkpoint), "--port", str(free_port()), *arguments]
    terminal = kept.with_suffix(".stderr")
    environment = {**os.environ, "TMPDIR": str(kept), **environment}
    with (
        terminal.open("w") as stderr,
        subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment
        ) as process,
    ):
        try:
            line = process.stdout.readline()
            assert line.startswith("the page is at http://127.0.0.1:"), terminal.read_text()
            yield line.split()[4]
            assert process.poll() is None
        finally:
            process.terminate()
        assert process.wait(20) == 0
    assert "Traceback" not in terminal.read_text()
    assert list(kept.iterdir()) == []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def proxied(address, prefix):
    """A proxy's port; it serves `address` below `prefix`, and nothing else."""
    host, port = address.rstrip("/").removeprefix("http://").rsplit(":", 1)

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, rest = head.split(b" ", 2)
        if path.startswith(prefix.encode() + b"/"):
            there = await asyncio.open_connection(host, int(port.split("/")[0]))
            rest = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"\r\nConnection: close", rest)
            there[1].write(b" ".join((method, path.removeprefix(prefix.encode()), rest)))
            await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def pass_on(reader, writer):
        with contextlib.suppress(ConnectionError):
            while some := await reader.read(2**16):
                writer.write(some)
                await writer.drain()
            writer.close()

    listening = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    loop.run_until_complete(asyncio.start_server(serve, sock=listening))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    yield listening.getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)


def requested(browser):
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    urls = (
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    )
    return [url for url in urls if not url.startswith(("blob:", "data:"))]


def answered(browser):
    """Addresses of requests that were answered, since the log was read last."""
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return [
        message["params"]["response"]["url"]
        for message in messages
        if message["method"] == "Network.responseReceived"
    ]


def wait(condition):
    return WebDriverWait(None, 60, 0.05).until(lambda _: condition())


def upload(browser, video):
    browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(video))


def recognize(browser, video):
    """What the page then shows in the place of the result."""
    upload(browser, video)
    wait(lambda: browser.find_elements(By.TAG_NAME, "video"))
    return answer(browser)


def answer(browser):
    click(browser, "Recognise")
    [shown] = wait(lambda: browser.find_elements(By.CSS_SELECTOR, "signed-video, .problem"))
    return shown


def click(browser, text):
    """The button that says this, once it is there."""
    path = f"//button[contains(., '{text}') or @aria-label='{text}']"
    wait(lambda: browser.find_elements(By.XPATH, path))[0].click()


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]
