"""Builds a dataset from its raw form, without TensorFlow.

python -m sfsign_jax.prepare synthetic_signs/demo [--prepared_dir DIR]
"""

import argparse
import importlib
import pkgutil
from pathlib import Path

import tfds_builders
from sfsign_jax.data.catalog import PREPARED_DIR
from sfsign_jax.errors import UserError, run_command_line


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.prepare", description="Builds a dataset from its raw form."
    )
    parser.add_argument("dataset", help="such as synthetic_signs/demo")
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
    arguments = parser.parse_args()
    prepare(arguments.dataset, arguments.prepared_dir.expanduser(), arguments.clips)


def prepare(dataset: str, prepared_dir: Path, clips: str | None = None) -> None:
    """Write `dataset` (name or name/config) as ArrayRecord files below `prepared_dir`.

    Raises:
        UserError: there is no such dataset or configuration.
    """
    name, _, config = dataset.partition("/")
    known = [module.name for module in pkgutil.iter_modules(tfds_builders.__path__) if module.ispkg]
    if name not in known:
        raise UserError(f"there is no dataset {name!r}; known are {', '.join(sorted(known))}")
    module = importlib.import_module(f"tfds_builders.{name}.{name}_dataset_builder")
    if config and config not in module.Builder.builder_configs:
        raise UserError(
            f"{name} has no configuration {config!r}; it has "
            f"{', '.join(module.Builder.builder_configs)}"
        )
    if clips:
        if name != "synthetic_signs":
            raise UserError(f"{name} has the clips it has: --clips is for synthetic_signs")
        config = module.resized_config(config or "demo", clip_counts(clips))
    builder = module.Builder(
        config=config or None, data_dir=str(prepared_dir), file_format="array_record"
    )
    builder.download_and_prepare()
    counts = ", ".join(
        f"{split.num_examples} {name}" for name, split in builder.info.splits.items()
    )
    print(f"{builder.info.full_name} is in {builder.data_path}: {counts} clips")


def clip_counts(text: str) -> dict[str, int]:
    """5672,540,629 as the number of clips of each split.

    Raises:
        UserError: the text is something else.
    """
    counts = text.split(",")
    if len(counts) != 3 or not all(count.isdigit() and int(count) > 0 for count in counts):
        raise UserError(f"--clips is {text!r}: give three numbers, such as 5672,540,629")
    return dict(zip(("train", "dev", "test"), map(int, counts), strict=True))


if __name__ == "__main__":
    run_command_line(main)
