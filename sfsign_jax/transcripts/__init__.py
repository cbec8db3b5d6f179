"""What was recognised in a video, written down for other programs."""

from sfsign_jax.transcripts.elan import write_eaf
from sfsign_jax.transcripts.json_file import write_json
from sfsign_jax.transcripts.subtitles import write_srt, write_vtt
from sfsign_jax.transcripts.transcript import Transcript

WRITERS = {"json": write_json, "srt": write_srt, "vtt": write_vtt, "eaf": write_eaf}

__all__ = ["WRITERS", "Transcript"]
