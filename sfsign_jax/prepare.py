"""Builds a dataset from its raw form, without TensorFlow.

python -m sfsign_jax.prepare synthetic_signs/demo [--prepared_dir DIR]
python -m sfsign_jax.prepare phoenix2014 --data_path DIR [--prepared_dir DIR] [--skip_broken]
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sfsign_jax.command_line.arguments import MAX_MEGAPIXELS
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.data.catalog import PREPARED_DIR

if TYPE_CHECKING:
    from sfsign_jax.data.preparation import Prepared


def main() -> None:
    arguments = parse_arguments()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.data.preparation import prepare

    prepared = prepare(
        arguments.dataset,
        arguments.prepared_dir,
        arguments.data_path,
        arguments.clips,
        arguments.skip_broken,
        allow_outside=arguments.allow_outside,
        max_pixels=round(arguments.max_megapixels * 1e6),
    )
    tell_short_clips(prepared)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.prepare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("dataset", help="such as synthetic_signs/demo or phoenix2014/jpeg")
    parser.add_argument("--data_path", type=Path, help="the corpus's folder as it was downloaded")
    parser.add_argument(
        "--prepared_dir",
        type=Path,
        default=Path(PREPARED_DIR),
        help="where prepared datasets are kept; default: %(default)s",
    )
    parser.add_argument(
        "--clips",
        metavar="TRAIN,DEV,TEST",
        help="synthetic_signs only: how many clips to draw; kept as a dataset named after them",
    )
    parser.add_argument(
        "--skip_broken",
        action="store_true",
        help="leave clips with missing or damaged frames out, and list them at the end",
    )
    parser.add_argument(
        "--allow_outside",
        action="store_true",
        help="custom_corpus only: clips may lie elsewhere than below --data_path",
    )
    parser.add_argument("--max_megapixels", **MAX_MEGAPIXELS)
    return parser.parse_args()


def tell_short_clips(prepared: "Prepared") -> None:
    """Which clips the published network gives fewer steps than their glosses need."""
    from sfsign_jax.models.config import ModelConfig
    from sfsign_jax.training.short_clips import listed, short_clips

    stack, lines = ModelConfig(num_classes=2).temporal_stack, []
    for split, clips in prepared.clips.items():
        for number, reason in short_clips(clips, stack).items():
            rows = prepared.rows.get(split)
            lines.append(f"{rows[number] if rows else split}: {reason}")
    if lines:
        sentence = (
            f"{len(lines)} clips are too short for their glosses in the published network, and "
            "training leaves those out that stretching does not make long enough"
        )
        print(*listed(sentence, lines, prepared.folder / "too_short.log"), sep="\n")


if __name__ == "__main__":
    run_command_line(main)
