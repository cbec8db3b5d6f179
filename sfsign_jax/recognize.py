"""Recognises the signing in videos.

python -m sfsign_jax.recognize --checkpoint DIR VIDEO_OR_FRAME_FOLDER ...
"""

import argparse
import sys
from pathlib import Path

from sfsign_jax import devices
from sfsign_jax.data.frames import read_clip, resize_frames
from sfsign_jax.errors import UserError, run_command_line
from sfsign_jax.models.padding import total_stride
from sfsign_jax.recognizer import Recognition, Recognizer, load
from sfsign_jax.timeline import save_timeline


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.recognize",
        description="Prints the glosses of each video with their time spans, and saves a picture.",
    )
    parser.add_argument("--checkpoint", required=True, type=Path, help="a checkpoint folder")
    parser.add_argument("--output", type=Path, help="folder of the pictures; default: beside each")
    parser.add_argument("--platform", default="auto", choices=devices.PLATFORMS)
    parser.add_argument("videos", nargs="+", type=Path, help="video files or folders of frames")
    arguments = parser.parse_args()
    if arguments.output and not arguments.output.is_dir():
        raise UserError(f"there is no folder {arguments.output} to write pictures to")
    devices.start(arguments.platform)
    recognizer = load(arguments.checkpoint)
    for video in arguments.videos:
        folder = arguments.output or video.absolute().parent
        recognize_video(recognizer, video, folder / f"{video.stem}.timeline.png")


def recognize_video(recognizer: Recognizer, video: Path, picture: Path) -> None:
    frames, rate = read_clip(video)
    clip = resize_frames(frames, recognizer.preprocessing.frame_size)
    recognition = recognizer.recognize(clip)
    print(f"{video}: {' '.join(recognition.glosses) or '(nothing recognised)'}")
    print_spans(recognition, rate)
    sys.stdout.flush()  # the picture takes a second
    stride = total_stride(recognizer.config.temporal_stack)
    save_timeline(picture, clip, recognition, stride)
    print(f"  picture: {picture}")


def print_spans(recognition: Recognition, rate: float | None) -> None:
    for gloss, (first, last) in zip(recognition.glosses, recognition.spans, strict=True):
        seconds = f"  {first / rate:6.2f} - {(last + 1) / rate:5.2f} s" if rate else ""
        print(f"  frames {first:4d} - {last:4d}{seconds}  {gloss}")


if __name__ == "__main__":
    run_command_line(main)
