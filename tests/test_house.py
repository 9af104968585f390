"""The house itself: budgets and cycles."""

import ast
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).parent.parent / "src" / "prasan"
MODULE_LINES = 300
FUNCTION_LINES = 40


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_outgrew_its_budget() -> None:
    long = {str(p.relative_to(SRC)): n for p in modules() if (n := len(p.read_text().splitlines())) > MODULE_LINES}
    assert long == {}


def test_no_function_outgrew_its_budget() -> None:
    long = [f"{p.relative_to(SRC)}:{name} {n}" for p in modules() for name, n in functions(p) if n > FUNCTION_LINES]
    assert long == []


def test_no_import_cycles() -> None:
    names = {module_name(path) for path in modules()}
    graph = {module_name(path): imports(path, names) for path in modules()}
    assert list(cycles(graph)) == []


def module_name(path: Path) -> str:
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, names: set[str]) -> set[str]:
    """What a module imports: a submodule by its own name, and a package only for what it defines itself."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("prasan"):
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in names else node.module for name in inner}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("prasan")}
    return found - {module_name(path)}


def cycles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Every module from which a walk along the imports comes back to itself."""
    for start, first in graph.items():
        seen: set[str] = set()
        stack = [n for n in first if n in graph]
        while stack:
            name = stack.pop()
            if name == start:
                yield [start]
                break
            if name not in seen:
                seen.add(name)
                stack.extend(n for n in graph[name] if n in graph)
