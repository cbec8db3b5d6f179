"""Oracle: FFmpeg reads the subtitles, pympi what ELAN reads."""

import json

import av
import numpy as np
import pympi
import pytest

from sfsign_jax.recognition.result import Alternative, Recognition
from sfsign_jax.transcripts import WRITERS, Transcript


def sentence(start, glosses):
    """Each gloss lasts ten frames, with five before it."""
    first = [start + 5 + 15 * i for i in range(len(glosses))]
    return Recognition(
        glosses=glosses,
        tokens=tuple(range(1, len(glosses) + 1)),
        spans=tuple((frame, frame + 9) for frame in first),
        confidences=(0.75,) * len(glosses),
        frames=(start, start + 20 + 15 * len(glosses)),
        log_probability=-0.5,
        alternatives=(Alternative(("RAIN",), -1.5),),
        posteriors=np.zeros((1, 3)),
    )


TRANSCRIPT = Transcript(
    "films/März & co.mp4", 25, [sentence(0, ("RAIN", "SÜD<2>")), sentence(90000, ("SUN",))]
)
SPOKEN = [(200, 1200, "RAIN SÜD<2>"), (3600200, 3600600, "SUN")]  # milliseconds


def write(kind, folder):
    path = folder / f"transcript.{kind}"
    WRITERS[kind](path, TRANSCRIPT)
    assert [file.name for file in folder.iterdir()] == [path.name]
    return path


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_subtitles(kind, tmp_path):
    with av.open(str(write(kind, tmp_path))) as container:
        packets = [packet for packet in container.demux(subtitles=0) if packet.size]
    read = [
        (packet.pts, packet.pts + packet.duration, bytes(packet).decode()) for packet in packets
    ]
    assert read == SPOKEN


def test_elan(tmp_path):
    path = write("eaf", tmp_path)
    file = pympi.Elan.Eaf(path)
    assert sorted(file.get_tier_names()) == ["glosses", "sentences"]
    assert sorted(file.get_annotation_data_for_tier("sentences")) == SPOKEN
    assert sorted(file.get_annotation_data_for_tier("glosses")) == [
        (200, 600, "RAIN"),
        (800, 1200, "SÜD<2>"),
        (3600200, 3600600, "SUN"),
    ]
    (link,) = file.get_linked_files()
    assert link["RELATIVE_MEDIA_URL"] == "./März & co.mp4"
    assert link["MIME_TYPE"] == "video/mp4"
    WRITERS["eaf"](path, TRANSCRIPT)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_json(tmp_path):
    read = json.loads(write("json", tmp_path).read_text(encoding="utf-8"))
    assert (read["video"], read["frame_rate"]) == (TRANSCRIPT.video, 25)
    first, second = read["sentences"]
    assert (first["start"], first["end"], first["text"]) == (0.2, 1.2, "RAIN SÜD<2>")
    assert second["frames"] == [90005, 90014]
    assert first["glosses"][1] == {
        "gloss": "SÜD<2>",
        "start": 0.8,
        "end": 1.2,
        "frames": [20, 29],
        "confidence": 0.75,
    }
    assert first["alternatives"] == [{"text": "RAIN", "log_probability": -1.5}]
