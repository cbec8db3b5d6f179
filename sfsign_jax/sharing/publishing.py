"""A checkpoint, to a model on the Hugging Face hub, in one commit."""

from pathlib import Path
from typing import NamedTuple

import jax
from flax import nnx
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    ModelCard,
    get_token,
)
from huggingface_hub.errors import RepositoryNotFoundError

from sfsign_jax.checkpoint import DESCRIPTION, fingerprint, load_checkpoint, whole_copy
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation.results import METRICS, Metrics, read_metrics
from sfsign_jax.sharing.card import model_card
from sfsign_jax.sharing.hub import HUB, parse_name
from sfsign_jax.sharing.hub_errors import LOG_IN, hub_errors, one_line
from sfsign_jax.sharing.parts import is_part

CARD = "README.md"


class Published(NamedTuple):
    """Where a model is now, and what its card says of it."""

    name: str  # hf://owner/name
    url: str
    revision: str
    private: bool
    results: list[Metrics]


def publish(checkpoint: Path, name: str, license: str | None, private: bool) -> Published:
    """Make `checkpoint`, a folder, the model owner/name on the hub.

    What the model was before stays in its history.

    Raises:
        UserError: the checkpoint is damaged or has no vocabulary; the hub, or what is there under
            that name, does not take it.
    """
    model, revision = parse_name(HUB + name.removeprefix(HUB))
    if revision:
        raise UserError(f"{name}: leave @{revision} out, a model is published as its newest one")
    if not (license or private):
        raise UserError(
            "say with --license what others may do with the model, which its data decides too: "
            "cc-by-nc-sa-4.0, apache-2.0, … (https://huggingface.co/docs/hub/repositories-licenses)"
        )
    if not get_token():
        raise UserError(f"the hub takes models from those it knows: {LOG_IN}")
    checkpoint = whole_copy(checkpoint.absolute())
    network, description = load_checkpoint(checkpoint)
    if description.vocabulary is None:
        raise UserError(
            f"{checkpoint} has no vocabulary, so nobody could recognise with it: convert it again "
            "with --vocabulary FILE"
        )
    results = results_of(checkpoint, fingerprint(nnx.state(network)))
    num_parameters = sum(array.size for array in jax.tree.leaves(nnx.state(network, nnx.Param)))
    card = model_card(model, description, num_parameters, license, results)
    parts = {
        path.relative_to(checkpoint).as_posix(): path
        for path in sorted(checkpoint.rglob("*"))
        if path.is_file() and is_part(path.relative_to(checkpoint).as_posix())
    }
    with hub_errors(model):
        check_card(card, license)  # before a model of that name is made
        api = HfApi()
        there, is_private = own_files(api, model, private)
        additions = [CommitOperationAdd(part, path) for part, path in parts.items()]
        additions.append(CommitOperationAdd(CARD, card.encode()))
        gone = [CommitOperationDelete(f) for f in there if is_part(f) and f not in parts]
        message = f"Publish a model of {len(description.vocabulary)} glosses"
        commit = api.create_commit(model, [*additions, *gone], commit_message=message)
    return Published(HUB + model, f"{api.endpoint}/{model}", commit.oid, is_private, results)


def check_card(card: str, license: str | None) -> None:
    """Raises UserError where the hub does not take it."""
    try:
        ModelCard(card).validate()
    except ValueError as error:
        raise UserError(
            f"the hub does not take the model's card; is --license {license} one of its names? "
            f"({one_line(error)})"
        ) from error


def own_files(api: HfApi, model: str, private: bool) -> tuple[list[str], bool]:
    """The files that the hub has under that name, and whether they are private.

    The model is made where there is none.

    Raises:
        UserError: something else is there, or others can read it who should not.
    """
    try:
        info = api.model_info(model)
    except RepositoryNotFoundError:
        api.create_repo(model, private=private)
        return [], private
    files = [file.rfilename for file in info.siblings or []]
    if DESCRIPTION not in files and set(files) - {CARD, ".gitattributes"}:
        raise UserError(f"{model} is something else: it has files and no {DESCRIPTION}")
    if private and not info.private:
        raise UserError(f"{model} is there and public: make it private on its page first")
    return files, bool(info.private)


def results_of(checkpoint: Path, weights: str) -> list[Metrics]:
    """What `evaluate` found for these very weights, in the folder beside them."""
    paths = sorted(checkpoint.parent.glob(f"evaluation/*/{METRICS}"))
    return [found for found in map(read_metrics, paths) if found.fingerprint == weights]
