"""Builds a dataset from its raw form, without TensorFlow, and tells what is in it.

python -m sfsign_jax.prepare synthetic_signs/demo [--prepared_dir DIR]
python -m sfsign_jax.prepare phoenix2014 --data_path DIR [--prepared_dir DIR] [--skip_broken]

Of a dataset that is there already it tells only. The whole summary is a page beside the records,
summary.html.
"""

import argparse
from pathlib import Path

from sfsign_jax.command_line.arguments import MAX_MEGAPIXELS
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.data.catalog import PREPARED_DIR


def main() -> None:
    arguments = parse_arguments()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.data.preparation import prepare
    from sfsign_jax.summary import summarise

    prepared = prepare(
        arguments.dataset,
        arguments.prepared_dir,
        arguments.data_path,
        arguments.clips,
        arguments.skip_broken,
        allow_outside=arguments.allow_outside,
        max_pixels=round(arguments.max_megapixels * 1e6),
    )
    print(*summarise(prepared), sep="\n")


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


if __name__ == "__main__":
    run_command_line(main)
