"""What fixes the shapes of a model's parameters: written to every checkpoint's model.json."""

import dataclasses
import re

from sfsign_jax.models.fusion import FUSIONS
from sfsign_jax.models.lengths import receptive_field

STAGES = ("s2", "s3", "s4", "s5")
EXPANSION = 4  # outer channels of a bottleneck / inner channels
# No model is larger than these, so a file that says so is damaged, or takes all memory on purpose.
MOST_BLOCKS = 100  # of a stage
MOST_CHANNELS = 2**12  # of the slow stem, or of the BiLSTM
MOST_RATIO = 64  # between the pathways
MOST_CLASSES = 10**6
MOST_LAYERS = 32  # of a temporal stack
MOST_FRAMES_SEEN = 1024  # by an output step through them
BLANK_CLASS = 0  # of CTC; the glosses of a vocabulary are the classes from 1 on


@dataclasses.dataclass(frozen=True)
class BackboneConfig:
    """The published backbone is "64x2 R101 50 50".

    Raises:
        ValueError: a size that no backbone has.
    """

    depths: tuple[int, ...] = (3, 4, 23, 3)
    # Only this many blocks of each stage look over time; later ones have temporal kernel 1.
    temporal_blocks: tuple[int, ...] = (3, 4, 6, 3)
    width: int = 64  # channels of the slow stem
    beta_inv: int = 8  # slow channels / fast channels
    alpha: int = 4  # frames of the fast pathway / frames of the slow one
    fusion: str = "FuseBiAdd"
    fusion_ratio: int = 2  # channels a concatenating fusion adds to slow / fast channels
    # Blocks start as their shortcut: good from pretrained weights, slow from random ones.
    zero_init_final_bn: bool = True
    # Runs of equal blocks are one block over stacked parameters (see models.stacking).
    stacked: bool = False

    def __post_init__(self):
        sizes = (*self.depths, self.width, self.beta_inv, self.alpha, self.fusion_ratio)
        if not len(self.depths) == len(self.temporal_blocks) == len(STAGES) or min(sizes) < 1:
            raise ValueError("depths and temporal_blocks are four numbers, and sizes at least 1.")
        if not all(0 <= n <= MOST_BLOCKS for n in (*self.depths, *self.temporal_blocks)):
            raise ValueError(f"depths and temporal_blocks are from 0 to {MOST_BLOCKS}.")
        if self.width > MOST_CHANNELS:
            raise ValueError(f"width is {self.width}: no more than {MOST_CHANNELS}.")
        if max(self.beta_inv, self.alpha, self.fusion_ratio) > MOST_RATIO:
            raise ValueError(f"beta_inv, alpha and fusion_ratio are no more than {MOST_RATIO}.")
        if self.width % self.beta_inv:
            raise ValueError(f"width {self.width} is no multiple of beta_inv {self.beta_inv}.")

    @property
    def channels(self) -> tuple[int, int]:
        """Channels of the features of the slow and of the fast pathway."""
        slow = self.width * 2 ** (len(STAGES) - 1) * EXPANSION
        return slow, slow // self.beta_inv


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Everything that fixes the shapes of the parameters; the defaults are the published model.

    Raises:
        ValueError: a value that no model has.
    """

    num_classes: int  # vocabulary + 1; the blank is class 0
    backbone: BackboneConfig = BackboneConfig()
    temporal_stack: tuple[str, ...] = ("K5", "P2", "K5", "P2")
    hidden_size: int = 1024  # both directions of the BiLSTM together
    pathway_enhancement: bool = True  # PFE: auxiliary slow and fast paths in training
    share_classifier: int = 1  # 1: a path's two uses share one; 2: one for every path; 0: none
    weight_norm: bool = True  # cosine classifier
    feature_dropout: float = 0.5
    lstm_dropout: float = 0.3
    # As recognition runs it: without the paths of training, batch norms part of the convolutions.
    for_inference: bool = False

    def __post_init__(self):
        if self.backbone.fusion not in FUSIONS:
            raise ValueError(f"fusion is {self.backbone.fusion!r}; one of {[*FUSIONS]}.")
        check_stack(self.temporal_stack)
        if self.share_classifier not in (0, 1, 2):
            raise ValueError(f"share_classifier is {self.share_classifier}; it is 0, 1 or 2.")
        if not 2 <= self.num_classes <= MOST_CLASSES:
            raise ValueError(f"num_classes is {self.num_classes}: from 2, with the blank.")
        if not 2 <= self.hidden_size <= MOST_CHANNELS or self.hidden_size % 2:
            raise ValueError(f"hidden_size is {self.hidden_size}: an even one to {MOST_CHANNELS}.")
        if not all(0 <= rate < 1 for rate in (self.feature_dropout, self.lstm_dropout)):
            raise ValueError("feature_dropout and lstm_dropout are from 0 on and less than 1.")

    @property
    def path_channels(self) -> dict[str, tuple[int, int]]:
        """First and last + 1 channel of the features each path reads; only main infers."""
        slow, fast = self.backbone.channels
        main = {"main": (0, slow + fast)}
        auxiliary = {"slow": (0, slow), "fast": (slow, slow + fast)}
        return main | auxiliary if self.pathway_enhancement and not self.for_inference else main


def check_stack(stack: tuple[str, ...]) -> None:
    """Raises ValueError where it is no temporal stack such as ("K5", "P2")."""
    for layer in stack:
        if not re.fullmatch(r"[KP][1-9]\d{0,3}", layer, re.ASCII):
            raise ValueError(f"temporal_stack has {layer!r}; layers are written like K5 or P2.")
    if not any(layer[0] == "K" for layer in stack):
        raise ValueError("temporal_stack needs at least one convolution such as K5.")
    if len(stack) > MOST_LAYERS or receptive_field(stack) > MOST_FRAMES_SEEN:
        raise ValueError(
            f"temporal_stack has more than {MOST_LAYERS} layers or sees more than "
            f"{MOST_FRAMES_SEEN} frames."
        )
