"""The TFDS builder of the synthetic corpus."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from tfds_builders.records import Clip, clip_features, empty_facts, numbered_records
from tfds_builders.synthetic_signs.corpus import (
    DEMO,
    FULL,
    SLOW,
    SPLITS,
    CorpusConfig,
    encoded_clips,
)


@dataclasses.dataclass(eq=False)
class SyntheticSignsConfig(tfds.core.BuilderConfig):
    """A named corpus; for another number of clips, pass one with a changed ``corpus``."""

    corpus: CorpusConfig = dataclasses.field(default=DEMO, repr=False)  # TFDS prints a config


def resized_config(name: str, clips: dict[str, int]) -> SyntheticSignsConfig:
    """Configuration `name` with other numbers of clips, named after them: full_5672_540_629."""
    config = Builder.builder_configs[name]
    return SyntheticSignsConfig(
        name="_".join([name, *map(str, clips.values())]),
        description=config.description,
        corpus=dataclasses.replace(config.corpus, clips=clips),
    )


class Builder(tfds.core.GeneratorBasedBuilder):
    """Draws the clips; nothing is downloaded."""

    VERSION = tfds.core.Version("1.5.0")
    BUILDER_CONFIGS = (
        SyntheticSignsConfig(
            name="demo", description="72x72 pixels, short clips, 16 glosses.", corpus=DEMO
        ),
        SyntheticSignsConfig(
            name="slow", description="The demo's signs, of 8 to 25 frames each.", corpus=SLOW
        ),
        SyntheticSignsConfig(
            name="full", description="256x256 pixels, clips as long as PHOENIX2014's.", corpus=FULL
        ),
    )

    def _info(self) -> tfds.core.DatasetInfo:
        corpus = self.builder_config.corpus
        return self.dataset_info_from_configs(
            features=clip_features(),
            metadata=tfds.core.MetadataDict(
                {
                    "vocabulary": sorted(gloss.name for gloss in corpus.lexicon),
                    "frame_size": [corpus.frame_size, corpus.frame_size],
                    "frame_rate": 25.0,
                    **empty_facts(),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        del dl_manager
        return {split: self._generate_examples(split) for split in SPLITS}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        drawn = encoded_clips(self.builder_config.corpus, split)
        clips = (Clip(clip.id, clip.signer, clip.glosses, clip.frames) for clip in drawn)
        yield from numbered_records(self.info.metadata, split, clips)
