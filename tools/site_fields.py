"""An extension of Griffe: the fields of a class and their comments are part of its docstring."""

from typing import Any

from griffe import (
    Attribute,
    Class,
    DocstringAttribute,
    DocstringSectionAttributes,
    Extension,
    Parser,
)


class Fields(Extension):
    def on_class_members(self, *, cls: Class, **_: Any) -> None:
        fields = [
            DocstringAttribute(name, annotation=field.annotation, description=comment_of(field))
            for name, field in cls.members.items()
            if isinstance(field, Attribute) and field.annotation and "property" not in field.labels
            # Dataclasses have theirs in the signature too.
            if comment_of(field) or not cls.decorators
        ]
        if cls.docstring and fields:
            sections = cls.docstring.parse(Parser.google)
            cls.docstring.parsed = [*sections, DocstringSectionAttributes(fields)]


def comment_of(field: Attribute) -> str:
    return field.source.partition("  # ")[2]
