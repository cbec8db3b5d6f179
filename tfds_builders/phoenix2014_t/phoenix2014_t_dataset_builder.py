"""The TFDS builder of PHOENIX2014-T."""

from pathlib import Path

from tfds_builders.annotations import ClipSource
from tfds_builders.phoenix2014_t.annotations import clip_sources
from tfds_builders.sign_corpus import SignCorpusBuilder


class Builder(SignCorpusBuilder):
    """German weather forecasts with translations: 7,096 / 519 / 642 clips, 1,115 glosses."""

    FRAME_RATE = 25.0

    def sources(self, data_path: Path) -> dict[str, list[ClipSource]]:
        return clip_sources(data_path)
