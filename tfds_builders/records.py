"""The records that every dataset builder of this package writes, and what metadata say of them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import tensorflow_datasets as tfds


class Clip(NamedTuple):
    """A clip as it is stored; `frames` are encoded images."""

    id: str
    signer: str
    glosses: Sequence[str]
    frames: Sequence[bytes]


def clip_features() -> tfds.features.FeaturesDict:
    """One clip a record: its id, its signer, its glosses and its frames.

    A frame is the bytes of one encoded image (JPEG or PNG), so that a reader decodes only the
    frames it keeps. ``Sequence(Text)`` takes bytes as they are and reads back as ``list[bytes]``.
    """
    return tfds.features.FeaturesDict(
        {
            "id": tfds.features.Text(),
            "signer": tfds.features.Text(),
            "glosses": tfds.features.Sequence(tfds.features.Text()),
            "frames": tfds.features.Sequence(tfds.features.Text()),
        }
    )


def empty_facts() -> dict[str, dict[str, list]]:
    """What metadata say of every clip of a split, in order, before there is a split."""
    return {"num_frames": {}, "clips": {}, "signers": {}, "checksums": {}}


def numbered_records(
    metadata: dict[str, Any], split: str, clips: Iterable[Clip]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number, record) of each clip; what is to be known of it without its frames is written down.

    `metadata` begins with `empty_facts`.
    """
    for fact in empty_facts():
        metadata[fact][split] = []
    for number, clip in enumerate(clips, start=1):
        metadata["num_frames"][split].append(len(clip.frames))
        metadata["clips"][split].append([clip.id, " ".join(clip.glosses)])
        metadata["signers"][split].append(clip.signer)
        metadata["checksums"][split].append(checksum(clip.frames))
        yield (
            number,
            {
                "id": clip.id,
                "signer": clip.signer,
                "glosses": list(clip.glosses),
                "frames": list(clip.frames),
            },
        )


def checksum(frames: Iterable[bytes]) -> str:
    """Of all frames as they are stored: clips of the same frames have the same."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(frame)
    return digest.hexdigest()[:16]
