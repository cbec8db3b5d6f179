"""A checkpoint on the Hugging Face hub: fetched by the hub's own client, into its own cache."""

import contextlib
import logging
from pathlib import Path

from httpx2 import TransportError
from huggingface_hub import (
    HfApi,
    constants,
    get_cached_repo_tree,
    parse_hf_uri,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    HfHubHTTPError,
    HfUriError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars

from sfsign_jax.checkpoint import DESCRIPTION
from sfsign_jax.errors import UserError
from sfsign_jax.sharing.hub_errors import hub_errors, unreachable
from sfsign_jax.sharing.parts import PARTS, check_size, is_part

HUB = "hf://"


def fetch_from_hub(name: str) -> Path:
    """The folder of hf://owner/name[@revision] in the cache of the hub's client.

    Where the hub can't be reached it is what was fetched before.

    Raises:
        UserError: the hub has no such checkpoint or does not give it, or it can't be reached and
            the cache has no whole copy.
    """
    model, revision = parse_name(name)
    with hub_errors(name):
        try:
            commit = str(HfApi().model_info(model, revision=revision).sha)
        except (TransportError, OfflineModeIsEnabled, HfHubHTTPError) as error:
            if isinstance(error, HfHubHTTPError) and error.response.status_code < 500:
                raise
            return cached_folder(name, error)
        sizes = sizes_of_parts(model, commit)
        if DESCRIPTION not in sizes:
            raise UserError(f"{name} is no checkpoint: it has no {DESCRIPTION}")
        missing = [x for x in sizes if not try_to_load_from_cache(model, x, revision=commit)]
        check_size(name, sum(sizes[path] for path in missing), Path(constants.HF_HUB_CACHE))
        with contextlib.nullcontext() if missing else disable_progress_bars():
            return Path(snapshot_download(model, revision=revision, allow_patterns=PARTS))


def cached_folder(name: str, error: Exception) -> Path:
    """What was fetched before; `error` is why the hub can't be reached.

    Raises:
        UserError: it is not there, or a part of it only.
    """
    model, revision = parse_name(name)
    try:
        folder = snapshot_download(
            model, revision=revision, allow_patterns=PARTS, local_files_only=True
        )
    except LocalEntryNotFoundError:
        raise UserError(
            f"{name}: {unreachable(error)}, and it was not fetched, or not all of it, into the "
            f"cache {constants.HF_HUB_CACHE}"
        ) from error
    if not isinstance(error, OfflineModeIsEnabled):  # which was asked for
        logging.getLogger(__name__).warning(
            "%s: %s: what was fetched before is used", name, unreachable(error)
        )
    return Path(folder)


def sizes_of_parts(model: str, commit: str) -> dict[str, int]:
    """Bytes of the checkpoint's files, by their paths."""
    try:
        files = get_cached_repo_tree(model, revision=commit)
    except CachedRepoTreeNotFoundError:
        tree = HfApi().list_repo_tree(model, recursive=True, revision=commit)
        files = [entry for entry in tree if isinstance(entry, RepoFile)]
    return {file.path: file.size for file in files if is_part(file.path)}


def parse_name(name: str) -> tuple[str, str | None]:
    """owner/name and the revision of hf://owner/name[@revision].

    Raises:
        UserError: it is no name of a model.
    """
    try:
        uri = parse_hf_uri(name)
    except HfUriError:
        uri = None
    if uri is None or uri.type != "model" or uri.path_in_repo:
        raise UserError(f"{name} is no name of a model: give hf://owner/name[@revision]")
    return uri.id, uri.revision
