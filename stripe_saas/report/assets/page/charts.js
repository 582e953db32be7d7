// The chosen rows -> the charts of revenue.
function drawMrr() {
  const currency = chosen.currency;
  const from = monthsChosen()[0];
  const rows = ofCurrency(REPORT.mrr_daily).filter((row) => row.date.slice(0, 7) >= from);
  draw("chart-mrr", rows.length && {
    grid: { left: 6, right: 18, top: 16, bottom: 8, containLabel: true },
    tooltip: tip(([point]) => tipRows(dayText(point.axisValue), [[tone("accent"), "MRR", money(point.data, currency)]])),
    xAxis: { ...monthAxis(rows.map((row) => row.date)), boundaryGap: false, axisLabel: { color: tone("soft"), formatter: (date) => monthTick(date), interval: (place, date) => date.endsWith("-01") && monthShown(date, rows.length), lineHeight: 15 } },
    yAxis: { ...moneyAxis(currency), scale: false },
    series: [{
      type: "line", data: rows.map((row) => row.mrr), showSymbol: false, smooth: 0.15, lineStyle: { width: 2.2, color: tone("accent") }, itemStyle: { color: tone("accent") },
      areaStyle: { color: { type: "linear", x: 0, y: 0, x2: 0, y2: 1, colorStops: [{ offset: 0, color: tone("accent") + "33" }, { offset: 1, color: tone("accent") + "03" }] } },
    }],
  });
}

/** Fewer months are named the longer the range is. */
function monthShown(date, days) {
  const step = days > 800 ? 6 : days > 400 ? 3 : days > 200 ? 2 : 1;
  return (Number(date.slice(5, 7)) - 1) % step === 0;
}

/** A movement's name; what exchange rates did is none, and shows only with a reporting currency. */
function movementText(name) {
  return name === "fx" ? "Exchange rates" : words(name);
}

function movementTone(name) {
  return tone(name === "fx" ? "s7" : name);
}

function drawMovements() {
  const currency = chosen.currency;
  const months = monthsChosen();
  const rows = new Map(ofRange(REPORT.mrr_monthly).map((row) => [row.month, row]));
  const shown = [...MOVEMENTS, ...(sum([...rows.values()].map((row) => ({ size: Math.abs(row.fx) })), "size") ? ["fx"] : [])];
  const bar = (name) => ({
    name: movementText(name), type: "bar", stack: "movements", barMaxWidth: 26, itemStyle: { color: movementTone(name), borderRadius: 1 },
    data: months.map((month) => rows.get(month)?.[name] || 0), emphasis: { disabled: true },
  });
  const net = months.map((month) => shown.reduce((total, name) => total + (rows.get(month)?.[name] || 0), 0));
  draw("chart-movements", rows.size && {
    legend: legend([...shown.map(movementText), "Net"]),
    grid: { left: 4, right: 18, top: 34, bottom: 10, containLabel: true },
    tooltip: tip((points) => tipRows(dayText(points[0].axisValue), points.filter((point) => point.data).map((point) => [point.color, point.seriesName, (point.data < 0 ? "−" : "+") + money(Math.abs(point.data), currency)]))),
    xAxis: { ...monthAxis(months), axisLine: { onZero: true, lineStyle: { color: tone("faint") } }, axisLabel: { ...monthAxis(months).axisLabel } },
    yAxis: moneyAxis(currency),
    series: [...shown.map(bar), { name: "Net", type: "line", data: net, symbol: "circle", symbolSize: 5, lineStyle: { color: tone("ink"), width: 1.4 }, itemStyle: { color: tone("ink") }, z: 5 }],
  });
  note("note-movements", rows.size && `Net ${signedMoney(net.reduce((a, b) => a + b, 0), currency)} in ${plural(months.length, "month")}`);
}

/** Steps -> bars that hang where the one before ended. */
function steps(parts) {
  let level = 0;
  return parts.map((part) => {
    if (part.isTotal) level = 0;
    const from = level;
    level += part.value;
    return { ...part, low: Math.min(from, level), high: Math.max(from, level) };
  });
}

