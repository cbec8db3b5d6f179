"""Oracle: `gradient`, whose frames tell their number by their brightness."""

from fractions import Fraction

import pytest
import video_files

from sfsign_jax.data.videos import open_video
from tfds_builders.annotations import ClipSource
from tfds_builders.encoding import FrameFormat, encoded_clips
from tfds_builders.video_parts import parts_of


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Twelve frames, 40 ms each."""
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    video_files.write_video(path, video_files.gradient(12))
    return path


def numbers(path, *spans):
    """Of each span: the numbers of its frames, or why there are none."""

    def encode(frame):
        return bytes(video_files.brightness(frame[None]))

    found = {
        i: problem or list(b"".join(frames))
        for i, frames, problem in parts_of(path, spans, encode, 10**6)
    }
    return [found[i] for i in range(len(spans))]


@pytest.mark.parametrize(
    ("span", "frames"),
    [
        ((0.0, 0.48), list(range(12))),
        ((0.08, 0.2), [2, 3, 4]),
        ((0.081, 0.201), [3, 4, 5]),
        ((0.0804, 0.12), [2]),  # 80 ms, as ELAN counts
        ((0.4, 0.9), [10, 11]),  # sound is often longer than the picture
    ],
)
def test_frames_within_a_span(video, span, frames):
    assert numbers(video, span) == [frames]


def test_all_spans_are_cut_from_one_reading(video):
    """In any order; they may overlap, when two people sign."""
    spans = ((0.32, 0.4), (0.0, 0.08), (0.04, 0.36), (0.04, 0.08))
    assert numbers(video, *spans) == [[8, 9], [0, 1], list(range(1, 9)), [1]]


@pytest.mark.parametrize("rate", [(30000, 1001), (50, 1), (24000, 1001)])
def test_times_in_whole_milliseconds_give_the_frames_they_were_made_of(tmp_path, rate):
    rate = Fraction(*rate)
    video_files.write_video(tmp_path / "a.mp4", video_files.gradient(12), rate)
    spans = [
        (round(1000 * i / rate) / 1000, round(1000 * (i + 2) / rate) / 1000) for i in range(11)
    ]
    assert numbers(tmp_path / "a.mp4", *spans) == [[i, i + 1] for i in range(11)]


def test_frames_of_a_video_of_uneven_rate_are_taken_by_their_time(tmp_path):
    times = [0, 40, 80, 120, 160, 200, 600, 640, 680, 720, 760, 800]
    video_files.write_video(tmp_path / "a.mkv", video_files.gradient(12), times=times)
    [shown] = numbers(tmp_path / "a.mkv", (0.6, 0.7))
    assert set(shown) <= {5, 6, 7, 8}
    assert 7 in shown


def test_what_is_not_in_the_video(video):
    first, second, third = numbers(video, (0.4, 1.2), (5.0, 6.0), (0.05, 0.06))
    ends = f"{video} ends at 00:00:00.480, and the clip is from "
    assert first == f"{ends}00:00:00.400 to 00:00:01.200: correct the annotation's times"
    assert second == f"{ends}00:00:05.000 to 00:00:06.000: correct the annotation's times"
    assert third == f"{video} has no frame from 00:00:00.050 to 00:00:00.060"


def test_a_video_that_is_none(tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    assert all(
        "can't be read as a video" in why for why in numbers(tmp_path / "a.mp4", (0, 1), (1, 2))
    )


def sources(video, *spans):
    return [ClipSource(f"c-{i}", "ann", "A", video, "row", span) for i, span in enumerate(spans)]


def test_an_interrupted_run_reads_only_what_is_missing(video, tmp_path, monkeypatch):
    some = sources(video, (0.0, 0.2), (4.0, 5.0), (0.2, 0.4))
    whole = list(encoded_clips(some, FrameFormat((48, 64)), tmp_path))
    assert [len(clip.frames) for clip in whole] == [5, 0, 5]
    assert whole[1].problem.startswith(f"row: clip c-1: {video} ends at 00:00:00.480")
    asked = []

    def parts(path, spans, encode, pixels):
        asked.extend(spans)
        return parts_of(path, spans, encode, pixels)

    monkeypatch.setattr("tfds_builders.encoding.parts_of", parts)
    assert list(encoded_clips(some, FrameFormat((48, 64)), tmp_path)) == whole
    assert asked == [(4.0, 5.0)]


def test_clips_whose_times_changed_are_cut_anew(video, tmp_path):
    lengths = [
        len(clip.frames)
        for span in ((0.0, 0.2), (0.0, 0.4))
        for clip in encoded_clips(sources(video, span), FrameFormat((48, 64)), tmp_path)
    ]
    assert lengths == [5, 10]


def test_nothing_is_read_after_the_last_clip(video, monkeypatch):
    read = []

    def counted(path, rate, pixels):
        opened = open_video(path, rate, pixels)
        return opened._replace(frames=(read.append(1) or frame for frame in opened.frames))

    monkeypatch.setattr("tfds_builders.video_parts.open_video", counted)
    assert numbers(video, (0.04, 0.12)) == [[1, 2]]
    assert len(read) == 3


def test_a_video_that_went_away(tmp_path):
    [clip] = encoded_clips(sources(tmp_path / "a.mp4", (0, 1)), FrameFormat((48, 64)), tmp_path)
    assert clip.problem == f"row: clip c-0: there is no video {tmp_path / 'a.mp4'}"
