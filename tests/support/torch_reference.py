"""The published network and its loss in plain PyTorch: the oracle of the tests and the baseline of
the benchmarks. It is written from the paper and the released weights' names, and shares no code
with the package it judges.

Shapes: B clips, T frames, H x W pixels, C channels, T' steps after the temporal module, V classes.
Slow and fast activations are (B, C, T, H, W) inside, as PyTorch's convolutions want them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# The temporal modules by the number that the published configuration files use.
STACKS: dict[int, tuple[str, ...]] = {
    0: ("K3",),
    1: ("K5", "P2"),
    2: ("K5", "P2", "K5", "P2"),
    3: ("K5", "K5", "P2"),
    4: ("K5", "K5"),
    5: ("K5", "P2", "K5"),
    6: ("P2", "K5", "K5"),
    7: ("P2", "K5", "P2", "K5"),
    8: ("P2", "P2", "K5", "K5"),
    9: ("K5", "K5", "P2"),
    10: ("K5", "K5"),
}
FUSIONS = ("FuseBiAdd", "FuseBiAdd2", "FuseBiCat", "FuseFastToSlow")
PATHS = ("main", "slow", "fast")  # in the order of the released indices 0, 1, 2
LOSS_WEIGHTS = {"SeqCTC": 1.0, "ConvCTC": 1.0, "Dist": 25.0, "Slow": 0.25, "Fast": 0.25}
SLOW_KERNELS = (1, 1, 3, 3)  # temporal kernel of res2..res5
FAST_KERNELS = (3, 3, 3, 3)

# Called with a name ("s1", "s1_fuse", ..., "s5") and the slow and fast activations there.
Trace = Callable[[str, Tensor, Tensor], None]


@dataclass(frozen=True)
class Config:
    """The published PHOENIX2014 model; every field that the paper or its ablations vary."""

    num_classes: int = 1296  # vocabulary + blank, which is class 0
    depths: Sequence[int] = (3, 4, 23, 3)  # R101
    temporal_blocks: Sequence[int] = (3, 4, 6, 3)  # leading blocks of a stage with a 3-frame kernel
    width: int = 64
    beta_inv: int = 8  # slow channels / fast channels
    alpha: int = 4  # fast frames / slow frames
    fusion: str = "FuseBiAdd"
    fusion_ratio: int = 2  # channels of a concatenated fast-to-slow message / fast channels
    stack: Sequence[str] = STACKS[2]
    hidden_size: int = 1024  # the classifier's input; half of it per direction of the LSTM
    pfe: bool = True  # pathway feature enhancement; False is the "single" model
    share_classifier: int = 1  # 0: all separate, 1: one per path, 2: one for all
    weight_norm: bool = True
    head_dropout: float = 0.5
    lstm_dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.fusion not in FUSIONS:
            raise ValueError(f"unknown fusion {self.fusion!r}")
        if self.share_classifier not in (0, 1, 2):
            raise ValueError(f"unknown share_classifier {self.share_classifier!r}")

    @property
    def feature_sizes(self) -> tuple[int, int]:
        """Channels of the slow and of the fast pathway after res5."""
        return 32 * self.width, 32 * self.width // self.beta_inv


# ---------------------------------------------------------------------------------------- backbone


class Stem(nn.Module):
    """Convolution, batch norm, ReLU and max-pool: a quarter of the frame's height and width."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        padding = (kernel // 2, 3, 3)
        self.conv = nn.Conv3d(3, channels, (kernel, 7, 7), (1, 2, 2), padding, bias=False)
        self.bn = nn.BatchNorm3d(channels)
        self.pool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(F.relu(self.bn(self.conv(x))))


