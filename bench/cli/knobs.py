"""Command-line options made from a struct's fields, which define name, type, range, default and help."""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import click
import msgspec
from msgspec.structs import FieldInfo

_UNIT: Final = "_s"
"""How the name of a field in seconds ends; the option's name leaves it out."""


def checked(struct: type[msgspec.Struct], field: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return an option's callback that accepts the field's values, and says of others what they must be."""
    wanted = next(known.type for known in msgspec.structs.fields(struct) if known.name == field)

    def convert(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
        try:
            return None if value is None else msgspec.convert(value, wanted, strict=False)
        except msgspec.ValidationError as error:
            raise click.BadParameter(f"{value!r} is not {_form(wanted)}.") from error

    return convert


def options_of(struct: type[msgspec.Struct], **defaults: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds an option for each field with a description; `given` reads their values.

    `defaults` describes, for the help text, the default of each field that the command fills in itself.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for field in reversed(msgspec.structs.fields(struct)):
            if (help_text := _description(field)) is not None:
                default = defaults.get(field.name, field.default)
                # click gets no default: an option that is not given keeps the struct's default.
                function = click.option(
                    _option(field.name),
                    field.name,
                    callback=checked(struct, field.name),
                    metavar=_metavar(field),
                    help=help_text if default is None else f"{help_text}  [default: {default}]",
                )(function)
        return function

    return decorate


def given(struct: type[msgspec.Struct], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the struct's fields that the user gave as options."""
    return {name: options[name] for name in struct.__struct_fields__ if options.get(name) is not None}


def _form(wanted: Any) -> str:
    """Return what a value of this type is: the kind of number and its range, the words, or the pattern."""
    bare = get_args(wanted)[0] if get_origin(wanted) is Annotated else wanted
    if NoneType in get_args(bare):  # A type, or None where the option is not given.
        return _form(get_args(bare)[0])
    if get_origin(bare) is Literal:
        return f"one of {', '.join(get_args(bare))}"
    metas = wanted.__metadata__ if get_origin(wanted) is Annotated else ()
    if pattern := next((meta.pattern for meta in metas if meta.pattern), None):
        return f"of the form {pattern}"
    kind = "a whole number" if bare is int else "a number"
    bounds = [f"{bound:,}" for meta in metas for bound in (meta.ge, meta.le) if bound is not None]
    return f"{kind} from {' to '.join(bounds)}" if bounds else kind


def _option(field: str) -> str:
    return "--" + field.removesuffix(_UNIT).replace("_", "-")


def _description(field: FieldInfo) -> str | None:
    """Return the outermost description of a field's type."""
    metas = get_args(field.type)[1:] if get_origin(field.type) is Annotated else ()
    return next((meta.description for meta in metas if meta.description), None)


def _metavar(field: FieldInfo) -> str:
    """Return the text after an option's name in the help: the words to choose from, or the kind of value."""
    bare = get_args(field.type)[0]
    if get_origin(bare) is Literal:
        return f"[{'|'.join(get_args(bare))}]"
    return "TEXT" if isinstance(field.default, str) else "NUMBER"
