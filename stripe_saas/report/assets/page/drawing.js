// A place on the page and what ECharts is to draw there -> the chart, drawn anew with each theme.
const drawn = new Map();

function tone(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function series() {
  return ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"].map(tone);
}

/** Draws, or says that there is nothing to draw. */
function draw(id, option, nothing = "Nothing in this range") {
  if (!option) {
    drawn.get(id)?.dispose();
    drawn.delete(id);
    fill(id, empty(nothing));
    return;
  }
  if (!drawn.has(id)) {
    fill(id, "");
    drawn.set(id, echarts.init(document.getElementById(id), null, { renderer: "svg" }));
  }
  drawn.get(id).setOption({ ...base(), ...option }, true);
}

function base() {
  const fontFamily = getComputedStyle(document.body).fontFamily;
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 350,
    aria: { enabled: true },
    textStyle: { fontFamily, color: tone("soft"), fontSize: 12 },
    grid: grid({ right: 8, top: 28, bottom: 4 }),
  };
}

/** Room around a chart that has a legend above it, unless some of it is set otherwise. */
function grid(room = {}) {
  return { left: 4, right: 18, top: 34, bottom: 10, containLabel: true, ...room };
}

const UNLINED = { axisTick: { show: false }, axisLine: { show: false } };

function monthAxis(months) {
  return {
    type: "category",
    data: months,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: tone("rule") } },
    axisLabel: { color: tone("soft"), formatter: monthTick, hideOverlap: true, lineHeight: 15 },
  };
}

function moneyAxis(currency) {
  return {
    type: "value",
    splitNumber: 4,
    axisLabel: { color: tone("faint"), formatter: (value) => shortMoney(value, currency) },
    splitLine: { lineStyle: { color: tone("rule"), width: 1 } },
  };
}

function legend(names) {
  return {
    data: names,
    top: 0,
    left: 0,
    itemWidth: 9,
    itemHeight: 9,
    itemGap: 14,
    icon: "roundRect",
    type: "scroll",
    textStyle: { color: tone("soft"), fontSize: 12 },
    pageIconColor: tone("soft"),
    pageIconInactiveColor: tone("rule"),
    pageTextStyle: { color: tone("soft") },
  };
}

const TIP_STYLE =
  "box-shadow:0 6px 24px rgb(0 0 0 / .14);border-radius:9px;font-variant-numeric:tabular-nums";

/** A tooltip; `write` makes its markup of what ECharts points at. */
function tip(write, trigger = "axis") {
  return {
    trigger,
    confine: true,
    formatter: (pointed) => String(write(pointed)),
    backgroundColor: tone("card"),
    borderColor: tone("rule"),
    borderWidth: 1,
    padding: [9, 12],
    textStyle: { color: tone("ink"), fontSize: 12.5 },
    extraCssText: TIP_STYLE,
    axisPointer: { type: "line", lineStyle: { color: tone("faint"), type: "dashed" } },
  };
}

/** Lines of a tooltip: a title, then color (or none), name and figure of each. */
function tipRows(title, rows) {
  const lines = rows.map(
    ([color, name, figure]) =>
      html`<div class="tip-row"><span>${swatch(color)}${name}</span><b>${figure}</b></div>`,
  );
  return html`<div class="tip-title">${title}</div>${lines}`;
}

function swatch(color) {
  return color ? html`<i style="background:${color}"></i>` : "";
}

/** A tooltip over the months of stacked series: those that are not 0, as `write` puts them. */
function monthTip(write, order = (points) => points) {
  return tip((points) => {
    const rows = order(points.filter((point) => point.data));
    return tipRows(
      dayText(points[0].axisValue),
      rows.map((point) => [point.color, point.seriesName, write(point.data)]),
    );
  });
}

/** A bar of a stack of several series, one for each of which there are amounts by month. */
function stackedBar(name, color, data, stack) {
  return {
    name,
    type: "bar",
    stack,
    barMaxWidth: 26,
    itemStyle: { color, borderRadius: 1 },
    data,
    emphasis: { disabled: true },
  };
}

/** Bars that lie, one a part, with what `write` makes of each at their ends. */
function lyingBars(parts, { room, barMaxWidth, write, pointed }) {
  return {
    grid: grid({ left: 18, right: room, top: 6, bottom: 4 }),
    tooltip: tip(([point]) => pointed(parts[point.dataIndex], point)),
    yAxis: {
      type: "category",
      inverse: true,
      data: parts.map((part) => part.name),
      axisLabel: { color: tone("soft") },
      ...UNLINED,
    },
    xAxis: { type: "value", show: false },
    series: [
      {
        type: "bar",
        barMaxWidth,
        emphasis: { disabled: true },
        data: parts.map((part) => ({
          value: part.value,
          itemStyle: { color: part.color, borderRadius: 3 },
        })),
        label: {
          show: true,
          position: "right",
          color: tone("ink"),
          formatter: (point) => write(point.value),
        },
      },
    ],
  };
}

/** Steps -> bars that hang where the one before ended. */
function hanging(parts) {
  let level = 0;
  return parts.map((part) => {
    if (part.isTotal) level = 0;
    const from = level;
    level += part.value;
    return { ...part, low: Math.min(from, level), high: Math.max(from, level) };
  });
}

/** A waterfall: totals stand, changes hang. */
function drawSteps(id, parts, currency) {
  const bars = hanging(parts);
  const isNarrow = document.getElementById(id).clientWidth < 540;
  const written = (bar, write) =>
    bar.isTotal ? write(bar.value, currency) : changeText(bar.value, currency, write);
  const stack = { type: "bar", stack: "steps", emphasis: { disabled: true } };
  draw(id, {
    grid: grid({ right: 10, top: 24 }),
    tooltip: tip(([point]) => {
      const bar = bars[point.dataIndex];
      const name = bar.label || (bar.isTotal ? "MRR" : "Change");
      return tipRows(bar.name, [[bar.color, name, written(bar, money)]]);
    }),
    xAxis: {
      ...monthAxis(bars.map((bar) => bar.name)),
      axisLabel: { color: tone("soft"), interval: 0, rotate: isNarrow ? 32 : 0, fontSize: 11.5 },
    },
    yAxis: moneyAxis(currency),
    series: [
      {
        ...stack,
        data: bars.map((bar) => bar.low),
        itemStyle: { color: "transparent" },
        silent: true,
      },
      {
        ...stack,
        barMaxWidth: 44,
        data: bars.map((bar) => ({
          value: bar.high - bar.low,
          itemStyle: { color: bar.color, borderRadius: 2 },
        })),
        label: {
          show: true,
          position: "top",
          color: tone("ink"),
          fontSize: 11.5,
          formatter: (point) => written(bars[point.dataIndex], shortMoney),
        },
      },
    ],
  });
}

addEventListener("resize", () => {
  for (const chart of drawn.values()) chart.resize();
});
