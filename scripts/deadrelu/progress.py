"""How far a training has come: a bar in a notebook, a line on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from typing import Any, Protocol


class Bar(Protocol):
    """Shows the counts that `deadrelu run --progress json` writes."""

    def show(self, counts: dict[str, Any]) -> None: ...

    def say(self, line: str) -> None:
        """Shows a line of the program's above the bar."""

    def end(self, line: str) -> None:
        """Takes the bar away and shows the closing line, if there is one."""


def bar(wanted: bool) -> Bar:
    """The bar that suits where this runs."""
    if not wanted:
        return Silence()
    display = _notebook_display()
    if display is not None:
        return NotebookBar(display)
    return TerminalBar() if sys.stderr.isatty() else Lines()


class Silence:
    """Shows the program's warnings alone."""

    def show(self, counts: dict[str, Any]) -> None:
        pass

    def say(self, line: str) -> None:
        if line.startswith("deadrelu: "):
            print(line, file=sys.stderr)

    def end(self, line: str) -> None:
        pass


class Lines:
    """What is to be said, without the bar: for files."""

    def show(self, counts: dict[str, Any]) -> None:
        pass

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def end(self, line: str) -> None:
        if line:
            self.say(line)


class TerminalBar(Lines):
    """One line, which is drawn over."""

    def show(self, counts: dict[str, Any]) -> None:
        filled = int(30 * _share(counts))
        print(f"\r\x1b[K[{'#' * filled}{'.' * (30 - filled)}] {_text(counts)}", end="", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        print(f"\r\x1b[K{line}", file=sys.stderr, flush=True)

    def end(self, line: str) -> None:
        print(f"\r\x1b[K{line}", end="\n" if line else "", file=sys.stderr, flush=True)


class NotebookBar(Lines):
    """An HTML bar below the cell, which the closing line replaces."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._handle = display({"text/plain": ""}, raw=True, display_id=True)

    def show(self, counts: dict[str, Any]) -> None:
        html = (f'<progress style="width: 24em" value="{_share(counts):.4f}"></progress> '
                f'<span style="font-variant-numeric: tabular-nums">{_text(counts)}</span>')
        self._handle.update({"text/html": html, "text/plain": _text(counts)}, raw=True)

    def end(self, line: str) -> None:
        self._handle.update({"text/plain": line}, raw=True)


def _notebook_display() -> Any:
    """IPython's display where this runs in a notebook, else None."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    return display


def _share(counts: dict[str, Any]) -> float:
    return counts["done"] / counts["total"] if counts["total"] else 1.0


def _text(counts: dict[str, Any]) -> str:
    text = f"{counts['done']} of {counts['total']} runs"
    left = counts["remaining_seconds"]
    if left is not None and counts["done"] < counts["total"]:
        whole = round(left)
        text += f", {whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02} left"
    return text + (f", {counts['diverged']} diverged" if counts["diverged"] else "")
