"""The rooms of the package, as docs/development/design.md describes them."""

from pathlib import Path

import sfsign_jax

PACKAGE = Path(sfsign_jax.__file__).parent
DESIGN = PACKAGE.parent / "docs" / "development" / "design.md"


def test_few_modules_stand_beside_the_folders():
    assert len(list(PACKAGE.glob("*.py"))) <= 19


def test_the_design_names_every_room():
    text = DESIGN.read_text(encoding="utf-8")
    rooms = [folder.parent.name for folder in PACKAGE.glob("*/__init__.py")]
    assert [room for room in rooms if f"`{room}/`" not in text] == []
