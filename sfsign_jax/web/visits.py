"""What happens when a visitor uses the page."""

from pathlib import Path
from typing import Any

import gradio as gr

from sfsign_jax.errors import UserError
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.web.answer import recognize
from sfsign_jax.web.limits import Limits
from sfsign_jax.web.uploads import Uploads
from sfsign_jax.web.view import problem, view


class Visits:
    """Each open page is a visitor, whom Gradio knows by a session's hash."""

    def __init__(self, recognizer: Recognizer, limits: Limits) -> None:
        self.recognizer = recognizer
        self.limits = limits
        self.uploads = Uploads()

    def chosen(self, video: str | None, request: gr.Request) -> None:
        """A video was uploaded or recorded, or none is there any more."""
        if video:
            self.uploads.hold(visitor(request), Path(video))
        else:
            self.uploads.release(visitor(request))

    def left(self, request: gr.Request) -> None:
        self.uploads.release(visitor(request))

    def asked(
        self, video: str | None, request: gr.Request, progress: gr.Progress = gr.Progress()
    ) -> tuple[str, Any]:
        """What is signed in the video? The answer as HTML, and what the upload becomes."""
        if not video:
            return problem("choose a video first"), gr.skip()
        path = Path(video)

        def show(done: int, expected: int | None, unit: str) -> None:
            if self.uploads.held(visitor(request)) != path:
                raise UserError(f"{path.name} was taken away before it was recognised")
            progress((done, max(done, expected or done)), unit=unit)

        self.uploads.hold(visitor(request), path)
        try:
            answer = view(recognize(self.recognizer, path, self.limits, show))
        except UserError as error:
            answer = problem(str(error).replace(str(path), path.name))
        finally:
            self.uploads.release(visitor(request), path)
        another = self.uploads.held(visitor(request))
        return answer, gr.skip() if another else None


def visitor(request: gr.Request) -> str:
    return request.session_hash or ""
