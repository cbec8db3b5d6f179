"""A small trained model and a clip, to try things at once; `make example` makes them anew.

The model is that of `make demo`, whose signs are invented. It is loaded by its name, `example`.
"""

from pathlib import Path

NAME = "example"
CLIP = Path(__file__).parent / "example.mp4"
MODEL = Path(__file__).parent / "model"


def is_example(checkpoint: str | Path) -> bool:
    """Whether it names the example, and no folder that is called so."""
    return str(checkpoint) == NAME and not Path(NAME).exists()
