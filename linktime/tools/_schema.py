"""JSON Schema from type hints, in the plain words that every client reads: no references, unions or titles."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Required, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le, MaxLen, MinLen
from typing_extensions import Doc, is_typeddict

_TYPES: Final[Mapping[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dict: {"type": "object"},
    Any: {},
}
_OPTIONAL: Final = (Union, UnionType)


def schema(hint: Any, *, closed: bool) -> dict[str, Any]:
    """Write a type as JSON Schema; *closed* objects know no other fields than theirs."""
    if get_origin(hint) is Annotated:
        bare, *marks = get_args(hint)
        return schema(bare, closed=closed) | _keywords(bare, marks)
    if get_origin(hint) in {Required, *_OPTIONAL}:
        return schema(*(kind for kind in get_args(hint) if kind is not NoneType), closed=closed)
    if is_typeddict(hint):
        hints = get_type_hints(hint, include_extras=True)
        required = [name for name in hints if name in hint.__required_keys__ or get_origin(hints[name]) is Required]
        return object_schema(hints, required, closed=closed)
    match get_origin(hint), get_args(hint):
        case (origin, names) if origin is Literal:
            return {"type": "string", "enum": list(names)}
        case (origin, (item,)) if origin is list:
            return {"type": "array", "items": schema(item, closed=closed)}
    return dict(_TYPES[get_origin(hint) or hint])


def object_schema(hints: Mapping[str, Any], required: list[str], *, closed: bool) -> dict[str, Any]:
    """Write fields and their types as the schema of an object."""
    written: dict[str, Any] = {
        "type": "object",
        "properties": {name: schema(hint, closed=closed) for name, hint in hints.items()},
    }
    if required:
        written["required"] = required
    if closed:
        written["additionalProperties"] = False
    return written


def _keywords(bare: Any, marks: list[Any]) -> dict[str, Any]:
    items = "Items" if get_origin(bare) is list else "Length"
    words: dict[str, Any] = {}
    for mark in marks:
        match mark:
            case Doc(documentation=text):
                words["description"] = text
            case Ge(ge=least):
                words["minimum"] = least
            case Le(le=most):
                words["maximum"] = most
            case MinLen(min_length=least):
                words[f"min{items}"] = least
            case MaxLen(max_length=most):
                words[f"max{items}"] = most
    return words
