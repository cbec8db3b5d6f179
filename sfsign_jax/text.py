"""Text that comes in and goes out: one spelling for what looks the same, and nothing unprintable.

Whoever reads tables, references, predictions or vocabularies takes the text from here.
"""

import io
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from sfsign_jax.errors import UserError

# Nobody sees them, and Unicode does not count them as format characters (Cf): the grapheme joiner,
# fillers and variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean_text(text: str, where: str) -> str:
    """One spelling of what looks the same: NFC, one kind of space, no characters that nobody sees.

    Those are zero-width spaces and joiners, marks of byte order and direction, soft hyphens.

    Raises:
        UserError: there is a control character (tabs and line breaks are none) or half a surrogate
            pair; the message begins with `where`.
    """
    if text.isascii() and text.isprintable():
        return text
    for character in text:
        if character not in "\t\n\r" and unicodedata.category(character) in ("Cc", "Cs"):
            raise UserError(
                f"{where}: the character U+{ord(character):04X} can't be printed; delete it"
            )
    seen = "".join(
        " " if unicodedata.category(character)[0] == "Z" else character
        for character in text
        if unicodedata.category(character) != "Cf"
    )
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", seen))


def clean_glosses(glosses: Iterable[str], where: str) -> tuple[str, ...]:
    """Each gloss of a vocabulary or a clip, cleaned.

    Raises:
        UserError: as for `clean_text`.
    """
    return tuple(clean_text(gloss, where) for gloss in glosses)


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file in UTF-8 as it is, line breaks included, without a mark of byte order.

    Raises:
        UserError: the file can't be read or is not UTF-8.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            line = error.object.count(b"\n", 0, error.start) + 1
            message = f"{path}, line {line}: not UTF-8; save the file as UTF-8"
        else:  # ValueError: a NUL in the path
            message = f"{path} can't be read: {getattr(error, 'strerror', None) or error}"
        raise UserError(message) from error


def read_lines(path: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    """("file, line 7", the line, cleaned) of a text file.

    Raises:
        UserError: as for `read_text` and `clean_text`.
    """
    for number, line in enumerate(io.StringIO(read_text(path), newline=None), start=1):
        where = f"{path}, line {number}"
        yield where, clean_text(line.removesuffix("\n"), where)


def without_controls(text: str) -> str:
    """The text as every format can hold it: control characters and halves of pairs are left out."""
    return "".join(
        character
        for character in text
        if unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff"
    )


def printable(text: object) -> str:
    r"""One line that does nothing to a terminal but show: what can't be shown becomes \x1b."""
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character
        for character in str(text)
    )
