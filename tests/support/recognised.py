"""What might have been recognised in a video."""

import numpy as np

from sfsign_jax.recognition.result import Alternative, Recognition
from sfsign_jax.transcripts import Transcript


def sentence(start, glosses):
    """Each gloss lasts ten frames, with five before it."""
    first = [start + 5 + 15 * i for i in range(len(glosses))]
    return Recognition(
        glosses=glosses,
        tokens=tuple(range(1, len(glosses) + 1)),
        spans=tuple((frame, frame + 9) for frame in first),
        confidences=(0.75,) * len(glosses),
        frames=(start, start + 20 + 15 * len(glosses)),
        log_probability=-0.5,
        alternatives=(Alternative(("RAIN",), -1.5),),
        posteriors=np.zeros((1, 3)),
    )


TRANSCRIPT = Transcript(
    "films/März & co.mp4", 25, [sentence(0, ("RAIN", "SÜD<2>")), sentence(90000, ("SUN",))]
)
SPOKEN = [(200, 1200, "RAIN SÜD<2>"), (3600200, 3600600, "SUN")]  # milliseconds
