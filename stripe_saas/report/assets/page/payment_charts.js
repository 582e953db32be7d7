// The chosen rows -> the charts of money: what arrives, and what becomes of invoices.
function drawNet() {
  const currency = chosen.currency;
  const rows = ofRange(REPORT.revenue_monthly);
  if (!rows.length) {
    note("note-net", "");
    draw("chart-net", null);
    return;
  }
  const net = sum(rows, "net");
  const gross = sum(rows, "gross");
  const other = sum(rows, "other");
  const step = (name, value, color) => ({ name, value, color: tone(color) });
  const total = (name, label, value, color) => ({
    ...step(name, value, color),
    label,
    isTotal: true,
  });
  const steps = [
    total("Gross", "Charged", gross, "total"),
    step("Refunds", -sum(rows, "refunds"), "contraction"),
    step("Disputes", -sum(rows, "disputes"), "churn"),
    step("Fees", -sum(rows, "fees"), "s4"),
    ...(other ? [step("Other", other, "s7")] : []),
    total("Net", "Net", net, "new"),
  ];
  drawSteps("chart-net", steps, currency);
  const share = percent(shareOf(net, gross));
  note("note-net", `${money(net, currency)} arrived, ${share} of what was charged`);
}

const INVOICE_ENDS = [
  { key: "paid", text: "Paid at once", color: "s1" },
  { key: "recovered", text: "Recovered", color: "new" },
  { key: "open", text: "Open", color: "contraction" },
  { key: "lost", text: "Lost", color: "churn" },
];

function drawPayments() {
  const rows = ofRange(REPORT.payment_health);
  const months = monthsChosen();
  const keys = INVOICE_ENDS.map((end) => end.key);
  const by = new Map(sumBy(rows, (row) => row.month, keys).map((row) => [row.key, row]));
  draw(
    "chart-payments",
    rows.length && {
      legend: legend(INVOICE_ENDS.map((end) => end.text)),
      grid: grid(),
      tooltip: monthTip((invoices) => plural(invoices, "invoice")),
      xAxis: monthAxis(months),
      yAxis: {
        type: "value",
        splitNumber: 4,
        axisLabel: { color: tone("faint") },
        splitLine: { lineStyle: { color: tone("rule") } },
      },
      series: INVOICE_ENDS.map((end) =>
        stackedBar(
          end.text,
          tone(end.color),
          months.map((month) => by.get(month)?.[end.key] || 0),
          "invoices",
        ),
      ),
    },
  );
  const failed = sum(rows, "failed");
  const recovered = sum(rows, "recovered");
  const days = shareOf(sum(rows, "recovery_days"), recovered);
  const won = sum(rows, "disputes_won");
  const decided = won + sum(rows, "disputes_lost");
  const facts = [
    ["Failed at first", percent(shareOf(failed, sum(rows, "invoices")))],
    ["Recovered", percent(shareOf(recovered, failed), 0)],
    ["Days to recover", days === null ? "–" : days.toFixed(1)],
    ["Disputes won", decided ? `${won} of ${decided}` : "–"],
  ];
  note("note-payments", "Invoices by month of issue and what became of them");
  fill(
    "facts-payments",
    facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`),
  );
}
