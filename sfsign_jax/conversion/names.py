"""Which released tensor is which parameter of ours: one table of rules."""

import re

from sfsign_jax.models.config import ModelConfig

# Applied in order to a name of ours such as backbone.s2.pathway0_res0.branch2.a.kernel.
RELEASED_NAME_RULES = [
    (r"^backbone\.", r"conv2d."),
    (r"^paths\.(\w+)\.temporal_conv\.layers\.", r"conv1d.\1_temporal_conv."),
    (r"^paths\.main\.", r"paths.0."),
    (r"^paths\.slow\.", r"paths.1."),
    (r"^paths\.fast\.", r"paths.2."),
    (r"^paths\.(\d)\.bilstm\.cells\.(\w+)\.kernel_(ih|hh)$", r"temporal_model.\1.rnn.weight_\3_\2"),
    (r"^paths\.(\d)\.bilstm\.cells\.(\w+)\.bias_(ih|hh)$", r"temporal_model.\1.rnn.bias_\3_\2"),
    (r"^paths\.(\d)\.classifier\.", r"classifier.\1."),
    (r"^paths\.(\d)\.conv_classifier\.", r"conv1d.fc.\1."),
    (r"\.(kernel|scale)$", r".weight"),
    (r"\.mean$", r".running_mean"),
    (r"\.var$", r".running_var"),
]
# Without PFE the reference has one path and does not number it.
SINGLE_PATH_RULES = [
    (r"^conv1d\.main_temporal_conv\.", r"conv1d.temporal_conv."),
    (r"^(temporal_model|classifier|conv1d\.fc)\.0\.", r"\1."),
]
# PyTorch counts batches beside every batch norm; with a fixed momentum nothing reads the count.
COUNT = re.compile(r"\.num_batches_tracked$")


def released_names(name: str, config: ModelConfig) -> list[str]:
    """Every name under which the released files carry our parameter `name`.

    A shared classifier stands there under the name of each of its uses.
    """
    released = [name]
    if ".classifier." in name and config.share_classifier:
        paths = list(config.path_channels) if config.share_classifier == 2 else [name.split(".")[1]]
        leaf = name.rsplit(".", 1)[1]
        uses = ("classifier", "conv_classifier")
        released = [f"paths.{path}.{use}.{leaf}" for use in uses for path in paths]
    rules = (
        RELEASED_NAME_RULES
        if config.pathway_enhancement
        else RELEASED_NAME_RULES + SINGLE_PATH_RULES
    )
    for pattern, replacement in rules:
        released = [re.sub(pattern, replacement, one) for one in released]
    return released


def released_shape(name: str, shape: tuple[int, ...], config: ModelConfig) -> tuple[int, ...]:
    """Of the released tensor that holds our parameter of that shape."""
    axes = released_axes(name, len(shape), config)
    return tuple(shape[axes.index(i)] for i in range(len(shape)))


def released_axes(name: str, ndim: int, config: ModelConfig) -> tuple[int, ...]:
    """The axes of the released tensor in the order of ours."""
    if ndim == 5:
        return (2, 3, 4, 1, 0)  # out, in, t, h, w -> t, h, w, in, out
    if ndim == 3:
        return (2, 1, 0)  # out, in, size -> size, in, out
    # The reference keeps its cosine classifier (in, classes) as we do; other matrices (out, in).
    if ndim == 2 and not ("classifier" in name and config.weight_norm):
        return (1, 0)
    return tuple(range(ndim))