class Branch(nn.Module):
    """A bottleneck's residual: (kernel, 1, 1), then (1, 3, 3) with the stride, then (1, 1, 1)."""

    def __init__(self, inputs: int, inner: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.a = nn.Conv3d(inputs, inner, (kernel, 1, 1), padding=(kernel // 2, 0, 0), bias=False)
        self.a_bn = nn.BatchNorm3d(inner)
        self.b = nn.Conv3d(inner, inner, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False)
        self.b_bn = nn.BatchNorm3d(inner)
        self.c = nn.Conv3d(inner, outputs, 1, bias=False)
        self.c_bn = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a_bn(self.a(x)))
        x = F.relu(self.b_bn(self.b(x)))
        return self.c_bn(self.c(x))


class Bottleneck(nn.Module):
    """ReLU(shortcut + residual); the shortcut is a convolution where the shape changes."""

    def __init__(self, inputs: int, inner: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.projects = inputs != outputs or stride != 1
        if self.projects:
            self.branch1 = nn.Conv3d(inputs, outputs, 1, (1, stride, stride), bias=False)
            self.branch1_bn = nn.BatchNorm3d(outputs)
        self.branch2 = Branch(inputs, inner, outputs, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.branch1_bn(self.branch1(x)) if self.projects else x
        return F.relu(shortcut + self.branch2(x))


class Pathways(nn.Module):
    """A sequence of blocks per pathway, under the released names `pathway<p>_<block>`."""

    def __init__(self, slow: Mapping[str, nn.Module], fast: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for pathway, blocks in enumerate((slow, fast)):
            for name, block in blocks.items():
                self.add_module(f"pathway{pathway}_{name}", block)

    def forward(self, slow: Tensor, fast: Tensor) -> tuple[Tensor, Tensor]:
        for name, block in self.named_children():
            if name.startswith("pathway0"):
                slow = block(slow)
            else:
                fast = block(fast)
        return slow, fast


def stage(
    inputs: int, inner: int, kernel: int, depth: int, temporal_blocks: int, stride: int
) -> dict[str, nn.Module]:
    """One pathway's bottlenecks of one stage; only the leading ones look beyond their own frame."""
    outputs = 4 * inner
    return {
        f"res{i}": Bottleneck(
            inputs if i == 0 else outputs,
            inner,
            outputs,
            kernel if i < temporal_blocks else 1,
            stride if i == 0 else 1,
        )
        for i in range(depth)
    }


class Fusion(nn.Module):
    """Bi-directional feature fusion (BFF): each pathway gets a message from the other.

    Both messages are read from the pathways as they were before the fusion. `widths` holds the
    channels of slow and fast afterwards.
    """

    def __init__(self, config: Config, slow: int, fast: int) -> None:
        super().__init__()
        self.kind, self.alpha = kind, alpha = config.fusion, config.alpha
        adds = kind in ("FuseBiAdd", "FuseBiAdd2")
        message = slow if adds else fast * config.fusion_ratio
        if adds:  # either start makes the fusion the identity
            start = 0.0 if kind == "FuseBiAdd" else 1.0
            self.weight_s = nn.Parameter(torch.full((1,), start))
            self.weight_f = nn.Parameter(torch.full((1,), start))
        self.conv_f2s = nn.Conv3d(fast, message, (5, 1, 1), (alpha, 1, 1), (2, 0, 0), bias=False)
        self.bn = nn.BatchNorm3d(message)
        if kind != "FuseFastToSlow":
            self.conv_s2f = nn.Conv3d(slow, fast, 1, bias=False)
            self.bn2 = nn.BatchNorm3d(fast)
        self.widths = {
            "FuseBiAdd": (slow, fast),
            "FuseBiAdd2": (slow, fast),
            "FuseBiCat": (slow + message, 2 * fast),
            "FuseFastToSlow": (slow + message, fast),
        }[kind]

    def forward(self, slow: Tensor, fast: Tensor) -> tuple[Tensor, Tensor]:
        f2s = F.relu(self.bn(self.conv_f2s(fast)))
        if self.kind == "FuseFastToSlow":
            return torch.cat([slow, f2s], 1), fast
        s2f = F.relu(self.bn2(self.conv_s2f(slow))).repeat_interleave(self.alpha, 2)
        if self.kind == "FuseBiCat":
            return torch.cat([slow, f2s], 1), torch.cat([fast, s2f], 1)
        w_s, w_f = self.weight_s, self.weight_f
        if self.kind == "FuseBiAdd":
            return slow + w_s * f2s, fast + w_f * s2f
        return w_s * slow + (1 - w_s) * f2s, w_f * fast + (1 - w_f) * s2f


class SlowFast(nn.Module):
    """The two-pathway backbone: (B, T, H, W, 3) frames to (B, T, slow + fast) features."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.alpha = config.alpha
        slow, fast = config.width, config.width // config.beta_inv
        self.s1 = Pathways({"stem": Stem(slow, 1)}, {"stem": Stem(fast, 5)})
        self.s1_fuse = fuse = Fusion(config, slow, fast)
        for i in range(4):
            inner_slow, inner_fast = slow * 2**i, fast * 2**i
            shape = config.depths[i], config.temporal_blocks[i], 1 if i == 0 else 2
            blocks = Pathways(
                stage(fuse.widths[0], inner_slow, SLOW_KERNELS[i], *shape),
                stage(fuse.widths[1], inner_fast, FAST_KERNELS[i], *shape),
            )
            self.add_module(f"s{i + 2}", blocks)
            if i < 3:  # nothing is fused after res5
                fuse = Fusion(config, 4 * inner_slow, 4 * inner_fast)
                self.add_module(f"s{i + 2}_fuse", fuse)
        self.dropout = nn.Dropout(config.head_dropout)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Kaiming normal (fan-out) convolutions; every residual starts at zero."""
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, Branch):
                nn.init.zeros_(module.c_bn.weight)

    def forward(self, frames: Tensor, trace: Trace | None = None) -> Tensor:
        fast = frames.permute(0, 4, 1, 2, 3)
        if fast.shape[2] % self.alpha:
            raise ValueError(f"{fast.shape[2]} frames: not a multiple of {self.alpha}")
        slow = fast[:, :, :: self.alpha]
        for name in ("s1", "s1_fuse", "s2", "s2_fuse", "s3", "s3_fuse", "s4", "s4_fuse", "s5"):
            slow, fast = self.get_submodule(name)(slow, fast)
            if trace is not None:
                trace(name, slow, fast)
        slow = slow.mean((3, 4)).repeat_interleave(self.alpha, 2)
        return self.dropout(torch.cat([slow, fast.mean((3, 4))], 1).transpose(1, 2))


# ---------------------------------------------------------------------------------- sequence model


def parse(stack: Sequence[str]) -> list[tuple[str, int]]:
    """("K5", "P2") to [("K", 5), ("P", 2)]."""
    return [(layer[0], int(layer[1:])) for layer in stack]


def temporal_conv(stack: Sequence[str], inputs: int, outputs: int) -> nn.Sequential:
    """(B, inputs, T) to (B, outputs, T'): K<k> convolves without padding, P<k> pools by k."""
    layers: list[nn.Module] = []
    for kind, size in parse(stack):
        if kind == "P":
            layers.append(nn.MaxPool1d(size))
        else:
            layers += [nn.Conv1d(inputs, outputs, size), nn.BatchNorm1d(outputs), nn.ReLU()]
            inputs = outputs
    return nn.Sequential(*layers)


def stack_steps(stack: Sequence[str], lengths: Tensor) -> Tensor:
    """Steps that a stack makes of clips of these lengths."""
    for kind, size in parse(stack):
        lengths = lengths // size if kind == "P" else lengths - (size - 1)
    return lengths


class BiLSTM(nn.Module):
    """Two bidirectional layers; each clip's reverse direction starts at its own last step."""

    def __init__(self, size: int, dropout: float) -> None:
        super().__init__()
        self.rnn = nn.LSTM(
            size, size // 2, 2, batch_first=True, bidirectional=True, dropout=dropout
        )

    def forward(self, x: Tensor, steps: Tensor) -> Tensor:
        packed = pack_padded_sequence(x, steps.cpu(), batch_first=True, enforce_sorted=False)
        packed, _ = self.rnn(packed)
        return pad_packed_sequence(packed, batch_first=True, total_length=x.shape[1])[0]


class CosineClassifier(nn.Module):
    """x @ W with columns of W of unit length; x keeps its length, and there is no bias."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, classes))
        nn.init.xavier_uniform_(self.weight, gain=2**0.5)

    def forward(self, x: Tensor) -> Tensor:
        return x @ F.normalize(self.weight, dim=0, eps=1e-12)


def classifiers(config: Config, paths: int) -> tuple[list[nn.Module], list[nn.Module]]:
    """Each path's classifier for the LSTM and for the temporal module, shared as configured."""

    def new() -> nn.Module:
        kind = CosineClassifier if config.weight_norm else nn.Linear
        return kind(config.hidden_size, config.num_classes)

    shared = config.share_classifier
    sequence = [new()] * paths if shared == 2 else [new() for _ in range(paths)]
    conv = [new() for _ in range(paths)] if shared == 0 else sequence
    return sequence, conv


class SlowFastSign(nn.Module):
    """Frames to glosses, under the parameter names (and in the parameter order) of the release."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        hidden = config.hidden_size
        slow, fast = config.feature_sizes
        self.conv2d = SlowFast(config)
        self.conv1d = nn.Module()
        if config.pfe:
            for path, size in (("fast", fast), ("slow", slow), ("main", slow + fast)):
                layers = temporal_conv(config.stack, size, hidden)
                self.conv1d.add_module(f"{path}_temporal_conv", layers)
        else:
            self.conv1d.temporal_conv = temporal_conv(config.stack, slow + fast, hidden)
        paths = len(PATHS) if config.pfe else 1
        sequence, conv = classifiers(config, paths)
        lstms = [BiLSTM(hidden, config.lstm_dropout) for _ in range(paths)]
        # the single model's parts carry no index
        self.conv1d.fc = nn.ModuleList(conv) if config.pfe else conv[0]
        self.temporal_model = nn.ModuleList(lstms) if config.pfe else lstms[0]
        self.classifier = nn.ModuleList(sequence) if config.pfe else sequence[0]

    def path_modules(self, path: str) -> tuple[nn.Module, nn.Module, nn.Module, nn.Module]:
        """A path's temporal convolutions, their classifier, the LSTM and its classifier."""
        if not self.config.pfe:
            conv1d = self.conv1d
            return conv1d.temporal_conv, conv1d.fc, self.temporal_model, self.classifier
        i = PATHS.index(path)
        convs = self.conv1d.get_submodule(f"{path}_temporal_conv")
        return convs, self.conv1d.fc[i], self.temporal_model[i], self.classifier[i]

    def forward(
        self, frames: Tensor, lengths: Tensor, aux: bool = True, trace: Trace | None = None
    ) -> dict:
        """Normalised frames (B, T, H, W, 3) and video lengths (B,), as `pad_batch` gives them, to
        {"framewise": (B, T, C), path: {"conv_logits" and "sequence_logits": (B, T', V),
        "feat_len": (B,)}}.

        `aux` False leaves out the paths slow and fast, which inference does not need.
        """
        features = self.conv2d(frames, trace)
        slow = self.config.feature_sizes[0]
        views = {"main": features}
        if self.config.pfe and aux:
            views |= {"slow": features[..., :slow], "fast": features[..., slow:]}
        steps = stack_steps(self.config.stack, lengths)
        output: dict = {"framewise": features}
        for path, view in views.items():
            convs, conv_classifier, lstm, sequence_classifier = self.path_modules(path)
            x = convs(view.transpose(1, 2)).transpose(1, 2)
            output[path] = {
                "conv_logits": conv_classifier(x),
                "sequence_logits": sequence_classifier(lstm(x, steps)),
                "feat_len": steps,
            }
        return output


# ------------------------------------------------------------------------------- loss and training


def full_precision(logits: Tensor) -> Tensor:
    """Losses are never computed in half precision; double stays double."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def ctc(logits: Tensor, labels: Sequence[Sequence[int]], steps: Tensor) -> Tensor:
    """Mean over clips of the CTC loss, not divided by label lengths; infinite where no alignment
    exists, so that the caller sees it."""
    log_probs = full_precision(logits).log_softmax(-1).transpose(0, 1)
    glosses = [gloss for label in labels for gloss in label]
    targets = torch.tensor(glosses, dtype=torch.long, device=logits.device)
    sizes = torch.tensor([len(label) for label in labels])
    return nn.CTCLoss(reduction="none")(log_probs, targets, steps.cpu(), sizes).mean()


def distillation(student: Tensor, teacher: Tensor, temperature: float = 8.0) -> Tensor:
    """KL(teacher || student) of the softened glosses, blank dropped, averaged over all rows: a
    clip's padded steps count as rows too, as published."""
    student = full_precision(student[..., 1:]) / temperature
    teacher = full_precision(teacher[..., 1:].detach()) / temperature
    student, teacher = student.log_softmax(-1).flatten(0, 1), teacher.softmax(-1).flatten(0, 1)
    return F.kl_div(student, teacher, reduction="batchmean") * temperature**2


def path_losses(path: Mapping[str, Tensor], labels: Sequence[Sequence[int]]) -> dict[str, Tensor]:
    """One path's three losses, weighted."""
    steps = path["feat_len"]
    longest = int(steps.max())  # a batch that was padded further gains no rows
    conv, sequence = path["conv_logits"][:, :longest], path["sequence_logits"][:, :longest]
    losses = {
        "SeqCTC": ctc(sequence, labels, steps),
        "ConvCTC": ctc(conv, labels, steps),
        "Dist": distillation(conv, sequence),
    }
    return {name: LOSS_WEIGHTS[name] * loss for name, loss in losses.items()}


def training_loss(
    output: Mapping, labels: Sequence[Sequence[int]]
) -> tuple[Tensor, dict[str, Tensor]]:
    """The total, and its parts as they enter it: SeqCTC, ConvCTC, Dist, and with PFE Slow, Fast."""
    parts = path_losses(output["main"], labels)
    for name in ("Slow", "Fast"):
        if name.lower() in output:
            auxiliary = path_losses(output[name.lower()], labels)
            parts[name] = LOSS_WEIGHTS[name] * sum(auxiliary.values())
    return sum(parts.values()), parts


def adam(model: nn.Module, lr: float = 1e-4, weight_decay: float = 1e-4) -> torch.optim.Adam:
    """The recipe's optimizer: weight decay is added to the gradient (coupled, not AdamW), on every
    parameter, norms and biases included."""
    return torch.optim.Adam(model.parameters(), lr, (0.9, 0.999), 1e-8, weight_decay)


# ------------------------------------------------------------------------------------------ frames


def centre_crop(frames: Tensor, size: int = 224) -> Tensor:
    """(..., H, W, 3) to (..., size, size, 3)."""
    top, left = (frames.shape[-3] - size) // 2, (frames.shape[-2] - size) // 2
    return frames[..., top : top + size, left : left + size, :]


def normalise(frames: Tensor) -> Tensor:
    """Pixels in 0..255 to the network's input."""
    return (frames.float() / 255 - 0.45) / 0.225


def stack_padding(stack: Sequence[str]) -> tuple[int, int]:
    """Frames repeated before a clip, and total stride."""
    left, last_stride, total_stride = 0, 1, 1
    for kind, size in parse(stack):
        if kind == "P":
            last_stride = size
            total_stride *= size
        else:
            left = left * last_stride + (size - 1) // 2
    return left, total_stride


def video_length(frames: int, stack: Sequence[str]) -> int:
    """A clip's length with its own padding."""
    left, stride = stack_padding(stack)
    return -(-frames // stride) * stride + 2 * left


def pad_batch(
    clips: Sequence, stack: Sequence[str] = STACKS[2], alpha: int = 4
) -> tuple[Tensor, Tensor]:
    """Clips (n, H, W, 3), arrays or tensors, to frames (B, T, H, W, 3) and video lengths (B,).

    First and last frame are repeated. T is the longest video length, rounded up to a multiple of
    alpha: a shorter clip is followed by more copies of its last frame than its own padding has, and
    its logits depend on them.
    """
    lengths = torch.tensor([video_length(len(clip), stack) for clip in clips])
    left = stack_padding(stack)[0]
    position = torch.arange(-(-int(lengths.max()) // alpha) * alpha) - left
    padded = [torch.as_tensor(clip)[position.clamp(0, len(clip) - 1)] for clip in clips]
    return torch.stack(padded), lengths
