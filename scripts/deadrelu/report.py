"""One HTML page about a result directory, which needs nothing from anywhere else."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert

from .results import Results

MOST_ROWS = 500

STYLE = """
body { font: 15px/1.5 "DejaVu Sans", Verdana, sans-serif; color: #222; }
body { margin: 2rem auto; max-width: 1150px; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; }
figure { margin: 1.5rem 0; overflow-x: auto; }
.scroll { overflow: auto; max-height: 32rem; border: 1px solid #ccc; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .25rem .6rem; text-align: left; vertical-align: top; }
th { position: sticky; top: 0; background: #f2f2f2; } tr:nth-child(even) td { background: #fafafa; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pass { color: #0072B2; font-weight: bold; } .fail { color: #A34700; font-weight: bold; }
pre { background: #f6f6f6; padding: 1rem; overflow: auto; max-height: 30rem; font-size: 12px; }
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
style-src 'unsafe-inline'; img-src data: blob:">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
<script>{library}</script>
<script>
for (const source of document.querySelectorAll("script.chart"))
  vegaEmbed("#" + source.dataset.target, JSON.parse(source.textContent), {{renderer: "svg", actions: {{export: true, \
source: false, compiled: false, editor: false}}}})
    .catch(error => {{ document.getElementById(source.dataset.target).textContent = "cannot be drawn: " + error; }});
</script>
</body>
</html>
"""


def write(results: Results, out: str | os.PathLike[str] | None = None) -> Path:
    """Writes the page about these results, by default as report.html in their directory, and returns where it is."""
    path = Path(out) if out is not None else results.directory / "report.html"
    path.write_text(page(results), encoding="utf-8")
    return path


def page(results: Results) -> str:
    """The whole page, as text."""
    title = results.config.get("name") or results.directory.resolve().name
    body = [_overview(results), _claims(results), "<h2>Charts</h2>", *_charts(results), _summary(results),
            _provenance(results)]
    library = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub forgets the default
    return PAGE.format(title=html.escape(title), style=STYLE, body="\n".join(body),
                       library=library.replace("</script", "<\\/script"))


def _overview(results: Results) -> str:
    runs = results.runs
    diverged = int((runs["status"] == "diverged").sum())
    values = {path: [value for value in runs[path].unique() if not pd.isna(value)] for path in results.swept}
    swept = "".join(f"<li>{html.escape(path)}: {html.escape(', '.join(map(_number, found)))}</li>"
                    for path, found in values.items())
    return (f"<p>{len(runs)} runs over {runs['seed'].nunique()} seeds, {diverged} diverged.</p>"
            + (f"<p>Swept:</p><ul>{swept}</ul>" if swept else ""))


def _claims(results: Results) -> str:
    if results.experiment is None:
        return ""
    rows = [[claim["claim"], _source(claim["source"]), _number(claim["published"]), _measured(claim),
             _verdict(claim["verdict"])] for claim in results.experiment.claims]
    return "<h2>Claims</h2>" + _table(["claim", "source", "published", "measured [95 % interval]", "verdict"], rows)


def _source(source: Any) -> str:
    return source if isinstance(source, str) else json.dumps(source)


def _measured(claim: dict[str, Any]) -> str:
    if claim["measured"] is None:
        return "nothing"
    if claim["low"] is None:
        return _number(claim["measured"])
    return f"{_number(claim['measured'])} [{_number(claim['low'])}, {_number(claim['high'])}]"


class _Html(str):
    """Text that is HTML already."""


def _verdict(verdict: str) -> _Html:
    kind = verdict.split()[0].lower()
    return _Html(f'<span class="{kind}">{html.escape(verdict)}</span>')


def _charts(results: Results) -> Iterator[str]:
    for name, chart in results.plot().items():
        spec = chart.to_json(indent=None).replace("<", "\\u003c")
        yield (f'<figure><div id="chart-{name}"></div></figure>'
               f'<script type="application/json" class="chart" data-target="chart-{name}">{spec}</script>')


def _summary(results: Results) -> str:
    table = results.summary
    note = f"<p>The first {MOST_ROWS} of {len(table)} rows.</p>" if len(table) > MOST_ROWS else ""
    rows = table.head(MOST_ROWS).astype(object).values.tolist()
    return f"<h2>Summary over seeds</h2>{note}" + _table(list(table.columns), rows)


def _provenance(results: Results) -> str:
    facts = {key: value for key, value in results.manifest.items() if key != "config"}
    rows = [[key, value if isinstance(value, (str, int, float)) else json.dumps(value)] for key, value in facts.items()]
    config = html.escape(json.dumps(results.config, indent=2))
    return f"<h2>How it was made</h2>{_table(['what', 'value'], rows)}<h3>Config</h3><pre>{config}</pre>"


def _table(head: list[str], rows: list[list[Any]]) -> str:
    cells = "".join(f"<th>{html.escape(str(name))}</th>" for name in head)
    lines = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>'


def _cell(value: Any) -> str:
    if isinstance(value, _Html):
        return f"<td>{value}</td>"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f'<td{" class=number" if number else ""}>{html.escape(_number(value))}</td>'


def _number(value: Any) -> str:
    if value is pd.NA:
        return ""
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return str(value)

