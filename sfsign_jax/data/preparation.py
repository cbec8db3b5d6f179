"""From a corpus on disk to a prepared dataset, by the builders of tfds_builders."""

import contextlib
import importlib
import pkgutil
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import tensorflow_datasets as tfds

import tfds_builders
from sfsign_jax.data.catalog import Metadata, read_metadata
from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.errors import UserError
from sfsign_jax.runtime.lock import only_process
from sfsign_jax.text import printable
from tfds_builders.sign_corpus import SignCorpusBuilder


class Prepared(NamedTuple):
    """A dataset on disk."""

    name: str  # with its configuration and version
    folder: Path
    metadata: Metadata
    rows: Mapping[str, Sequence[str]]  # where each clip stands in a table, if it was read just now


def prepare(
    dataset: str,
    prepared_dir: Path,
    data_path: Path | None = None,
    clips: str | None = None,
    skip_broken: bool = False,
    allow_outside: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Prepared:
    """Write `dataset` (name or name/config) as ArrayRecord files below `prepared_dir`.

    What is there already stays as it is, and needs no `data_path`.

    Raises:
        UserError: there is no such dataset or configuration, or `data_path` does not hold it.
    """
    prepared_dir = prepared_dir.expanduser()
    if any(part.is_file() for part in (prepared_dir, *prepared_dir.parents)):
        raise UserError(f"{prepared_dir} can't be a folder: a file is in its way")
    builder = make_builder(dataset, prepared_dir, clips)
    before = (Path(builder.data_path) / "dataset_info.json").is_file()
    if isinstance(builder, SignCorpusBuilder) and not (before and data_path is None):
        if data_path is None:
            raise UserError(f"where is {dataset}? Say --data_path DIR")
        if not data_path.expanduser().is_dir():
            raise UserError(f"there is no folder {data_path}")
        builder.skip_broken, builder.max_pixels = skip_broken, max_pixels
        builder.allow_outside = allow_outside
        builder.checked_sources(data_path.expanduser())  # mistakes come before anything is written
    download = tfds.download.DownloadConfig(manual_dir=data_path and data_path.expanduser())
    tfds.disable_progress_bar()  # ours knows how many clips there are
    with only_builder(Path(builder.data_path).parent):
        builder.download_and_prepare(download_config=download)
    counts = ", ".join(
        f"{split.num_examples} {name}" for name, split in builder.info.splits.items()
    )
    print(f"{builder.info.full_name} is in {builder.data_path}: {counts} clips")
    if before and data_path:
        print("it was prepared before: after a change to the corpus, delete that folder first")
    if broken := getattr(builder, "broken", []):
        print(f"left out {len(broken)} clips:", *map(printable, broken), sep="\n  ")
    folder = Path(builder.data_path)
    return Prepared(
        builder.info.full_name, folder, read_metadata(folder), getattr(builder, "rows", {})
    )


@contextlib.contextmanager
def only_builder(folder: Path) -> Iterator[None]:
    """Keeps other processes from building in `folder`, and clears away what killed ones left.

    Raises:
        UserError: another process is building there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with only_process(folder / ".lock", f"is preparing {folder}", "wait for it"):
        for unfinished in folder.glob("incomplete.*"):
            shutil.rmtree(unfinished)
        yield


def make_builder(
    dataset: str, prepared_dir: Path, clips: str | None
) -> tfds.core.GeneratorBasedBuilder:
    """The builder of name or name/config.

    Raises:
        UserError: there is none.
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
    return module.Builder(
        config=config or None, data_dir=str(prepared_dir), file_format="array_record"
    )


def clip_counts(text: str) -> dict[str, int]:
    """5672,540,629 as the number of clips of each split.

    Raises:
        UserError: the text is something else.
    """
    counts = text.split(",")
    if len(counts) != 3 or not all(count.isdigit() and int(count) > 0 for count in counts):
        raise UserError(f"--clips is {text!r}: give three numbers, such as 5672,540,629")
    return dict(zip(("train", "dev", "test"), map(int, counts), strict=True))
