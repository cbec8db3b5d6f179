"""The TFDS builder of anyone's own recordings."""

from pathlib import Path

from tfds_builders.annotations import ClipSource
from tfds_builders.custom_corpus.annotations import clip_sources
from tfds_builders.custom_corpus.frame_rates import common_rate
from tfds_builders.sign_corpus import SignCorpusBuilder


class Builder(SignCorpusBuilder):
    """The clips of one table, or of ELAN files."""

    def sources(self, data_path: Path) -> dict[str, list[ClipSource]]:
        return clip_sources(data_path, allow_outside=self.allow_outside)

    def frame_rate(self, splits: dict[str, list[ClipSource]]) -> float | None:
        """That of all videos; None where they differ, which is said, or where nobody knows."""
        recordings = {source.frames for sources in splits.values() for source in sources}
        return common_rate(sorted(recordings), self.max_pixels)
