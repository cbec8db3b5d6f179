"""A checkpoint by its name: a folder, example, hf://owner/name[@revision] or https://….zip."""

from pathlib import Path

from sfsign_jax.checkpoint import ModelDescription, load_checkpoint
from sfsign_jax.errors import UserError
from sfsign_jax.example import MODEL, is_example
from sfsign_jax.models.sign_model import SignModel
from sfsign_jax.sharing.zips import fetch_zip


def open_checkpoint(name: str | Path) -> tuple[SignModel, ModelDescription]:
    """The model of that name on the default device; what is on the web is fetched into a cache.

    Raises:
        UserError: it can't be fetched, or as for `load_checkpoint`.
        ModuleNotFoundError: it is on the hub, and the hub's client is not installed.
    """
    folder, fetched = local_folder(name)
    try:
        return load_checkpoint(folder)
    except UserError as error:
        if fetched is None:
            raise
        raise UserError(f"{name}: {error}; delete {fetched} to have it fetched again") from error


def is_fetched(name: str | Path) -> bool:
    """Whether it names something on the web."""
    return "://" in str(name)


def local_folder(name: str | Path) -> tuple[Path, Path | None]:
    """The folder of the checkpoint, and what holds it if it was fetched.

    Raises:
        UserError: it can't be fetched.
    """
    if is_example(name):
        return MODEL, None
    if not is_fetched(name):
        return Path(name).expanduser(), None
    scheme = str(name).partition("://")[0].lower()
    if scheme == "hf":
        from sfsign_jax.sharing.hub import fetch_from_hub  # its client is of an extra

        folder = fetch_from_hub(str(name))
        return folder, folder.parents[1]
    if scheme in ("https", "http"):
        folder = fetch_zip(str(name))
        return folder, folder.parent
    raise UserError(
        f"{name} is no checkpoint's name: give a folder, hf://owner/name or https://….zip"
    )
