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
  const place = document.getElementById(id);
  if (!option) {
    drawn.get(id)?.dispose();
    drawn.delete(id);
    place.innerHTML = `<div class="empty">${safe(nothing)}</div>`;
    return;
  }
  if (!drawn.has(id)) {
    place.innerHTML = "";
    drawn.set(id, echarts.init(place, null, { renderer: "svg" }));
  }
  drawn.get(id).setOption({ ...base(), ...option }, true);
}

function base() {
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 350,
    aria: { enabled: true },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: tone("soft"), fontSize: 12 },
    grid: { left: 4, right: 8, top: 28, bottom: 4, containLabel: true },
  };
}

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
    data: names, top: 0, left: 0, itemWidth: 9, itemHeight: 9, itemGap: 14, icon: "roundRect",
    type: "scroll", textStyle: { color: tone("soft"), fontSize: 12 }, pageIconColor: tone("soft"), pageIconInactiveColor: tone("rule"), pageTextStyle: { color: tone("soft") },
  };
}

function tip(formatter, trigger = "axis") {
  return {
    trigger, confine: true, formatter, backgroundColor: tone("card"), borderColor: tone("rule"), borderWidth: 1,
    padding: [9, 12], textStyle: { color: tone("ink"), fontSize: 12.5 },
    extraCssText: "box-shadow:0 6px 24px rgb(0 0 0 / .14);border-radius:9px;font-variant-numeric:tabular-nums",
    axisPointer: { type: "line", lineStyle: { color: tone("faint"), type: "dashed" } },
  };
}

/** Lines of a tooltip: a title, then name and figure. */
function tipRows(title, rows) {
  const lines = rows.map(([color, name, figure]) =>
    `<div style="display:flex;gap:18px;justify-content:space-between"><span>${color ? `<i style="display:inline-block;width:8px;height:8px;border-radius:2px;margin-right:7px;background:${color}"></i>` : ""}${safe(name)}</span><b style="font-weight:600">${safe(figure)}</b></div>`);
  return `<div style="color:${tone("soft")};margin-bottom:4px">${safe(title)}</div>${lines.join("")}`;
}

addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
