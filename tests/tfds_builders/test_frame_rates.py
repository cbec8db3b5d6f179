"""Oracle: videos that were written at these rates."""

import pytest
from video_files import gradient, write_video

from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.data.remarks import collected_remarks
from tfds_builders.custom_corpus.frame_rates import common_rate


@pytest.fixture
def recordings(tmp_path):
    def written(*rates):
        paths = [tmp_path / f"{number}.mp4" for number in range(len(rates))]
        for path, rate in zip(paths, rates, strict=True):
            write_video(path, gradient(), rate=rate)
        return paths

    return written


def test_recordings_of_one_rate(recordings, tmp_path):
    (tmp_path / "broken.mp4").write_text("no video")
    others = [tmp_path / "broken.mp4", tmp_path / "missing.mp4"]
    with collected_remarks() as said:
        assert common_rate([*recordings(30, 30), *others], MAX_PIXELS) == 30
        assert common_rate(others, MAX_PIXELS) is None
    assert said == []


def test_recordings_of_several_rates(recordings):
    paths = recordings(25, 50, 25)
    with collected_remarks() as said:
        assert common_rate(paths, MAX_PIXELS) is None
    [sentence] = said
    assert f"{paths[0]} has 25 frames a second, {paths[1]} 50: " in sentence


def test_folders_of_images_have_no_rate(recordings, tmp_path):
    with collected_remarks() as said:
        assert common_rate([*recordings(25), tmp_path], MAX_PIXELS) is None
    assert said == []
