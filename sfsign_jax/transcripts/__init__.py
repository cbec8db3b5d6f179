"""What was recognised in a video, written down for other programs."""

from sfsign_jax.transcripts.corpus_table import write_csv
from sfsign_jax.transcripts.elan import write_eaf
from sfsign_jax.transcripts.json_file import write_json
from sfsign_jax.transcripts.subtitles import write_srt, write_vtt
from sfsign_jax.transcripts.transcript import Sentence, Transcript

WRITERS = {
    "json": write_json,
    "srt": write_srt,
    "vtt": write_vtt,
    "eaf": write_eaf,
    "csv": write_csv,
}

__all__ = ["WRITERS", "Sentence", "Transcript"]
