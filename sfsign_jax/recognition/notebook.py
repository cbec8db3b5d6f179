"""What was recognised as a notebook shows it: glosses with their confidences, and when."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.colors import TABLEAU_COLORS

from sfsign_jax.recognition.result import Recognition

# As in the timeline picture and on the page.
COLOURS = tuple(TABLEAU_COLORS.values())


def recognition_html(recognition: Recognition) -> str:
    """A line of glosses, each in a colour, over a strip of their spans; without scripts."""
    # A sign may be made before or after the frames that its sentence is said in.
    shown = [recognition.frames, *recognition.spans]
    start, end = min(first for first, _ in shown), max(last for _, last in shown)
    percent = 100 / (end + 1 - start)
    numbers = {gloss: i for i, gloss in enumerate(dict.fromkeys(recognition.glosses))}
    placed = zip(recognition.glosses, recognition.spans, recognition.confidences, strict=True)
    return TEMPLATE.render(
        glosses=[
            {
                "name": gloss,
                "colour": COLOURS[numbers[gloss] % len(COLOURS)],
                "confidence": f"{100 * confidence:.0f} %",
                "frames": frames_text(first, last),
                "left": round((first - start) * percent, 2),
                "width": round((last + 1 - first) * percent, 2),
            }
            for gloss, (first, last), confidence in placed
        ],
        frames=frames_text(*recognition.frames),
    )


def frames_text(first: int, last: int) -> str:
    return f"frames {first} to {last}"


TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,  # glosses are whatever a vocabulary says
    undefined=StrictUndefined,
    trim_blocks=True,
).get_template("notebook.html")
