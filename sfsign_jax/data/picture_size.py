"""How large a picture may be: known without the libraries that read one."""

from sfsign_jax.errors import UserError

MAX_PIXELS = 8192 * 4320  # of a frame: 8K as cinemas have it


def check_size(width: int, height: int, name: str, max_pixels: int) -> None:
    """Raises UserError where a picture is too large."""
    if width * height > max_pixels:
        raise UserError(
            f"{name} has {width} × {height} pixels, more than the limit of "
            f"{max_pixels / 1e6:g} megapixels: make it smaller, or allow more with --max_megapixels"
        )
