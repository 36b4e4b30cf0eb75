"""scripts/report: one HTML page about a result directory, which needs nothing from anywhere else."""

import argparse
import html
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import vl_convert

from .activation import find_program
from .gallery import draw
from .results import Results, ResultsError

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
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


def main():
    parser = argparse.ArgumentParser(prog="scripts/report", description="Writes one HTML page about a result "
                                     "directory, which works offline, and prints its name.")
    parser.add_argument("directory", metavar="DIR", help="a directory that `deadrelu run` wrote")
    parser.add_argument("--out", metavar="FILE", help="where the page goes (default: DIR/report.html)")
    arguments = parser.parse_args()
    try:
        results = Results(arguments.directory)
        path = Path(arguments.out or results.directory / "report.html")
        path.write_text(page(results), encoding="utf-8")
    except (ResultsError, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 4
    print(path)
    return 0


def page(results):
    """The whole page, as text."""
    body = [_overview(results), _claims(results), "<h2>Charts</h2>", *_charts(results), _summary(results),
            _provenance(results)]
    return PAGE.format(title=html.escape(results.name), style=STYLE, body="\n".join(body),
                       library=vl_convert.javascript_bundle().replace("</script", "<\\/script"))


def measured_claims(results):
    """What `deadrelu reproduce NAME --json` says about these results; empty where they are of no experiment.

    Nothing is trained: the results are judged where they lie, in a directory of the experiment's name, and only if
    they are the experiment's and complete.
    """
    program = find_program()
    folder = results.directory.resolve()
    config = EXPERIMENTS / folder.name / "config.json"
    if program is None or not config.is_file() or not results.manifest.get("complete"):
        return []
    resolved = subprocess.run([program, "config", config], capture_output=True, text=True, check=False).stdout
    if not resolved or json.loads(resolved) != results.config:
        return []
    done = subprocess.run([program, "reproduce", folder.name, "--json", "--out", folder.parent, "--experiments",
                           EXPERIMENTS], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):  # 3: a firm claim failed, which is a result
        raise ResultsError(f"{results.directory}: deadrelu reproduce says: {done.stderr.strip()}")
    return json.loads(done.stdout)


def _overview(results):
    runs = results.runs
    diverged = int((runs["status"] == "diverged").sum())
    swept = "".join(f"<li>{html.escape(axis.path)}: {html.escape(', '.join(map(_number, axis.values)))}</li>"
                    for axis in results.axes)
    return (f"<p>{len(runs)} runs over {runs['seed'].nunique()} seeds, {diverged} diverged.</p>"
            + (f"<p>Swept:</p><ul>{swept}</ul>" if swept else ""))


def _claims(results):
    claims = measured_claims(results)
    if not claims:
        return ""
    rows = [[claim["claim"], _source(claim["source"]), _number(claim["published"]), _measured(claim),
             _verdict(claim["verdict"])] for claim in claims]
    return "<h2>Claims</h2>" + _table(["claim", "source", "published", "measured [95 % interval]", "verdict"], rows)


def _source(source):
    return source if isinstance(source, str) else json.dumps(source)


def _measured(claim):
    if claim["measured"] is None:
        return "nothing"
    if claim["low"] is None:
        return _number(claim["measured"])
    return f"{_number(claim['measured'])} [{_number(claim['low'])}, {_number(claim['high'])}]"


class _Html(str):
    """Text that is HTML already."""


def _verdict(verdict):
    return _Html(f'<span class="{"pass" if verdict == "PASS" else "fail"}">{html.escape(verdict)}</span>')


def _charts(results):
    for name, chart in draw(results):
        spec = chart.to_json(indent=None).replace("<", "\\u003c")
        yield (f'<figure><div id="chart-{name}"></div></figure>'
               f'<script type="application/json" class="chart" data-target="chart-{name}">{spec}</script>')


def _summary(results):
    path = results.directory / "summary.csv"
    if not path.is_file():
        return ""
    table = pd.read_csv(path)
    note = f"<p>The first {MOST_ROWS} of {len(table)} rows.</p>" if len(table) > MOST_ROWS else ""
    rows = table.head(MOST_ROWS).astype(object).values.tolist()
    return f"<h2>Summary over seeds</h2>{note}" + _table(list(table.columns), rows)


def _provenance(results):
    facts = {key: value for key, value in results.manifest.items() if key != "config"}
    rows = [[key, value if isinstance(value, (str, int, float)) else json.dumps(value)] for key, value in facts.items()]
    config = html.escape(json.dumps(results.config, indent=2))
    return f"<h2>How it was made</h2>{_table(['what', 'value'], rows)}<h3>Config</h3><pre>{config}</pre>"


def _table(head, rows):
    cells = "".join(f"<th>{html.escape(str(name))}</th>" for name in head)
    lines = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>'


def _cell(value):
    if isinstance(value, _Html):
        return f"<td>{value}</td>"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f'<td{" class=number" if number else ""}>{html.escape(_number(value))}</td>'


def _number(value):
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
