"""What a run remembers of its dataset, so that it goes on with no other."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sfsign_jax.files import read_json
from sfsign_jax.training.sources import Source

Fingerprint = dict[str, dict[str, int | str]]  # of the vocabulary, and of each split


def fingerprint(source: Source) -> Fingerprint:
    """Numbers of clips, and a hash of their ids, lengths and glosses each.

    Of a dataset that an earlier version prepared, ids and glosses are not known.
    """
    result: Fingerprint = {
        "vocabulary": {"count": len(source.vocabulary), "glosses": hash_of(source.vocabulary)},
        "train": {"count": len(source.train)},
        "dev": {"count": len(source.dev.lengths)},
    }
    for split in result.keys() & source.clips.keys():
        clips = source.clips[split]
        result[split] |= {
            "ids": hash_of(clip.id for clip in clips),
            "lengths": hash_of(clip.num_frames for clip in clips),
            "glosses": hash_of(clip.glosses for clip in clips),
        }
    return result


def read_fingerprint(path: Path) -> Fingerprint:
    """What a run wrote down.

    Raises:
        UserError: the file is damaged.
    """
    return read_json(path, Fingerprint)


def hash_of(values: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps([*values]).encode()).hexdigest()[:16]


def differing_parts(old: Fingerprint, new: Fingerprint) -> list[str]:
    """In words, what both know and is not the same."""
    found = []
    for part in old.keys() & new.keys():
        before, now = old[part], new[part]
        if before.get("count") != now["count"]:
            entries = "glosses" if part == "vocabulary" else "clips"
            found.append(f"{part}: {before.get('count')} {entries} there and {now['count']} now")
        else:
            others = [key for key in before.keys() & now.keys() if before[key] != now[key]]
            found += [f"other {key} in {part}" for key in sorted(others)]
    return sorted(found)
