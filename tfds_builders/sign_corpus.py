"""What the builders of recorded corpora share."""

import abc
import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tqdm import tqdm

from sfsign_jax.data.picture_size import MAX_PIXELS
from sfsign_jax.errors import UserError
from tfds_builders.annotations import ClipSource, check_sources, vocabulary_of
from tfds_builders.encoding import FrameFormat, encoded_clips
from tfds_builders.records import Clip, clip_features, empty_facts, numbered_records


@dataclasses.dataclass(eq=False)
class FramesConfig(tfds.core.BuilderConfig):
    """How frames are stored."""

    frame_format: FrameFormat = FrameFormat((256, 256))


FRAMES_CONFIGS = (
    FramesConfig(name="lossless", description="The original bytes; PNG where resized."),
    FramesConfig(
        name="jpeg",
        description="JPEG of quality 95: about a quarter of the bytes.",
        frame_format=FrameFormat((256, 256), quality=95),
    ),
)


class SignCorpusBuilder(  # type: ignore[call-arg]
    tfds.core.GeneratorBasedBuilder, skip_registration=True
):
    """A corpus on disk: subclasses say which clips it has.

    Records are in the order of the tables; metadata holds the vocabulary, the size of the frames,
    of every clip id, signer, glosses, number of frames and their checksum, and the references that
    evaluation scores against.
    """

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = FRAMES_CONFIGS
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Give the corpus's folder: --data_path (tfds: --manual_dir)."
    skip_broken = False  # True leaves such clips out and lists them in `broken`
    allow_outside = False  # True lets a custom corpus have clips elsewhere than beside its table
    max_pixels = MAX_PIXELS  # of an original frame; larger ones are broken
    DROP_TOP_ROWS = 0  # of every frame, when it is loaded
    FRAME_RATE: float | None = None

    @abc.abstractmethod
    def sources(self, data_path: Path) -> dict[str, list[ClipSource]]:
        """The clips of every split.

        Raises:
            UserError: `data_path` is not this corpus, or a table is damaged.
        """

    def checked_sources(self, data_path: Path) -> dict[str, list[ClipSource]]:
        """The same, every clip with an id of its own and glosses."""
        splits = self.sources(data_path)
        check_sources(source for sources in splits.values() for source in sources)
        return splits

    def references(
        self, data_path: Path, splits: dict[str, list[ClipSource]]
    ) -> dict[str, dict[str, str]]:
        """What dev and test are scored against; here the annotations as they are."""
        del data_path
        return {
            split: {source.id: " ".join(source.glosses) for source in splits[split]}
            for split in splits
            if split != "train"
        }

    def frame_rate(self, splits: dict[str, list[ClipSource]]) -> float | None:
        """Frames a second, where all recordings have the same."""
        del splits
        return self.FRAME_RATE

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=clip_features(), metadata=tfds.core.MetadataDict(), disable_shuffling=True
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        data_path = Path(dl_manager.manual_dir)
        splits = self.checked_sources(data_path)
        self.info.metadata.update(
            vocabulary=vocabulary_of(splits),
            frame_size=list(self.builder_config.frame_format.size),
            drop_top_rows=self.DROP_TOP_ROWS,
            frame_rate=self.frame_rate(splits),
            references=self.references(data_path, splits),
            **empty_facts(),
        )
        self.broken: list[str] = []
        self.rows: dict[str, list[str]] = {}  # of each split: where each clip stands in a table
        return {split: self._generate_examples(split, splits[split]) for split in splits}

    def _generate_examples(
        self, split: str, sources: list[ClipSource]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from numbered_records(self.info.metadata, split, self.whole_clips(split, sources))
        if not self.info.metadata["num_frames"][split]:
            raise UserError(f"no clip of the split {split} can be used")

    def whole_clips(self, split: str, sources: list[ClipSource]) -> Iterator[Clip]:
        """The clips of a split whose frames are whole."""
        rows = self.rows[split] = []
        frame_format = self.builder_config.frame_format._replace(max_pixels=self.max_pixels)
        encoded = encoded_clips(sources, frame_format, self.unfinished_frames() / split)
        progress = tqdm(encoded, desc=split, total=len(sources), unit="clip", disable=None)
        for source, frames, problem in progress:
            if problem:
                if not self.skip_broken:
                    raise UserError(f"{problem} (--skip_broken leaves such clips out)")
                self.broken.append(problem)
                continue
            rows.append(source.row)
            yield Clip(source.id, source.signer, source.glosses, frames)

    def folder(self) -> Path:
        """Of this configuration. (While it builds, `data_dir` is a temporary one inside.)"""
        return Path(self._data_dir_root, self.info.full_name).parent

    def unfinished_frames(self) -> Path:
        """Where resized frames wait until the build is complete."""
        return self.folder() / f"unfinished_frames_{self.version}"

    def _download_and_prepare(self, *arguments: Any, **options: Any) -> None:
        super()._download_and_prepare(*arguments, **options)
        shutil.rmtree(self.unfinished_frames(), ignore_errors=True)
