"""What was measured, as a table for the terminal or for Markdown."""

import statistics

LEGEND = ("Microseconds a step and network; in brackets how many times that of deadrelu with many networks · with one "
          "network.")


def summary(times):
    """times: trainer to network to {"runs", "form", "seconds": one a round} or {"error"}; adds best and ratios."""
    rows = []
    for trainer, networks in times.items():
        for network, found in networks.items():
            row = {"trainer": trainer, "network": network, **found}
            if found.get("seconds"):
                row["best"] = min(found["seconds"])
                row["median"] = statistics.median(found["seconds"])
            rows.append(row)
    for row in rows:
        if "best" in row:
            row["times_many"] = row["best"] / _best(rows, MANY, row["network"])
            if row["runs"] == 1:
                row["times_one"] = row["best"] / _best(rows, ONE, row["network"])
    return rows


MANY = "deadrelu, many networks"
ONE = "deadrelu, one network"


def _best(rows, trainer, network):
    return next(row["best"] for row in rows if row["trainer"] == trainer and row["network"] == network)


def cells(rows):
    """A table of strings, and the reasons of what failed."""
    networks = list(dict.fromkeys(row["network"] for row in rows))
    trainers = list(dict.fromkeys(row["trainer"] for row in rows))
    at = {(row["trainer"], row["network"]): row for row in rows}
    failures = []
    lines = [["", *networks]]
    lines += [[trainer, *(_cell(at.get((trainer, network)), failures) for network in networks)] for trainer in trainers]
    lines += [["fastest peer ÷ many networks", *(_fastest(rows, network, "times_many") for network in networks)],
              ["fastest single peer ÷ one network", *(_fastest(rows, network, "times_one") for network in networks)]]
    return lines, failures


def _cell(row, failures):
    if row is None:
        return "–"
    if "error" in row:
        failures.append(f"({len(failures) + 1}) {row['trainer']}, {row['network']}: {row['error']}")
        return f"failed ({len(failures)})"
    if row["trainer"] in (MANY, ONE):
        return _microseconds(row["best"])
    ratios = [_ratio(row[key]) for key in ("times_many", "times_one") if key in row]
    return f"{_microseconds(row['best'])} ({' · '.join(ratios)})"


def _fastest(rows, network, key):
    ratios = [row[key] for row in rows
              if row["network"] == network and row["trainer"] not in (MANY, ONE) and key in row]
    return _ratio(min(ratios)) if ratios else "none"


def _microseconds(seconds):
    value = seconds * 1e6
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def _ratio(value):
    decimals = 2 if value < 2 else 1 if value < 9.95 else 0
    return f"{value:.{decimals}f}×"


def as_list(rows):
    """One line a peer and network: what it was found to compute."""
    return "\n".join(f"{row['network']}, {row['trainer']}: {row.get('error', 'computes the same')}" for row in rows)


def as_text(rows, machine):
    lines, failures = cells(rows)
    widths = [max(map(len, column)) for column in zip(*lines)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join([machine, "", *table, "", LEGEND, *failures])


def as_markdown(rows, machine):
    lines, failures = cells(rows)
    table = ["| " + " | ".join(line) + " |" for line in lines]
    table.insert(1, "|---|" + "---:|" * (len(lines[0]) - 1))
    return "\n".join([machine, "", *table, "", LEGEND, *(["", *failures] if failures else [])])
