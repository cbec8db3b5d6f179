"""The TFDS builder of CSL."""

from pathlib import Path

from tfds_builders.annotations import ClipSource
from tfds_builders.csl.annotations import clip_sources
from tfds_builders.sign_corpus import SignCorpusBuilder


class Builder(SignCorpusBuilder):
    """Chinese sign language, 179 glosses; it has no test split."""

    def sources(self, data_path: Path) -> dict[str, list[ClipSource]]:
        return clip_sources(data_path)