function drawSteps(id, parts, currency) {
  const bars = steps(parts);
  const isNarrow = document.getElementById(id).clientWidth < 540;
  draw(id, {
    grid: { left: 4, right: 10, top: 24, bottom: 10, containLabel: true },
    tooltip: tip((points) => { const bar = bars[points[0].dataIndex]; return tipRows(bar.name, [[bar.color, bar.isTotal ? "MRR" : "Change", (bar.isTotal || bar.value >= 0 ? "" : "−") + money(Math.abs(bar.value), currency)]].map(([color, name, figure]) => [color, bar.label || name, figure])); }),
    xAxis: { ...monthAxis(bars.map((bar) => bar.name)), axisLabel: { color: tone("soft"), interval: 0, rotate: isNarrow ? 32 : 0, fontSize: 11.5 } },
    yAxis: moneyAxis(currency),
    series: [
      { type: "bar", stack: "steps", data: bars.map((bar) => bar.low), itemStyle: { color: "transparent" }, emphasis: { disabled: true }, silent: true },
      {
        type: "bar", stack: "steps", barMaxWidth: 44, emphasis: { disabled: true },
        data: bars.map((bar) => ({ value: bar.high - bar.low, itemStyle: { color: bar.color, borderRadius: 2 } })),
        label: { show: true, position: "top", color: tone("ink"), fontSize: 11.5, formatter: (point) => { const bar = bars[point.dataIndex]; return bar.isTotal ? shortMoney(bar.value, currency) : (bar.value < 0 ? "−" : "+") + shortMoney(Math.abs(bar.value), currency); } },
      },
    ],
  });
}

function drawWaterfall() {
  const currency = chosen.currency;
  const rows = ofRange(REPORT.mrr_monthly);
  if (!rows.length) return draw("chart-waterfall", null);
  const last = rows[rows.length - 1];
  drawSteps("chart-waterfall", [
    { name: "Opening", value: rows[0].opening, color: tone("total"), isTotal: true },
    ...[...MOVEMENTS, ...(sum(rows, "fx") ? ["fx"] : [])].map((name) => ({ name: movementText(name), value: sum(rows, name), color: movementTone(name) })),
    { name: "Closing", value: last.closing, color: tone("total"), isTotal: true },
  ], currency);
  note("note-waterfall", `${dayText(rows[0].month)} to ${dayText(last.month)}`);
}

const PLANS_SHOWN = 7;

function drawPlans() {
  const currency = chosen.currency;
  const months = monthsChosen();
  const rows = ofRange(REPORT.mrr_by_plan);
  const latest = sumBy(rows, (row) => row.plan, ["mrr"]).sort((a, b) => b.mrr - a.mrr);
  const shown = latest.slice(0, PLANS_SHOWN).map((each) => each.key);
  const names = latest.length > PLANS_SHOWN ? [...shown, "Others"] : shown;
  const at = sumBy(rows, (row) => JSON.stringify([shown.includes(row.plan) ? row.plan : "Others", row.month]), ["mrr"]);
  const values = new Map(at.map((each) => [each.key, each.mrr]));
  const colors = series();
  draw("chart-plans", rows.length && {
    legend: legend(names),
    grid: { left: 4, right: 18, top: 34, bottom: 10, containLabel: true },
    tooltip: tip((points) => tipRows(dayText(points[0].axisValue), points.filter((point) => point.data).reverse().map((point) => [point.color, point.seriesName, money(point.data, currency)]))),
    xAxis: { ...monthAxis(months), boundaryGap: months.length < 2 },
    yAxis: moneyAxis(currency),
    series: names.map((name, place) => ({
      name, type: months.length < 2 ? "bar" : "line", stack: "plans", showSymbol: false, lineStyle: { width: 0 }, areaStyle: { opacity: 0.88 }, color: colors[place % colors.length], emphasis: { focus: "none" },
      data: months.map((month) => values.get(JSON.stringify([name, month])) || 0),
    })),
  });
}
