"""STM and CTM files with all that NIST's sclite takes: segments, labels, alternatives, channels.

STM, the references: `file channel speaker start end [<label>] word word ...`, a line a segment.
CTM, the predictions: `file channel start duration word [confidence [type [speaker]]]`, a line a
word. Blank lines and comments (`;;`) are skipped.

An alternation is `{ A / B C / @ }` in STM, and lines with the words <ALT_BEGIN>, <ALT> and
<ALT_END> in CTM; `@` is no word at all. What follows a `;` in a word is a tag, and no part of it. A
backslash makes the next character an ordinary one.
"""

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from sfsign_jax.errors import UserError
from sfsign_jax.text import read_lines

IGNORED = "IGNORE_TIME_SEGMENT_IN_SCORING"
NOTHING = ""  # what the files write as @
_DEEPEST = 50  # alternations in alternations
_LONGEST = 1000  # characters of a word; sclite needs hours for some thousands

# Words and alternations in a row; an alternation is a list of texts.
Text: TypeAlias = Sequence["str | list[Text]"]


class Segment(NamedTuple):
    """One line of an STM file."""

    where: str  # "file, line 7"
    file: str
    channel: str
    speaker: str
    start: float  # seconds, as `end`
    end: float
    text: Text | None  # None where the segment is not scored


class TimedWord(NamedTuple):
    """One line of a CTM file."""

    where: str
    file: str
    channel: str
    start: float  # seconds, as `duration`
    duration: float
    word: str


class Alternation(NamedTuple):
    """What one of several lists of words says; they may be empty."""

    where: str  # it begins
    words: list[list[TimedWord]]


def read_segments(path: str | os.PathLike[str]) -> Iterator[Segment]:
    """The segments of an STM file in the order of the file.

    Raises:
        UserError: the file can't be read, or a line is no such segment.
    """
    for where, line in content_lines(path):
        fields = line.split(maxsplit=5)
        if len(fields) < 5:
            raise UserError(f"{where}: expected 'id 1 signer start end gloss ...', found {line!r}")
        file, channel, speaker, start, end, *rest = fields
        words = rest[0].split() if rest else []
        if words and words[0].startswith("<"):
            del words[0]  # the label: a list of subsets that the segment belongs to
        ignored = any(IGNORED in word.upper() and word[0] != "\\" for word in words)
        text = None if ignored else _parse_text(" ".join(words), where)
        yield Segment(
            where, file, channel, speaker, parse_time(start, where), parse_time(end, where), text
        )


def read_timed_words(path: str | os.PathLike[str]) -> Iterator[TimedWord | Alternation]:
    """The words of a CTM file in the order of the file.

    Raises:
        UserError: the file can't be read, a line is no such word, or an alternation is not whole.
    """
    alternation: list[list[TimedWord]] | None = None  # the one that is open
    begin, place = "", ("", "")
    for where, line in content_lines(path):
        fields = line.split()
        if not 5 <= len(fields) <= 8:
            raise UserError(f"{where}: expected 'id 1 start duration gloss', found {line!r}")
        if alternation is not None and (fields[0], fields[1]) != place:
            raise UserError(f"{begin}: this alternation has no <ALT_END>")
        mark = fields[4].upper()
        if mark == "<ALT_BEGIN>" and alternation is None:
            alternation, begin, place = [[]], where, (fields[0], fields[1])
        elif mark == "<ALT>" and alternation is not None:
            alternation.append([])
        elif mark == "<ALT_END>" and alternation is not None:
            yield Alternation(begin, alternation)
            alternation = None
        elif mark in ("<ALT_BEGIN>", "<ALT>", "<ALT_END>"):
            raise UserError(f"{where}: {fields[4]} is out of its place")
        else:
            start, duration = (parse_time(field, where) for field in fields[2:4])
            text = parse_word(fields[4], where)
            word = TimedWord(where, fields[0], fields[1], start, duration, text)
            if alternation is None:
                yield word
            else:
                alternation[-1].append(word)
    if alternation is not None:
        raise UserError(f"{begin}: this alternation has no <ALT_END>")


def parse_time(text: str, where: str) -> float:
    """A time in seconds.

    Raises:
        UserError: it is no number.
    """
    # Not all that Python takes for a number: 1_000, nan and digits of other scripts are none here.
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
        raise UserError(f"{where}: {text!r} is not a time in seconds")
    return float(text)


def parse_word(text: str, where: str) -> str:
    r"""The word alone: without tags (`word;tag;tag`), \x as x, @ as NOTHING.

    Raises:
        UserError: there is nothing but a tag, or no word is so long.
    """
    if len(text) > _LONGEST:
        raise UserError(f"{where}: a word of {len(text)} characters is no word")
    match = re.match(r"(?:\\.|[^\\;])*", text)
    untagged = match[0] if match else ""
    if untagged == "@":
        return NOTHING
    word = re.sub(r"\\(.)", r"\1", untagged)
    if not word:
        raise UserError(f"{where}: {text!r} has no word before its tag")
    return word


def escape_word(word: str) -> str:
    """The word as these files write it, so that it is read back as it is."""
    escaped = re.sub(r"([\\;{}])", r"\\\1", word)
    special = word == "@" or word.startswith("<") or IGNORED in word.upper()
    return "\\" + escaped if special else escaped


def content_lines(path: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    """("file, line 7", the line) for every line that is neither blank nor a comment."""
    for where, line in read_lines(path):
        line = line.strip()
        if line.startswith(";") and not line.startswith(";;"):
            raise UserError(f"{where}: a comment begins with ';;'")
        if line and not line.startswith(";;"):
            yield where, line


def _parse_text(text: str, where: str) -> Text:
    """The words and alternations of a segment."""
    # A token is a brace, a slash by itself within braces, or a word.
    tokens = [match[0] for match in re.finditer(r"\\\S|[{}/\s]|[^\\{}/\s]+|\\", text)]
    if "{" not in tokens and "}" not in tokens:
        return [parse_word(word, where) for word in text.split()]
    stack: list[list[list[str | list[Text]]]] = [[[]]]  # of open alternations: their texts
    word = ""
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        inside = len(stack) > 1
        if token.isspace() or token in "{}" or (token == "/" and inside):
            if word:
                stack[-1][-1].append(parse_word(word, where))
            word = ""
        else:
            word += token
        if token == "{":
            if before not in ("", "/", "{", "}") and not before.isspace():
                raise UserError(f"{where}: a brace in the middle of a word; write \\{{ for one")
            if len(stack) > _DEEPEST:
                raise UserError(f"{where}: more than {_DEEPEST} alternations in one another")
            stack.append([[]])
        elif token == "/" and inside:
            stack[-1].append([])
        elif token == "}":
            if not inside:
                raise UserError(f"{where}: a brace ends what none has begun; write \\}} for one")
            if after not in ("", "/", "{", "}") and not after.isspace():
                raise UserError(f"{where}: a brace in the middle of a word; write \\}} for one")
            texts = stack.pop()
            if not all(texts):
                raise UserError(f"{where}: an empty alternative; write @ for nothing")
            stack[-1][-1].append(list(texts))
    if len(stack) > 1:
        raise UserError(f"{where}: an alternation has no end; write \\{{ for a brace in a word")
    if word:
        stack[-1][-1].append(parse_word(word, where))
    return stack[-1][-1]
