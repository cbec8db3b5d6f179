"""Builds a dataset from its raw form, without TensorFlow.

python -m sfsign_jax.prepare synthetic_signs/demo [--prepared_dir DIR]
"""

import argparse
import importlib
import pkgutil
from pathlib import Path

import tfds_builders
from sfsign_jax.errors import UserError, run_command_line


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.prepare", description="Builds a dataset from its raw form."
    )
    parser.add_argument("dataset", help="such as synthetic_signs/demo")
    parser.add_argument(
        "--prepared_dir",
        type=Path,
        default=Path("~/tensorflow_datasets"),
        help="where prepared datasets are kept; default: %(default)s",
    )
    arguments = parser.parse_args()
    prepare(arguments.dataset, arguments.prepared_dir.expanduser())


def prepare(dataset: str, prepared_dir: Path) -> None:
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
    builder = module.Builder(
        config=config or None, data_dir=str(prepared_dir), file_format="array_record"
    )
    builder.download_and_prepare()
    counts = ", ".join(
        f"{split.num_examples} {name}" for name, split in builder.info.splits.items()
    )
    print(f"{dataset} is in {builder.data_path}: {counts} clips")


if __name__ == "__main__":
    run_command_line(main)
