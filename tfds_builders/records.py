"""The record schema that every dataset builder of this package writes."""

import tensorflow_datasets as tfds


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
