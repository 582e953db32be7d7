// The chosen rows -> the charts of MRR: its course, what moved it, the plans that it is made of.
function drawMrr() {
  const currency = chosen.currency;
  const from = monthsChosen()[0];
  const rows = ofCurrency(REPORT.mrr_daily).filter((row) => row.date.slice(0, 7) >= from);
  const isShown = (_, date) => date.endsWith("-01") && monthShown(date, rows.length);
  const fade = [
    { offset: 0, color: `${tone("accent")}33` },
    { offset: 1, color: `${tone("accent")}03` },
  ];
  draw(
    "chart-mrr",
    rows.length && {
      grid: grid({ left: 6, top: 16, bottom: 8 }),
      tooltip: tip(([point]) =>
        tipRows(dayText(point.axisValue), [[tone("accent"), "MRR", money(point.data, currency)]]),
      ),
      xAxis: {
        ...monthAxis(rows.map((row) => row.date)),
        boundaryGap: false,
        axisLabel: {
          color: tone("soft"),
          formatter: monthTick,
          interval: isShown,
          lineHeight: 15,
        },
      },
      yAxis: { ...moneyAxis(currency), scale: false },
      series: [
        {
          type: "line",
          data: rows.map((row) => row.mrr),
          showSymbol: false,
          smooth: 0.15,
          lineStyle: { width: 2.2, color: tone("accent") },
          itemStyle: { color: tone("accent") },
          areaStyle: { color: { type: "linear", x: 0, y: 0, x2: 0, y2: 1, colorStops: fade } },
        },
      ],
    },
  );
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
  const found = ofRange(REPORT.mrr_monthly);
  const rows = new Map(found.map((row) => [row.month, row]));
  const shown = movementsIn(found);
  const amount = (month, name) => rows.get(month)?.[name] || 0;
  const bars = shown.map((name) =>
    stackedBar(
      movementText(name),
      movementTone(name),
      months.map((month) => amount(month, name)),
      "movements",
    ),
  );
  const net = months.map((month) => shown.reduce((total, name) => total + amount(month, name), 0));
  draw(
    "chart-movements",
    rows.size && {
      legend: legend([...shown.map(movementText), "Net"]),
      grid: grid(),
      tooltip: monthTip((minor) => changeText(minor, currency)),
      xAxis: {
        ...monthAxis(months),
        axisLine: { onZero: true, lineStyle: { color: tone("faint") } },
      },
      yAxis: moneyAxis(currency),
      series: [
        ...bars,
        {
          name: "Net",
          type: "line",
          data: net,
          symbol: "circle",
          symbolSize: 5,
          lineStyle: { color: tone("ink"), width: 1.4 },
          itemStyle: { color: tone("ink") },
          z: 5,
        },
      ],
    },
  );
  const total = net.reduce((some, more) => some + more, 0);
  note(
    "note-movements",
    rows.size && `Net ${signedMoney(total, currency)} in ${plural(months.length, "month")}`,
  );
}

function drawWaterfall() {
  const rows = ofRange(REPORT.mrr_monthly);
  if (!rows.length) {
    draw("chart-waterfall", null);
    return;
  }
  const last = rows[rows.length - 1];
  const total = (name, value) => ({ name, value, color: tone("total"), isTotal: true });
  const moved = movementsIn(rows).map((name) => ({
    name: movementText(name),
    value: sum(rows, name),
    color: movementTone(name),
  }));
  const steps = [total("Opening", rows[0].opening), ...moved, total("Closing", last.closing)];
  drawSteps("chart-waterfall", steps, chosen.currency);
  note("note-waterfall", `${dayText(rows[0].month)} to ${dayText(last.month)}`);
}

const PLANS_SHOWN = 7;
const OTHER_PLANS = "Others";

function drawPlans() {
  const currency = chosen.currency;
  const months = monthsChosen();
  const rows = ofRange(REPORT.mrr_by_plan);
  const largest = sumBy(rows, (row) => row.plan, ["mrr"]).sort((a, b) => b.mrr - a.mrr);
  const shown = largest.slice(0, PLANS_SHOWN).map((each) => each.key);
  const names = largest.length > PLANS_SHOWN ? [...shown, OTHER_PLANS] : shown;
  const cell = (plan, month) => JSON.stringify([plan, month]);
  const nameOf = (row) => (shown.includes(row.plan) ? row.plan : OTHER_PLANS);
  const sums = sumBy(rows, (row) => cell(nameOf(row), row.month), ["mrr"]);
  const values = new Map(sums.map((each) => [each.key, each.mrr]));
  const colors = series();
  // One month has no line.
  const type = months.length < 2 ? "bar" : "line";
  draw(
    "chart-plans",
    rows.length && {
      legend: legend(names),
      grid: grid(),
      tooltip: monthTip(
        (minor) => money(minor, currency),
        (points) => points.reverse(),
      ),
      xAxis: { ...monthAxis(months), boundaryGap: months.length < 2 },
      yAxis: moneyAxis(currency),
      series: names.map((name, place) => ({
        name,
        type,
        stack: "plans",
        showSymbol: false,
        lineStyle: { width: 0 },
        areaStyle: { opacity: 0.88 },
        color: colors[place % colors.length],
        emphasis: { focus: "none" },
        data: months.map((month) => values.get(cell(name, month)) || 0),
      })),
    },
  );
}
