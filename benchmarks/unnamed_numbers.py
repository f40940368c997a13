"""Count the numbers that nobody gave a name: `python benchmarks/unnamed_numbers.py [FOLDER ...]`.

A number has a name where it is the value of a constant, a field, a parameter's default or a keyword argument, or where
it stands in a table of a module (a constant of rows). What mathematics fixes is not counted: 0, 1, 2 and 1/2 with
either sign, and whole numbers in an index, a shape or an axis.

Prints, for each file and for all of them, the unnamed numbers, the lines of code (without blank lines, comments and
docstrings), and how many there are in 100 lines. With `--where` it prints each number's place as well.
"""

from __future__ import annotations

import argparse
import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

BACKEND: Final = Path(__file__).parents[1] / "backend" / "dreamface"
FIXED: Final = (0.0, 0.5, 1.0, 2.0)
"""Values that mathematics fixes, whatever their sign."""


def unnamed(source: str) -> list[ast.Constant]:
    """Return the number literals of a module's source that have no name, in the order of the text."""
    tree = ast.parse(source)
    _mark_functions(tree)
    return sorted(_unnamed(tree), key=lambda number: (number.lineno, number.col_offset))


def _unnamed(node: ast.AST, named: bool = False) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Constant):
        if not named and _is_number(node.value) and abs(node.value) not in FIXED:
            yield node
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        yield from _unnamed_in_function(node)
        return
    for field, value in ast.iter_fields(node):
        within = named or _names(node, field)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not (_is_whole(child) and _is_index(node, field)):
                yield from _unnamed(child, within)


def _unnamed_in_function(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[ast.Constant]:
    """Defaults are named by their parameters; in the body a constant has to be a plain name for a plain number."""
    for statement in function.body if isinstance(function.body, list) else [function.body]:
        yield from _unnamed(statement)


def _names(node: ast.AST, field: str) -> bool:
    """Whether a field of a node gives the numbers below it a name."""
    if isinstance(node, ast.keyword):
        return field == "value" and _is_literal(node.value)
    if isinstance(node, ast.AnnAssign | ast.Assign):
        inside = getattr(node, "inside_function", False)
        return field == "value" and node.value is not None and (not inside or _is_literal(node.value))
    return False


def _is_literal(node: ast.AST) -> bool:
    """Whether an expression is made of literals alone: a number, or a tuple of numbers."""
    return all(isinstance(part, _LITERAL_NODES) for part in ast.walk(node))


_LITERAL_NODES: Final = (ast.Constant, ast.UnaryOp, ast.unaryop, ast.Tuple, ast.List, ast.expr_context, ast.keyword)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(node: ast.AST) -> bool:
    literals = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return bool(literals) and all(isinstance(value, int) for value in literals)


def _is_index(node: ast.AST, field: str) -> bool:
    """Whether the node's field holds an index, or the axes and shape in a call of a tensor's method."""
    if isinstance(node, ast.Subscript):
        return field == "slice"
    if isinstance(node, ast.Slice):
        return True
    if isinstance(node, ast.Call) and field == "args":
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in _SHAPE_CALLS
    return False


_SHAPE_CALLS: Final = frozenset({
    "cat", "diff", "empty", "expand", "flatten", "mean", "movedim", "new_empty", "new_zeros", "ones", "permute", "rand",
    "randn", "range", "repeat", "reshape", "split", "stack", "sum", "transpose", "unbind", "unflatten", "unsqueeze",
    "view", "zeros",
})  # fmt: skip


def lines_of_code(source: str) -> int:
    """Return how many lines hold code: no blank ones, no comments, no docstrings."""
    skipped = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    nothing = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in nothing:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - skipped)


def _mark_functions(tree: ast.Module) -> None:
    """Tell the assignments in functions from those of a module or class, which make constants and fields."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                node.inside_function = True  # type: ignore[attr-defined]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="*", type=Path, default=[BACKEND / "skin"])
    parser.add_argument("--where", action="store_true", help="print the place of every unnamed number")
    chosen = parser.parse_args(arguments)
    total = lines = 0
    for folder in chosen.folder:
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            source = path.read_text(encoding="utf-8")
            numbers, count = unnamed(source), lines_of_code(source)
            total, lines = total + len(numbers), lines + count
            print(f"{len(numbers):5} in {count:5} lines = {_rate(len(numbers), count):5.1f} per 100   {path}")
            if chosen.where:
                for number in numbers:
                    print(f"      {path}:{number.lineno}: {number.value}")
    print(f"{total:5} in {lines:5} lines = {_rate(total, lines):5.1f} per 100   all")


def _rate(numbers: int, lines: int) -> float:
    return 100.0 * numbers / lines if lines else 0.0


if __name__ == "__main__":
    main()
