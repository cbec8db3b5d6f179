"""The demo's model on signs of 8 to 25 frames."""

from pathlib import Path
from runpy import run_path


def get_config():
    config = run_path(str(Path(__file__).with_name("demo.py")))["get_config"]()
    config.data.name = "synthetic_signs/slow"
    config.data.min_frames = 24
    config.data.max_frames = 288
    config.data.buckets = (144, 288)
    # What its figures in docs/recognition.md were measured with: the demo's values of then.
    config.data.colour, config.data.invert = 0.5, False
    config.optimizer.learning_rate = 5e-3
    config.training.head_batch_size = 2
    config.training.head_epochs = 24  # the BiLSTM learns later from clips of so many steps
    return config
