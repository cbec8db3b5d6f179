"""Writes one clip of a prepared dataset as a video file, to look at or to recognise.

python tools/export_clip.py synthetic_signs/demo clip.mp4 [--split test] [--index 0]
"""

import argparse
from fractions import Fraction
from pathlib import Path

from sfsign_jax.command_line.arguments import frame_rate
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.data.catalog import PREPARED_DIR
from sfsign_jax.errors import UserError
from sfsign_jax.text import printable


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", help="a prepared dataset, such as synthetic_signs/demo")
    parser.add_argument("video", type=Path, help="the file to write")
    parser.add_argument("--prepared_dir", default=PREPARED_DIR)
    parser.add_argument("--split", default="test")
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--rate", type=frame_rate, default=25, help="frames a second")
    arguments = parser.parse_args()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    import numpy as np

    from sfsign_jax.data.catalog import open_dataset
    from sfsign_jax.data.frame_clips import load_clip

    dataset = open_dataset(arguments.dataset, arguments.prepared_dir)
    records = dataset.splits.get(arguments.split, ())
    if not 0 <= arguments.index < len(records):
        raise UserError(f"{arguments.dataset} {arguments.split} has {len(records)} clips")
    record = records[arguments.index]
    frames = np.zeros((len(record["frames"]), *dataset.frame_size, 3), np.uint8)
    load_clip(dataset, record, range(len(frames)), out=frames)
    write_video(arguments.video, frames, arguments.rate)
    glosses = b" ".join(record["glosses"]).decode()
    print(printable(f"{arguments.video}: clip {record['id'].decode()}, signed: {glosses}"))


def write_video(path: Path, frames, rate: float, pixels: str = "yuv444p") -> None:
    """H.264 at a quality that leaves small hands sharp; browsers want other `pixels`, yuv420p."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=Fraction(rate).limit_denominator(1001), options={"crf": "10"}
        )
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    run_command_line(main)
