"""A hook of MkDocs: the site is laid out as the repository, so links lead where they do there."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel

REPOSITORY = Path(__file__).parents[1]
BESIDE_DOCS = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "benchmarks/RESULTS.md",
    "notebooks/quickstart.ipynb",
    "tfds_builders/synthetic_signs/README.md",
)
# What pages link to and a browser would only save: shown as pages.
SHOWN = (
    "LICENSE",
    "benchmarks/hlo.py",
    "sfsign_jax/conversion/unpickling.py",
    "sfsign_jax/exporting/loader.py",
    "sfsign_jax/web/gate.py",
)
EMPTY_HEADER = re.compile(r"<th[^>]*></th>")
LINK_TO_SHOWN = re.compile(r"\]\(([^):]*(?:\.py|LICENSE))\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Those of docs/ in docs/ again, and beside them what they and the README link to."""
    own = [file for file in files if file.src_dir == config.docs_dir]
    for file in own:
        files.remove(file)
    for path in (*(f"docs/{file.src_uri}" for file in own), *BESIDE_DOCS):
        files.append(File(path, str(REPOSITORY), config.site_dir, config.use_directory_urls))
    for path in SHOWN:
        page = File.generated(config, f"{path}.md", content=shown(path))
        page.inclusion = InclusionLevel.NOT_IN_NAV
        files.append(page)
    return files


def shown(path: str) -> str:
    """A file as a page that search leaves alone."""
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    language = "python" if path.endswith(".py") else "text"
    front = "search:\n  exclude: true"
    return f"---\n{front}\n---\n\n# {path}\n\n````{language}\n{text}````\n"


def on_page_markdown(markdown: str, **_: object) -> str:
    return LINK_TO_SHOWN.sub(r"](\1.md)", markdown)


def on_page_content(html: str, **_: object) -> str:
    """An empty cell heads no column."""
    return EMPTY_HEADER.sub("<td></td>", html)
