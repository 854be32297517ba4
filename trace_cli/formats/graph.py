"""Draw a graph in the languages of Graphviz (DOT) and Mermaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A node: its name inside the graph, the lines of text in it, and whether it is the one that was asked for."""

    name: str
    lines: tuple[str, ...]
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge from one node to another, with what stands on it."""

    source: str
    target: str
    text: str


def dot_text(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """Write a graph in the DOT language; every text is quoted."""
    lines = ["digraph trace {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for box in boxes:
        style = ", penwidth=2" if box.asked else ""
        lines.append(f"  {box.name} [label={_dot(box.lines)}{style}];")
    lines += [f"  {arrow.source} -> {arrow.target} [label={_dot((arrow.text,))}];" for arrow in arrows]
    return "\n".join([*lines, "}"]) + "\n"


def mermaid_text(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """Write a graph as a Mermaid flowchart; every text is quoted, with markup escaped."""
    lines = ["flowchart LR"]
    lines += [f"  {box.name}[{_mermaid(box.lines)}]" for box in boxes]
    lines += [
        f"  {arrow.source} -->|{_mermaid((arrow.text,))}| {arrow.target}"
        if arrow.text
        else f"  {arrow.source} --> {arrow.target}"
        for arrow in arrows
    ]
    lines += [f"  style {box.name} stroke-width:3px" for box in boxes if box.asked]
    return "\n".join(lines) + "\n"


def _dot(lines: Sequence[str]) -> str:
    text = "\\n".join(_printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return f'"{text}"'


def _mermaid(lines: Sequence[str]) -> str:
    escaped = (
        "".join(c if c.isalnum() or c in " .,:()-_/+" else f"#{ord(c)};" for c in _printable(line))
        for line in lines
    )
    return '"' + "<br/>".join(escaped) + '"'


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
