"""The TFDS builder of CSL-Daily."""

from pathlib import Path

from tfds_builders.annotations import ClipSource
from tfds_builders.csl_daily.annotations import clip_sources
from tfds_builders.sign_corpus import SignCorpusBuilder


class Builder(SignCorpusBuilder):
    """Chinese sign language: 18,401 / 1,077 / 1,176 clips, 2,000 glosses."""

    DROP_TOP_ROWS = 40  # background above the signer
    FRAME_RATE = 30.0

    def sources(self, data_path: Path) -> dict[str, list[ClipSource]]:
        return clip_sources(data_path)
