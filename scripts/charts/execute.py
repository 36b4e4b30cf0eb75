"""scripts/notebooks: executes notebooks from top to bottom."""

import argparse
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
MOST_SECONDS = 300  # a cell


def main():
    parser = argparse.ArgumentParser(prog="scripts/notebooks", description="Executes notebooks from top to bottom, and "
                                     "fails where a cell does; nothing is written into them.")
    parser.add_argument("notebook", nargs="*", type=Path, default=sorted(EXPERIMENTS.glob("*.ipynb")),
                        help="default: all in experiments/")
    failed = [path for path in parser.parse_args().notebook if not _succeeds(path)]
    return 1 if failed else 0


def _succeeds(path):
    start = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    if any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells):
        print(f"{path}: has outputs; clear them before it is committed", file=sys.stderr)
        return False
    try:
        NotebookClient(notebook, timeout=MOST_SECONDS, kernel_name="python3", extra_arguments=["--log-level=ERROR"],
                       resources={"metadata": {"path": str(path.resolve().parent)}}).execute()
    except CellExecutionError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return False
    print(f"{path.name}: {time.monotonic() - start:.0f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
