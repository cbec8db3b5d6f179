"""Makes the example that is installed with the package, of the demo's run: see `make example`.

python tools/make_example.py [DEMO]
"""

import argparse
import dataclasses
from pathlib import Path

import cv2
import numpy as np
from export_clip import write_video
from flax import nnx

from sfsign_jax.checkpoint import fingerprint, load_checkpoint, save_checkpoint
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation.results import METRICS, read_metrics
from sfsign_jax.example import CLIP, MODEL
from tfds_builders.synthetic_signs.corpus import DEMO, make_clip

NUMBER = 30  # of the clip, in test: it has three glosses
LARGER = 4  # so that a player shows it, and halving its colours does not blur the hands


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("demo", type=Path, nargs="?", default=Path("demo"))
    run = parser.parse_args().demo / "run"
    model, description = load_checkpoint(run / "best")
    state = nnx.state(model)
    rates = " and ".join(
        f"{rate_of(run, split, state):.1f} % on {split}" for split in ("dev", "test")
    )
    source = f"configs/demo.py on synthetic_signs/demo, whose signs are invented; WER {rates}"
    save_checkpoint(MODEL, state, dataclasses.replace(description, source=source))

    clip = make_clip(DEMO, "test", NUMBER)
    size = (LARGER * DEMO.frame_size,) * 2
    frames = [cv2.resize(x, size, interpolation=cv2.INTER_CUBIC) for x in clip.frames]
    write_video(CLIP, np.stack(frames), 25, "yuv420p")
    print(f"{MODEL}: {source}\n{CLIP}: {' '.join(clip.glosses)}")


def rate_of(run: Path, split: str, state: nnx.State) -> float:
    """The word error rate in percent."""
    path = run / "evaluation" / split / METRICS
    metrics = read_metrics(path)
    if metrics.fingerprint != fingerprint(state):
        raise UserError(f"{path} is of other weights than {run / 'best'}: evaluate these")
    return next(iter(metrics.heads.values()))["rate"]


if __name__ == "__main__":
    run_command_line(main)
