"""The page's parts, and the server."""

import threading
from pathlib import Path

import gradio as gr

from sfsign_jax.errors import UserError
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.web.limits import Limits
from sfsign_jax.web.uploads import keep_sweeping
from sfsign_jax.web.view import HERE
from sfsign_jax.web.visits import Visits

TITLE = "Sign language recognition"
OLDEST = 3600  # seconds that an upload is kept which nobody has recognised
# The visitor's own: nothing to fetch.
FONTS = [gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")]


def open_page(
    recognizer: Recognizer, limits: Limits, host: str, port: int, folder: Path
) -> gr.Blocks:
    """Serve the page from now on; uploads go to `folder`, which is Gradio's too.

    Raises:
        UserError: the port is taken, or the host is not this machine's.
    """
    threading.Thread(target=keep_sweeping, args=(folder, OLDEST), daemon=True).start()
    page = page_of(recognizer, limits)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            max_file_size=round(limits.megabytes * 1e6),
            share=False,
            ssr_mode=False,
            mcp_server=False,
            run_history=False,
            footer_links=[],
            enable_monitoring=False,
            quiet=True,
            prevent_thread_lock=True,
            theme=gr.themes.Default(font=FONTS, font_mono=[gr.themes.Font("monospace")]),
            css_paths=HERE / "view.css",
            head=f"<script>{(HERE / 'view.js').read_text(encoding='utf-8')}</script>",
        )
    except OSError as error:
        raise UserError(
            f"the page can't be opened at {host}:{port}: something else is there already, or the "
            "host is another machine's; choose another --port or --host"
        ) from error
    return page


def page_of(recognizer: Recognizer, limits: Limits) -> gr.Blocks:
    visits = Visits(recognizer, limits)
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        gr.HTML(
            f"<h1>{TITLE}</h1><p>A video of at most {limits.minutes:g} minutes and "
            f"{limits.megabytes:g} MB. It is deleted once recognised, and nothing else is kept.</p>"
        )
        with gr.Row():
            with gr.Column(scale=2, min_width=300):
                video = gr.Video(sources=["upload", "webcam"], label="Video", buttons=[])
                button = gr.Button("Recognise", variant="primary")
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
    return page
