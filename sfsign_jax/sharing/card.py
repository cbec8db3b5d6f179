"""What a published model says of itself: a README.md with the metadata that the hub asks for."""

from collections.abc import Sequence

from huggingface_hub import EvalResult, ModelCardData

from sfsign_jax.checkpoint import ModelDescription
from sfsign_jax.evaluation.results import Metrics
from sfsign_jax.text import printable

TASK = "Continuous sign language recognition"
# The nearest of the hub's tasks: it has none from a video to a sequence.
PIPELINE = "video-classification"
TAGS = ["sign-language", "sign-language-recognition", "slowfast", "ctc", "jax"]
CARD = """---
{metadata}
---

# {title}

Continuous sign language recognition: video of signing in, glosses out. A network of the kind of
[SlowFastSign](https://ieeexplore.ieee.org/document/10445841), for sfsign_jax
(`pip install 'sfsign-jax[hub]'`):

```python
import sfsign_jax

recognizer = sfsign_jax.load("hf://{model}")
sentences = list(recognizer.recognize_video(frames))  # RGB frames of a video
```

or `python -m sfsign_jax.recognize --checkpoint hf://{model} VIDEO`.

| | |
|---|---|
{facts}

## Word error rate

{rates}

## Limits

{limits}
"""


def model_card(
    model: str,
    description: ModelDescription,
    num_parameters: int,
    license: str | None,
    results: Sequence[Metrics],
) -> str:
    """Of the model owner/name: what its checkpoint and its evaluations say, and nothing else."""
    title = model.partition("/")[2]
    metadata = ModelCardData(
        library_name="sfsign-jax",
        license=license,
        pipeline_tag=PIPELINE,
        tags=TAGS,
        metrics=["wer"] if results else None,
        model_name=title,
        eval_results=[evaluation(result) for result in results] or None,
    )
    return CARD.format(
        metadata=metadata.to_yaml(),
        title=title,
        model=model,
        facts="\n".join(facts(description, num_parameters, license)),
        rates="\n".join(rates(results)),
        limits="\n".join(limits(description)),
    )


def evaluation(result: Metrics) -> EvalResult:
    """The rate of the first head, which is the result, as the hub's model-index has it."""
    return EvalResult(
        task_type=PIPELINE,
        task_name=TASK,
        dataset_type=result.dataset,
        dataset_name=result.dataset,
        dataset_split=result.split,
        metric_type="wer",
        metric_name="WER (%)",
        metric_value=round(next(iter(result.heads.values()))["rate"], 2),
    )


def facts(description: ModelDescription, num_parameters: int, license: str | None) -> list[str]:
    """Rows of a table."""
    config, stored = description.config, description.preprocessing
    backbone = config.backbone
    (height, width), (crop_height, crop_width) = stored.frame_size, stored.crop_size
    blocks = "-".join(map(str, backbone.depths))
    rate = f"{stored.frame_rate:g} a second" if stored.frame_rate else "their rate is not known"
    dropped = f", the top {stored.drop_top_rows} rows dropped" if stored.drop_top_rows else ""
    rows = {
        "weights": description.source or "where they come from is not known",
        "glosses": f"{len(description.vocabulary or ())}, which model.json lists",
        "frames": f"{height} × {width} (height × width), {rate}; others are brought to that",
        "seen of a frame": f"{crop_height} × {crop_width} in the middle{dropped}",
        "backbone": f"SlowFast, {blocks} blocks, width {backbone.width}, alpha {backbone.alpha}, "
        f"beta 1/{backbone.beta_inv}, fusion {backbone.fusion}",
        "over time": f"{' '.join(config.temporal_stack)}, BiLSTM of {config.hidden_size}",
        "parameters": f"{num_parameters:,}",
        "licence": license or "none was given: ask the owner before you use it",
    }
    return [f"| {name} | {cell(value)} |" for name, value in rows.items()]


def rates(results: Sequence[Metrics]) -> list[str]:
    """A table, in percent."""
    if not results:
        return ["Not known."]
    heads = list(results[0].heads)
    lines = [
        f"| data | split | clips | padding | {' | '.join(f'{head}, %' for head in heads)} |",
        "|---" * (4 + len(heads)) + "|",
    ]
    for result in results:
        of_heads = " | ".join(f"{result.heads[head]['rate']:.2f}" for head in heads)
        about = f"{cell(result.dataset)} | {cell(result.split)} | {result.clips}"
        lines.append(f"| {about} | {result.padding} | {of_heads} |")
    return [*lines, "", f"The result is that of the {heads[0]} head, by beam search."]


def limits(description: ModelDescription) -> list[str]:
    """In plain words, as a list."""
    items = [
        "It knows these glosses and no others: whatever else is signed is left out, or taken for "
        "one of them.",
        "Glosses are not a translation: they leave out grammar, mouthing and much of what a face "
        "and a body say.",
        "Signers, cameras, light and backgrounds that it has not seen cost it accuracy. Measure it "
        "on recordings like yours before you rely on it.",
    ]
    if description.timing is None:
        items.append("Its glosses are placed where the network says them, which may be too early.")
    return [f"- {item}" for item in items]


def cell(text: str) -> str:
    """As a table can hold it."""
    return printable(text).replace("|", "\\|")
