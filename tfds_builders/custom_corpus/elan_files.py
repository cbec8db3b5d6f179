"""The ELAN files that a row of a table, or a folder, stands for, and their clips."""

import re
from pathlib import Path

from sfsign_jax.data.elan import read_eaf
from sfsign_jax.errors import UserError
from sfsign_jax.text import clean_text
from tfds_builders.annotations import ClipSource
from tfds_builders.custom_corpus.elan_clips import chosen_tiers, clips_of, participant, place
from tfds_builders.custom_corpus.media import video_of

EAF = ".eaf"


def eaf_files(path: Path) -> list[Path]:
    """An ELAN file itself, or those in a folder and below, but for hidden ones.

    Raises:
        UserError: what was recognised lies beside the annotations of the same recording.
    """
    if not path.is_dir():
        return [path] if path.suffix.lower() == EAF else []
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() == EAF
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    names = set(files)
    for file in files:
        own = file.with_name(f"{file.stem.removesuffix('.glosses')}{file.suffix}")
        if own != file and own in names:
            raise UserError(
                f"{file} is what was recognised in the recording of {own.name}: keep one of the two"
                " in the folder, or both glosses would be learned"
            )
    return files


def eaf_sources(
    root: Path, file: Path, video: Path, fields: dict[str, str], *, allow_outside: bool
) -> list[ClipSource]:
    """The clips of one of the ELAN files that a row's `video` stands for.

    Raises:
        UserError: it is damaged, its video is not there, or no tier is the one of the glosses.
    """
    eaf = read_eaf(file)
    media, origin = video_of(eaf, root, allow_outside=allow_outside)
    gloss_tier, sentence_tier = chosen_tiers(eaf, fields["gloss_tier"], fields["sentence_tier"])
    name = fields["id"]
    if file != video:
        below = clean_text(file.relative_to(video).with_suffix("").as_posix(), str(file))
        name += "/" + re.sub(r"\s+", "_", below)
    signer = fields["signer"] or participant(eaf, gloss_tier) or "unknown"
    sources = []
    for number, clip in enumerate(clips_of(eaf, gloss_tier, sentence_tier), start=1):
        row = place(eaf, gloss_tier, clip.start)
        seconds = ((clip.start + origin) / 1000, (clip.end + origin) / 1000)
        if seconds[0] < 0:
            raise UserError(f"{row}: that is before its video begins: correct the medium's offset")
        glosses = " ".join(clip.glosses)
        sources.append(ClipSource(f"{name}-{number}", signer, glosses, media, row, seconds))
    return sources
