"""The kinds of files that hold a pretrained backbone, by their suffix."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sfsign_jax.conversion import caffe2, pyslowfast
from sfsign_jax.models.config import BackboneConfig


class BackboneFormat(NamedTuple):
    read: Callable[[Path], dict[str, np.ndarray]]
    architecture: Callable[[Mapping[str, np.ndarray]], BackboneConfig]
    name_of: Callable[[str, BackboneConfig], str]  # of a released tensor, in such a file


BACKBONE_FORMATS = {
    ".pkl": BackboneFormat(
        caffe2.read_caffe2_file, caffe2.read_caffe2_architecture, caffe2.blob_name
    ),
    ".pyth": BackboneFormat(
        pyslowfast.read_pyslowfast_file,
        pyslowfast.read_pyslowfast_architecture,
        lambda released, config: released,
    ),
}


def backbone_format(path: Path) -> BackboneFormat:
    """Of the file; what has another suffix is taken for a Caffe2 pickle."""
    return BACKBONE_FORMATS.get(path.suffix, BACKBONE_FORMATS[".pkl"])
