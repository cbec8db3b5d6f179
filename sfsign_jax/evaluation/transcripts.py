"""References and predictions on disk, a clip at a time, in the text formats of NIST's tools.

STM, the references: `id 1 signer 0.0 1.79769e+308 gloss gloss ...`, a line for each clip.
CTM, the predictions: `id 1 start end gloss`, a line for each gloss. The times only keep the order
of the glosses: the i-th one starts at 0.01 i. A clip that is predicted empty has no line.

`nist_files` says what else these formats have. What makes a clip more than one row of glosses is
refused here: several segments or channels, alternatives, segments that are not scored.
"""

import os
from collections.abc import Mapping, Sequence
from operator import itemgetter

from sfsign_jax.errors import UserError
from sfsign_jax.evaluation.nist_files import (
    IGNORED,
    NOTHING,
    Alternation,
    escape_word,
    read_segments,
    read_timed_words,
)
from sfsign_jax.files import write_text_atomically

# A recognised clip is scored as a whole: its segment lasts for ever.
_CHANNEL = "1"
_WHOLE_CLIP = "0.0 1.79769e+308"
_ONLY_NIST = "which the published count has no rule for; score with --tool nist"


def read_stm(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Reads references: clip id -> glosses, in the order of the file.

    Raises:
      UserError: the file is missing, a line is malformed or more than a row of glosses, or an id
        comes twice.
    """
    references: dict[str, list[str]] = {}
    for segment in read_segments(path):
        where, clip_id = segment.where, segment.file
        if segment.text is None:
            raise UserError(f"{where}: {IGNORED}, {_ONLY_NIST}")
        if clip_id in references:
            raise UserError(
                f"{where}: clip {clip_id} comes a second time; keep one of its lines, or score"
                " segments with --tool nist"
            )
        references[clip_id] = []
        for word in segment.text:
            if not isinstance(word, str):
                raise UserError(f"{where}: alternatives in braces, {_ONLY_NIST}")
            if word != NOTHING:
                references[clip_id].append(word)
        if not references[clip_id]:
            raise UserError(f"{where}: expected 'id 1 signer start end gloss ...', found no gloss")
    return references


def write_stm(
    path: str | os.PathLike[str],
    references: Mapping[str, Sequence[str]],
    signers: Mapping[str, str] | None = None,
) -> None:
    """Writes references; a clip that `signers` lacks is signed by "unknown".

    White space in a signer's name becomes "_": the format has no room for it, and the score no use.

    Raises:
      UserError: the file cannot be written, a clip has no gloss, or a word has white space in it.
    """
    signers = signers or {}
    lines = []
    for clip_id, glosses in references.items():
        signer = "_".join(signers.get(clip_id, "").split()) or "unknown"
        if not glosses:
            raise UserError(f"{path}: clip {clip_id} has no gloss, which STM cannot express")
        _check_words(path, clip_id, [clip_id, *glosses])
        words = " ".join(map(escape_word, glosses))
        lines.append(f"{clip_id} {_CHANNEL} {signer} {_WHOLE_CLIP} {words}\n")
    write_text_atomically(path, "".join(lines))


def read_ctm(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Reads predictions: clip id -> glosses, sorted by start time; ids in the order of the file.

    Raises:
      UserError: the file is missing, a line is malformed or more than a gloss, or the lines of a
        clip are apart.
    """
    timed_glosses: dict[str, list[tuple[float, str]]] = {}
    previous = ("", "")
    for word in read_timed_words(path):
        if isinstance(word, Alternation):
            raise UserError(f"{word.where}: alternatives (<ALT_BEGIN>), {_ONLY_NIST}")
        clip_id = word.file
        if clip_id in timed_glosses and (clip_id, word.channel) != previous:
            # As in a file that a second run was appended to: its glosses would count twice.
            raise UserError(
                f"{word.where}: clip {clip_id} comes a second time; keep one prediction"
            )
        previous = (clip_id, word.channel)
        timed_glosses.setdefault(clip_id, [])
        if word.word != NOTHING:
            timed_glosses[clip_id].append((word.start, word.word))
    return {
        clip_id: [gloss for _, gloss in sorted(timed, key=itemgetter(0))]
        for clip_id, timed in timed_glosses.items()
    }


def write_ctm(path: str | os.PathLike[str], predictions: Mapping[str, Sequence[str]]) -> None:
    """Writes predictions; a clip without glosses leaves no line.

    Raises:
      UserError: the file cannot be written, or a word has white space in it.
    """
    lines = []
    for clip_id, glosses in predictions.items():
        _check_words(path, clip_id, [clip_id, *glosses])
        for i, gloss in enumerate(glosses):
            times = f"{0.01 * i:.2f} {0.01 * (i + 1):.2f}"
            lines.append(f"{clip_id} {_CHANNEL} {times} {escape_word(gloss)}\n")
    write_text_atomically(path, "".join(lines))


def _check_words(path: str | os.PathLike[str], clip_id: str, words: Sequence[str]) -> None:
    """White space separates the columns: a word that holds some would be read back as two."""
    if clip_id.startswith(";"):
        raise UserError(f"{path}: clip {clip_id}: a line that begins with ; would be a comment")
    for word in words:
        if word.split() != [word]:
            raise UserError(f"{path}: clip {clip_id}: {word!r} is empty or has white space in it")
