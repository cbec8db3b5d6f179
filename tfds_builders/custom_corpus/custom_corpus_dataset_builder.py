"""The TFDS builder of anyone's own recordings."""

from pathlib import Path

from tfds_builders.annotations import ClipSource
from tfds_builders.custom_corpus.annotations import clip_sources
from tfds_builders.sign_corpus import SignCorpusBuilder


class Builder(SignCorpusBuilder):
    """The clips of one table, or of ELAN files."""

    def sources(self, data_path: Path) -> dict[str, list[ClipSource]]:
        return clip_sources(data_path, allow_outside=self.allow_outside)
