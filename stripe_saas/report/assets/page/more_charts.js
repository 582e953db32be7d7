// The chosen rows -> the charts of customers and of money that arrives.
const COHORT_MEASURES = [
  { key: "net", text: "Net MRR" },
  { key: "gross", text: "Gross MRR" },
  { key: "customers", text: "Customers" },
];

function drawCohorts() {
  const rows = ofRange(REPORT.cohorts);
  const cohorts = [...new Set(rows.map((row) => row.month))].sort();
  if (!cohorts.length) return draw("chart-cohorts", null);
  const last = Math.max(...rows.map((row) => row.number));
  const numbers = Array.from({ length: last + 1 }, (_, number) => number);
  const sizes = new Map(rows.filter((row) => row.number === 0).map((row) => [row.month, row.size]));
  const share = (row) => row[chosen.cohort];
  const cells = rows.filter((row) => share(row) !== null).map((row) => [row.number, cohorts.indexOf(row.month), share(row)]);
  document.getElementById("chart-cohorts").style.height = `${Math.max(150, cohorts.length * 25 + 54)}px`;
  drawn.get("chart-cohorts")?.resize();
  draw("chart-cohorts", {
    grid: { left: 14, right: 8, top: 24, bottom: 34, containLabel: true },
    tooltip: tip((point) => {
      const [number, place, value] = point.data;
      return tipRows(`${dayText(cohorts[place])}, month ${number}`, [[null, COHORT_MEASURES.find((each) => each.key === chosen.cohort).text + " kept", percent(value)], [null, "Customers at the start", count(sizes.get(cohorts[place]) || 0)]]);
    }, "item"),
    xAxis: { type: "category", data: numbers, position: "top", axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: tone("faint"), hideOverlap: true }, splitArea: { show: false } },
    yAxis: { type: "category", data: cohorts, inverse: true, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: tone("soft"), formatter: (month) => `${dayText(month)}  ${String(sizes.get(month) || 0).padStart(4, " ")}` } },
    visualMap: { min: 0, max: 1.2, calculable: false, orient: "horizontal", right: 8, bottom: 0, itemWidth: 10, itemHeight: 120, text: ["120%", "0%"], textStyle: { color: tone("faint"), fontSize: 11 }, inRange: { color: [tone("heat0"), tone("heat1")] } },
    series: [{
      type: "heatmap", data: cells, itemStyle: { borderColor: tone("card"), borderWidth: 2, borderRadius: 4 }, emphasis: { itemStyle: { borderColor: tone("ink"), borderWidth: 1 } },
      label: { show: numbers.length <= 25, fontSize: 10.5, formatter: (point) => Math.round(point.data[2] * 100), color: tone("ink") },
    }],
  });
  note("note-cohorts", "Share of the first month that is still there, by months since the start; beside each month the customers it began with");
}

function drawTrials() {
  const rows = ofRange(REPORT.trials);
  const started = sum(rows, "started"), decided = sum(rows, "decided"), converted = sum(rows, "converted");
  if (!started) { note("note-trials", ""); return draw("chart-trials", null, "No trials in this range"); }
  const parts = [
    { name: "Started", value: started, color: tone("s7") },
    { name: "Ended", value: decided, color: tone("s1") },
    { name: "Converted", value: converted, color: tone("new") },
  ];
  draw("chart-trials", {
    grid: { left: 18, right: 60, top: 6, bottom: 4, containLabel: true },
    tooltip: tip((points) => tipRows(points[0].name, [[points[0].color, "Trials", count(points[0].value)]])),
    yAxis: { type: "category", inverse: true, data: parts.map((part) => part.name), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: tone("soft") } },
    xAxis: { type: "value", show: false },
    series: [{
      type: "bar", barMaxWidth: 42, emphasis: { disabled: true }, data: parts.map((part) => ({ value: part.value, itemStyle: { color: part.color, borderRadius: 3 } })),
      label: { show: true, position: "right", color: tone("ink"), formatter: (point) => `${count(point.value)}  ${percent(point.value / started, 0)}` },
    }],
  });
  const days = decided && sum(rows, "days_total") && converted ? `, after ${(sum(rows, "days_total") / converted).toFixed(0)} days on average` : "";
  note("note-trials", `${percent(decided ? converted / decided : null)} of the trials that ended converted${days}`);
}

