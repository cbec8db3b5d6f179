"""References and predictions on disk, in the text formats of NIST's scoring tools.

STM, the references: `id 1 signer 0.0 1.79769e+308 gloss gloss ...`, a line for each clip.
CTM, the predictions: `id 1 start end gloss`, a line for each gloss. The times only keep the order
of the glosses: the i-th one starts at 0.01 i. A clip that is predicted empty has no line.
Blank lines and comments (`;;`) are skipped.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path

from sfsign_jax.errors import UserError
from sfsign_jax.files import write_text_atomically

# A recognised clip is scored as a whole: its segment lasts for ever.
_CHANNEL = "1"
_WHOLE_CLIP = "0.0 1.79769e+308"


def read_stm(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Reads references: clip id -> glosses, in the order of the file.

    Raises:
      UserError: the file is missing, a line is malformed or an id comes twice.
    """
    references: dict[str, list[str]] = {}
    for where, fields in _read_fields(path):
        if len(fields) < 6:
            raise UserError(
                f"{where}: expected 'id 1 signer start end gloss ...', found {' '.join(fields)!r}"
            )
        clip_id, _, _, start, end, *glosses = fields
        _parse_time(start, where)
        _parse_time(end, where)
        if clip_id in references:
            raise UserError(f"{where}: clip {clip_id} comes a second time; keep one of its lines")
        references[clip_id] = glosses
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
        lines.append(f"{clip_id} {_CHANNEL} {signer} {_WHOLE_CLIP} {' '.join(glosses)}\n")
    write_text_atomically(path, "".join(lines))


def read_ctm(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Reads predictions: clip id -> glosses, sorted by start time; ids in the order of the file.

    Raises:
      UserError: the file is missing, a line is malformed, or the lines of a clip are apart.
    """
    timed_glosses: dict[str, list[tuple[float, str]]] = {}
    previous_id = None
    for where, fields in _read_fields(path):
        # A sixth column, the confidence, belongs to the format; it does not enter the score.
        if len(fields) not in (5, 6):
            raise UserError(f"{where}: expected 'id 1 start end gloss', found {' '.join(fields)!r}")
        clip_id, _, start, end, gloss = fields[:5]
        _parse_time(end, where)
        if clip_id in timed_glosses and clip_id != previous_id:
            # As in a file that a second run was appended to: its glosses would count twice.
            raise UserError(f"{where}: clip {clip_id} comes a second time; keep one prediction")
        previous_id = clip_id
        timed_glosses.setdefault(clip_id, []).append((_parse_time(start, where), gloss))
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
            lines.append(f"{clip_id} {_CHANNEL} {times} {gloss}\n")
    write_text_atomically(path, "".join(lines))


def _read_fields(path: str | os.PathLike[str]) -> Iterator[tuple[str, list[str]]]:
    """Yields ("file, line n", fields) for every line that is neither blank nor a comment."""
    try:
        # utf-8-sig: a byte order mark, as some editors write it, is not part of the first id.
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {number}: not UTF-8; save the file as UTF-8") from error
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.split()
        if fields and not line.startswith(";;"):
            yield f"{path}, line {number}", fields


def _parse_time(text: str, where: str) -> float:
    """A time in seconds."""
    try:
        time = float(text)
    except ValueError:
        time = math.nan
    if math.isnan(time):
        raise UserError(f"{where}: {text!r} is not a time in seconds")
    return time


def _check_words(path: str | os.PathLike[str], clip_id: str, words: Sequence[str]) -> None:
    """White space separates the columns: a word that holds some would be read back as two."""
    for word in words:
        if word.split() != [word]:
            raise UserError(f"{path}: clip {clip_id}: {word!r} is empty or has white space in it")
