"""Oracle: whole clips, cut off where an update was taken."""

import itertools

import numpy as np
import pytest
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data import live_sources
from sfsign_jax.data.live_sources import camera_frames, followed_frames
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.errors import UserError
from sfsign_jax.models.lengths import video_length
from sfsign_jax.recognition.live import live_glosses
from sfsign_jax.recognition.live_features import live_features
from sfsign_jax.recognition.network import Network, frame_features
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.sentences import PauseRule

PREPROCESSING = Preprocessing((40, 40), (32, 32))
CONFIG = small_config()


def frames(number):
    return np.random.default_rng(0).integers(0, 256, (number, 40, 40, 3), np.uint8)


@pytest.fixture(scope="module")
def recognizer():
    network = Network(state_of(CONFIG, oracle_of(CONFIG)), CONFIG, PREPROCESSING)
    return Recognizer(network, tuple("ABCDEF"))


@pytest.mark.parametrize(("number", "hop_frames"), [(50, 12), (36, 12), (3, 12)])
def test_every_update_is_the_clip_so_far(recognizer, number, hop_frames):
    settled, seen = [], []
    for update in live_features(recognizer.network, frames(number), hop_frames=hop_frames):
        settled.append(update.settled)
        seen.append(update.num_frames)
        features = np.concatenate([*settled, update.ahead])
        clip = np.zeros((1, 64, 40, 40, 3), np.uint8)
        clip[0, : update.num_frames] = frames(number)[: update.num_frames]
        lengths = np.array([update.num_frames], np.int32)
        expected = frame_features(recognizer.network, clip, lengths)[0]
        length = video_length(update.num_frames, CONFIG.temporal_stack)
        assert len(features) == length
        np.testing.assert_allclose(features, expected[:length], atol=1e-5)
    assert seen[-1] == number
    assert update.is_last
    assert len(seen) >= number // hop_frames


@pytest.mark.parametrize(
    ("pause_rule", "fewest"),
    [(PauseRule(6, 0.5, 1), 1), (PauseRule(6, 0.5, 3), 1), (PauseRule(2, 0.079, 1), 4)],
)
def test_with_the_longest_delay_it_is_the_video(recognizer, pause_rule, fewest, monkeypatch):
    monkeypatch.setattr(Recognizer, "pause_rule", lambda *_: pause_rule)
    clip = frames(200)
    glosses = [*live_glosses(recognizer, clip, delay_frames=1000, hop_frames=12)]
    sentences = [*recognizer.recognize_video(clip)]
    assert len(sentences) >= fewest
    expected = [
        pair
        for sentence in sentences
        for pair in zip(sentence.glosses, sentence.spans, strict=True)
    ]
    # The same gloss a step later counts as told already.
    emitted = [
        (gloss, span)
        for (before, (_, end)), (gloss, span) in itertools.pairwise([("", (0, -9)), *expected])
        if gloss != before or span[0] > end + 4
    ]
    assert glosses == emitted


def test_glosses_come_in_order_and_once_they_are_old_enough(recognizer):
    taken = 0

    def counted():
        nonlocal taken
        for frame in frames(96):
            taken += 1
            yield frame

    before = -1
    for _, (first, last) in live_glosses(recognizer, counted(), delay_frames=8, hop_frames=12):
        assert before < first <= last
        assert last + 8 < taken or taken == 96
        before = last
    assert before > 0


def test_no_frames(recognizer):
    assert not [*live_glosses(recognizer, [], delay_frames=8, hop_frames=12)]


class Clock:
    """In place of the module time: it stands still but while somebody sleeps."""

    def __init__(self, meanwhile=lambda: None):
        self.now = 0.0
        self.meanwhile = meanwhile

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.meanwhile()


def test_a_file_that_grows(tmp_path, monkeypatch):
    """Written in two halves, with a pause between them; the reader goes on, and stops later."""
    from video_files import brightness, gradient, write_video

    write_video(tmp_path / "whole.ts", gradient(12))
    data = (tmp_path / "whole.ts").read_bytes()
    growing = tmp_path / "growing.ts"
    growing.write_bytes(data[: len(data) // 2])

    def finish():
        if clock.now > 0.5 and growing.stat().st_size < len(data):
            growing.write_bytes(data)

    clock = Clock(finish)
    monkeypatch.setattr(live_sources, "time", clock)
    seen = np.stack([*followed_frames(growing, 25, idle=2)])
    assert brightness(seen) == [*range(12)]
    assert clock.now > 2.5


def test_files_that_can_not_be_followed(tmp_path):
    with pytest.raises(UserError, match="no file"):
        next(followed_frames(tmp_path / "missing.ts", 25, 1))
    (tmp_path / "broken.ts").write_bytes(b"not a video" * 100)
    with pytest.raises(UserError, match="can't be read"):
        next(followed_frames(tmp_path / "broken.ts", 25, 0.1))


class Camera:
    """Thirty frames a second, for a third of a second; BGR, each with its number in blue."""

    def __init__(self, number):
        self.number = number
        self.frame = -1

    def isOpened(self):  # noqa: N802
        return self.number == 0

    def read(self):
        live_sources.time.sleep(1 / 30)
        self.frame += 1
        picture = np.zeros((4, 4, 3), np.uint8)
        picture[..., 0] = self.frame
        return self.frame < 10, picture


def test_a_camera(monkeypatch):
    monkeypatch.setattr(live_sources, "time", Clock())
    monkeypatch.setattr(live_sources.cv2, "VideoCapture", Camera)
    numbers = [int(frame[0, 0, 2]) for frame in camera_frames(0, 15)]
    assert numbers == [0, 2, 4, 6, 8]
    with pytest.raises(UserError, match="camera 1 can't be opened"):
        next(camera_frames(1, 15))
