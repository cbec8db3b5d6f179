"""The TFDS builder of PHOENIX2014."""

from pathlib import Path

from tfds_builders.annotations import ClipSource
from tfds_builders.phoenix2014 import annotations
from tfds_builders.sign_corpus import SignCorpusBuilder


class Builder(SignCorpusBuilder):
    """German weather forecasts: 5,671 / 540 / 629 clips, 1,295 glosses."""

    FRAME_RATE = 25.0

    def sources(self, data_path: Path) -> dict[str, list[ClipSource]]:
        return annotations.clip_sources(data_path)

    def references(
        self, data_path: Path, splits: dict[str, list[ClipSource]]
    ) -> dict[str, dict[str, str]]:
        return annotations.references(data_path, splits)
