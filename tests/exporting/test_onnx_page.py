"""Oracle: a video whose frames are known greys; ONNX Runtime's place is taken by a page of ours."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from oracle import oracle_of, small_config, state_of
from selenium import webdriver
from selenium.webdriver.common.by import By
from web_pages import wait

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.exporting.onnx_file import write_onnx
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer

PAGE = Path(__file__).parents[2] / "docs" / "onnx.html"
RUNTIME = Path("node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs")
# A step for each frame, whose grey says its class: 0, 40, 80, …
STAND_IN = """
export class Tensor {
  constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }
}
export const InferenceSession = { create: async (file) => ({ run: async ({ frames }) => {
  const [count, height, width, colours] = frames.dims;
  if (frames.type !== "uint8" || height !== 40 || width !== 72 || colours !== 3) throw frames.dims;
  const size = height * width * colours;
  const logits = new Float32Array(count * 7);
  for (let i = 0; i < count; i++) logits[i * 7 + Math.round(frames.data[i * size] / 40)] = 1;
  return { logits: new Tensor("float32", logits, [count, 7]) };
} }) };
"""
CLASSES = [0, 0, 2, 2, 2, 0, 2, 3, 6, 6, 0, 1]
GLOSSES = ("A", "<b>B&amp;", "Ö", "D", "E", "F")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address(tmp_path):
    (tmp_path / RUNTIME).parent.mkdir(parents=True)
    (tmp_path / RUNTIME).write_text(STAND_IN)
    shutil.copy(PAGE, tmp_path)
    handler = functools.partial(Quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{PAGE.name}"
        server.shutdown()


@pytest.fixture
def browser():
    chromedriver = shutil.which("chromedriver")
    if chromedriver is None:
        pytest.skip("no chromedriver here")
    options = webdriver.ChromeOptions()
    for argument in ("--headless", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    with webdriver.Chrome(options, webdriver.ChromeService(chromedriver)) as browser:
        yield browser


def write_greys(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = 144, 80, "yuv420p"
        for token in CLASSES:
            frame = np.full((80, 144, 3), 40 * token, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


@pytest.mark.slow
def test_the_page_shows_the_glosses(address, browser, tmp_path):
    config = small_config()
    preprocessing = Preprocessing((40, 72), (32, 64), frame_rate=20.0)
    network = Network(state_of(config, oracle_of(config)), config, preprocessing)
    write_onnx(tmp_path / "sign.onnx", Recognizer(network, GLOSSES))
    write_greys(tmp_path / "clip.mp4")
    browser.get(address)
    status = browser.find_element(By.CSS_SELECTOR, "[role=status]")
    said = {
        (): "Choose a model and a video.",
        ("video", "sign.onnx"): "Choose a model and a video.",
        ("model", "sign.onnx"): "The browser can't play this video.",
        ("video", "clip.mp4"): "<b>B&amp; <b>B&amp; Ö F A",
    }
    for choice, text in said.items():
        if choice:
            browser.find_element(By.ID, choice[0]).send_keys(str(tmp_path / choice[1]))
        browser.find_element(By.TAG_NAME, "button").click()
        wait(lambda text=text: status.text == text)
