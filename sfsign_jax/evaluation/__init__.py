"""From glosses to numbers: cleaning, reference and prediction files, the word error rate."""

from sfsign_jax.evaluation.cleaning import clean_glosses, clean_line
from sfsign_jax.evaluation.nist import NistCount, nist_word_error_rate
from sfsign_jax.evaluation.page import report_page
from sfsign_jax.evaluation.report import word_error_report
from sfsign_jax.evaluation.results import write_results
from sfsign_jax.evaluation.sclite import sclite_files_word_error_rate, sclite_word_error_rate
from sfsign_jax.evaluation.transcripts import read_ctm, read_stm, write_ctm, write_stm
from sfsign_jax.evaluation.word_errors import (
    AlignedWord,
    WordErrors,
    align,
    align_clips,
    clip_errors,
    word_error_rate,
)

__all__ = [
    "AlignedWord",
    "NistCount",
    "WordErrors",
    "align",
    "align_clips",
    "clean_glosses",
    "clean_line",
    "clip_errors",
    "nist_word_error_rate",
    "read_ctm",
    "read_stm",
    "report_page",
    "sclite_files_word_error_rate",
    "sclite_word_error_rate",
    "word_error_rate",
    "word_error_report",
    "write_ctm",
    "write_results",
    "write_stm",
]
