"""What units died of: causes over time, and one unit's life; both need the table of deaths (record.deaths)."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from . import theme
from .panels import arrange, facet, keys, place, size, step_axis, y_title
from .theme import Chart
from .view import View

CAUSES = ["weights", "bias", "below", "joint", "any"]
SHARES = ["weights", "bias", "below"]


def causes(view: View) -> Chart | None:
    """Deaths of units so far, by cause, over steps: mean number a run, stacked."""
    deaths = view.table("deaths")
    deaths = deaths if deaths is None else deaths[deaths["event"] == "death"]
    if deaths is None or deaths.empty:
        return None
    panels = arrange(view.lines, with_series=False)
    runs = place(view.runs.assign(setting=view.settings), panels)
    frame = place(deaths, panels)
    table = _cumulated(frame, keys(panels), runs)
    shown = [cause for cause in CAUSES if cause in set(table["cause"])]
    colours = alt.Color("cause:N", title="cause", sort=shown,
                        scale=alt.Scale(domain=shown, range=[theme.CATEGORIES[CAUSES.index(cause)] for cause in shown]))
    chart = alt.Chart(table).mark_area(interpolate="step-after").encode(
        x=step_axis(table["step"]), color=colours, order=alt.Order("place:Q"),
        y=alt.Y("deaths:Q", stack="zero", title=y_title(panels, "deaths so far", "units a run")),
        tooltip=["cause", "step", alt.Tooltip("deaths:Q", format=".4g")]).properties(**size(panels))
    return theme.headed(facet(chart, panels), "What units died of",
                        f"The change that alone would have killed: of the unit's weights, its bias or what lies below; "
                        f"joint: none alone; any: each of several; mean over {len(view.runs)} runs", panels.note())


def unit_life(view: View) -> Chart | None:
    """The unit that died and came back most often: its largest pre-activation over steps, and what changed it."""
    deaths = view.table("deaths")
    deaths = deaths if deaths is None else deaths.dropna(subset=["max_before", "max_after"])
    if deaths is None or deaths.empty:
        return None
    one = ["run_id", "layer", "unit"]
    run, layer, unit = chosen = next(iter(deaths[one].value_counts(sort=True).index))
    life = _of(deaths, chosen)
    units = view.table("units")
    levels = pd.concat([
        life[["from_step", "max_before"]].set_axis(["step", "level"], axis=1),
        life[["to_step", "max_after"]].set_axis(["step", "level"], axis=1),
    ]) if units is None else _of(units, chosen)[["step", "preactivation_max"]].set_axis(["step", "level"], axis=1)
    levels = levels.drop_duplicates("step").sort_values("step")
    x = step_axis(levels["step"])
    title = "largest pre-activation"
    dead = alt.Chart(pd.DataFrame({"level": [0]})).mark_rule(strokeDash=[4, 4]).encode(y="level:Q")
    line = alt.Chart(levels).mark_line(color=theme.CATEGORIES[0]).encode(x=x, y=alt.Y("level:Q", title=title))
    events = alt.Chart(life.assign(step=life["to_step"])).mark_point(filled=True, size=70).encode(
        x=x, y=alt.Y("max_after:Q", title=title),
        shape=alt.Shape("event:N", title="event"), color=alt.value(theme.CATEGORIES[1]),
        tooltip=["event", "cause", "from_step", "to_step", "max_before", "max_after"])
    bars = life.assign(step=life["to_step"]).melt(["step"], [f"share_{name}" for name in SHARES], "share", "change")
    bars["share"] = bars["share"].str.removeprefix("share_")
    colours = alt.Color("share:N", title="change from", sort=SHARES,
                        scale=alt.Scale(domain=SHARES, range=theme.CATEGORIES[:len(SHARES)]))
    shares = alt.Chart(bars).mark_bar(width=6).encode(x=x, y=alt.Y("change:Q", title="its change since the last record"),
                                                      color=colours, tooltip=["share", "step", "change"])
    across = {"width": theme.WIDTH}
    chart = alt.vconcat((dead + line + events).properties(**across, height=theme.SMALL_HEIGHT),
                        shares.properties(**across, height=theme.SMALL_HEIGHT)).resolve_scale(color="independent", x="shared")
    return theme.headed(chart, "One unit's life", f"Layer {layer}, unit {unit} of run {run}: dead at or below 0 on the probe set; "
                        "below, where each of its deaths and revivals came from (Shapley shares)")


def _of(table: pd.DataFrame, unit: tuple[str, int, int]) -> pd.DataFrame:
    run, layer, number = unit
    return table[(table["run_id"] == run) & (table["layer"] == layer) & (table["unit"] == number)]


def _cumulated(deaths: pd.DataFrame, groups: list[str], runs: pd.DataFrame) -> pd.DataFrame:
    """step, cause, place, deaths: those up to the step, a run of the panel; every cause at every step."""
    steps = sorted({0, *deaths["to_step"], runs["steps"].max()})
    counts = deaths.groupby([*groups, "cause", "to_step"]).size().rename("deaths").reset_index()
    tables = []
    for names, panel in counts.groupby(groups) if groups else [((), counts)]:
        mine: dict[str, Any] = dict(zip(groups, names))
        among = runs
        for name, value in mine.items():
            among = among[among[name] == value]
        wide = panel.pivot_table(index="to_step", columns="cause", values="deaths", aggfunc="sum")
        wide = wide.reindex(index=steps, columns=[cause for cause in CAUSES if cause in wide], fill_value=0).fillna(0)
        long = (wide.cumsum() / len(among)).rename_axis(index="step").reset_index().melt("step", var_name="cause",
                                                                                         value_name="deaths")
        tables.append(long.assign(place=long["cause"].map(CAUSES.index), **mine))
    return pd.concat(tables, ignore_index=True)
