"""What the hub's client raises, as one sentence."""

import contextlib
from collections.abc import Iterator

from httpx2 import HTTPError
from huggingface_hub import constants, get_token
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from sfsign_jax.errors import UserError

LOG_IN = "`hf auth login`, or HF_TOKEN in the environment"
ERRORS = (HTTPError, OSError, ValueError, RuntimeError, EntryNotFoundError)


@contextlib.contextmanager
def hub_errors(name: str) -> Iterator[None]:
    """Raises UserError, which begins with `name`, for what the hub or its client refuses."""
    try:
        yield
    except ERRORS as error:
        raise UserError(f"{name}: {sentence_of(error)}") from error


def sentence_of(error: BaseException) -> str:
    cache = constants.HF_HUB_CACHE
    match error:
        case GatedRepoError():
            return f"its owner asks who wants it: answer on the model's page, and log in ({LOG_IN})"
        case RepositoryNotFoundError():
            private = (
                "your token may not read it" if get_token() else f"it needs a token ({LOG_IN})"
            )
            return f"the hub has no such model, or it is private and {private}"
        case RevisionNotFoundError():
            return "the model has no such revision"
        case LocalEntryNotFoundError():  # so the client calls what breaks off
            return f"{unreachable(error.__cause__)}: try it again, what is fetched is kept"
        case HfHubHTTPError():
            return refusal(error)
        case HTTPError() | OfflineModeIsEnabled():
            return unreachable(error)
        case OSError(strerror=str(reason)):
            return f"{error.filename or cache}: {reason}"
    return one_line(error)


def refusal(error: HfHubHTTPError) -> str:
    """What the hub says no to."""
    said = one_line(error.server_message or error.response.reason_phrase)
    match error.response.status_code:
        case 401:
            return f"the hub does not take your token ({said}): log in again ({LOG_IN})"
        case 403:
            return f"your token may not do that ({said})"
        case status:
            return f"the hub answers {status} ({said})"


def unreachable(error: BaseException | None) -> str:
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    if isinstance(error, HfHubHTTPError):
        return refusal(error)
    return f"the hub can't be reached, or breaks off ({one_line(error or 'no network')})"


def one_line(text: object) -> str:
    return " ".join(str(text).split())
