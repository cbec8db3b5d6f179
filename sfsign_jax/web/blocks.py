"""The page's parts."""

import base64
from pathlib import Path

import gradio as gr

from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.web.limits import Limits
from sfsign_jax.web.visits import Visits

TITLE = "Sign language recognition"
WAITING = 20  # visitors that may wait for the recogniser


def page_of(recognizer: Recognizer, limits: Limits, clip: Path | None = None) -> gr.Blocks:
    """With a button that takes `clip`, where there is one."""
    visits = Visits(recognizer, limits)
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        gr.HTML(
            f"<h1>{TITLE}</h1><p>A video of at most {limits.minutes:g} minutes and "
            f"{limits.megabytes:g} MB. It is deleted once recognised, and nothing else is kept.</p>"
        )
        with gr.Row():
            with gr.Column(scale=2, min_width=300):
                video = gr.Video(sources=["upload", "webcam"], label="Video", buttons=[])
                if clip:
                    content = base64.b64encode(clip.read_bytes()).decode()
                    gr.HTML(
                        f'<button class="clip" data-name="{clip.name}" data-content="{content}">'
                        "Take a clip of the invented signs that this model knows</button>",
                        padding=False,
                    )
                button = gr.Button("Recognise", variant="primary", elem_id="recognise")
                gr.HTML(
                    '<p class="refusal" role="alert" hidden '
                    f'data-megabytes="{limits.megabytes:g}"></p>'
                )
            with gr.Column(scale=5, min_width=300):
                result = gr.HTML(js_on_load=None, apply_default_css=False, min_height=120)
        # Not behind those who wait for the recogniser.
        video.change(
            visits.chosen, video, queue=False, show_progress="hidden", api_visibility="private"
        )
        button.click(
            visits.asked,
            video,
            [result, video],
            js="holdVideo",
            show_progress_on=result,
            concurrency_limit=1,
            api_visibility="private",
        )
        page.unload(visits.left)
    page.queue(max_size=WAITING, api_open=False)
    return page