function drawChurn() {
  const currency = chosen.currency;
  const rows = ofRange(REPORT.churn_reasons);
  const reasons = sumBy(rows, (row) => row.reason, ["mrr", "customers"]).sort((a, b) => b.mrr - a.mrr).slice(0, 8);
  if (!reasons.length) { note("note-churn", ""); return draw("chart-churn", null, "Nobody left in this range"); }
  const kinds = sumBy(rows, (row) => row.kind, ["mrr"]);
  const total = sum(kinds, "mrr");
  draw("chart-churn", {
    grid: { left: 18, right: 66, top: 6, bottom: 4, containLabel: true },
    tooltip: tip((points) => { const each = reasons[points[0].dataIndex]; return tipRows(words(each.key), [[points[0].color, "MRR", money(each.mrr, currency)], [null, "Customers", count(each.customers)]]); }),
    yAxis: { type: "category", inverse: true, data: reasons.map((each) => words(each.key)), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: tone("soft") } },
    xAxis: { type: "value", show: false },
    series: [{ type: "bar", barMaxWidth: 20, emphasis: { disabled: true }, data: reasons.map((each) => each.mrr), itemStyle: { color: tone("churn"), borderRadius: 3 }, label: { show: true, position: "right", color: tone("ink"), formatter: (point) => shortMoney(point.value, currency) } }],
  });
  note("note-churn", kinds.sort((a, b) => b.mrr - a.mrr).map((kind) => `${words(kind.key)} ${percent(total ? kind.mrr / total : null, 0)}`).join(", ") + " of the MRR lost");
}

function drawNet() {
  const currency = chosen.currency;
  const rows = ofRange(REPORT.revenue_monthly);
  if (!rows.length) { note("note-net", ""); return draw("chart-net", null); }
  const net = sum(rows, "net"), gross = sum(rows, "gross");
  drawSteps("chart-net", [
    { name: "Gross", label: "Charged", value: gross, color: tone("total"), isTotal: true },
    { name: "Refunds", value: -sum(rows, "refunds"), color: tone("contraction") },
    { name: "Disputes", value: -sum(rows, "disputes"), color: tone("churn") },
    { name: "Fees", value: -sum(rows, "fees"), color: tone("s4") },
    ...(sum(rows, "other") ? [{ name: "Other", value: sum(rows, "other"), color: tone("s7") }] : []),
    { name: "Net", label: "Net", value: net, color: tone("new"), isTotal: true },
  ], currency);
  note("note-net", `${money(net, currency)} arrived, ${percent(gross ? net / gross : null)} of what was charged`);
}

function drawPayments() {
  const rows = ofRange(REPORT.payment_health);
  const months = monthsChosen();
  const by = new Map(sumBy(rows, (row) => row.month, ["paid", "recovered", "open", "lost"]).map((row) => [row.key, row]));
  const kinds = [["paid", "Paid at once", "s1"], ["recovered", "Recovered", "new"], ["open", "Open", "contraction"], ["lost", "Lost", "churn"]];
  draw("chart-payments", rows.length && {
    legend: legend(kinds.map(([, text]) => text)),
    grid: { left: 4, right: 18, top: 34, bottom: 10, containLabel: true },
    tooltip: tip((points) => tipRows(dayText(points[0].axisValue), points.filter((point) => point.data).map((point) => [point.color, point.seriesName, plural(point.data, "invoice")]))),
    xAxis: monthAxis(months),
    yAxis: { type: "value", splitNumber: 4, axisLabel: { color: tone("faint") }, splitLine: { lineStyle: { color: tone("rule") } } },
    series: kinds.map(([key, text, color]) => ({ name: text, type: "bar", stack: "invoices", barMaxWidth: 26, emphasis: { disabled: true }, itemStyle: { color: tone(color), borderRadius: 1 }, data: months.map((month) => by.get(month)?.[key] || 0) })),
  });
  const failed = sum(rows, "failed"), recovered = sum(rows, "recovered"), all = sum(rows, "invoices");
  const won = sum(rows, "disputes_won"), lost = sum(rows, "disputes_lost");
  note("note-payments", "Invoices by month of issue and what became of them");
  const facts = [
    ["Failed at first", percent(all ? failed / all : null)],
    ["Recovered", percent(failed ? recovered / failed : null, 0)],
    ["Days to recover", recovered ? (sum(rows, "recovery_days") / recovered).toFixed(1) : "–"],
    ["Disputes won", won + lost ? `${won} of ${won + lost}` : "–"],
  ];
  document.getElementById("facts-payments").innerHTML = facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("");
}
