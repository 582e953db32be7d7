// The chosen rows -> the charts of customers: who stays, who converts, why they leave.
const COHORT_MEASURES = [
  { key: "net", text: "Net MRR" },
  { key: "gross", text: "Gross MRR" },
  { key: "customers", text: "Customers" },
];

function drawCohorts() {
  const rows = ofRange(REPORT.cohorts);
  const cohorts = [...new Set(rows.map((row) => row.month))].sort();
  if (!cohorts.length) {
    draw("chart-cohorts", null);
    return;
  }
  const last = Math.max(...rows.map((row) => row.number));
  const numbers = Array.from({ length: last + 1 }, (_, number) => number);
  const sizes = new Map(rows.filter((row) => row.number === 0).map((row) => [row.month, row.size]));
  const sizeOf = (month) => sizes.get(month) || 0;
  const measure = COHORT_MEASURES.find((each) => each.key === chosen.cohort);
  const cells = rows
    .filter((row) => row[measure.key] !== null)
    .map((row) => [row.number, cohorts.indexOf(row.month), row[measure.key]]);
  document.getElementById("chart-cohorts").style.height =
    `${Math.max(150, cohorts.length * 25 + 54)}px`;
  drawn.get("chart-cohorts")?.resize();
  draw("chart-cohorts", {
    grid: grid({ left: 14, right: 8, top: 24, bottom: 34 }),
    tooltip: tip(({ data: [since, place, value] }) => {
      const month = cohorts[place];
      return tipRows(`${dayText(month)}, month ${since}`, [
        [null, `${measure.text} kept`, percent(value)],
        [null, "Customers at the start", count(sizeOf(month))],
      ]);
    }, "item"),
    xAxis: {
      type: "category",
      data: numbers,
      position: "top",
      axisLabel: { color: tone("faint"), hideOverlap: true },
      splitArea: { show: false },
      ...UNLINED,
    },
    yAxis: {
      type: "category",
      data: cohorts,
      inverse: true,
      axisLabel: {
        color: tone("soft"),
        formatter: (month) => `${dayText(month)}  ${String(sizeOf(month)).padStart(4, " ")}`,
      },
      ...UNLINED,
    },
    visualMap: {
      min: 0,
      max: 1.2,
      calculable: false,
      orient: "horizontal",
      right: 8,
      bottom: 0,
      itemWidth: 10,
      itemHeight: 120,
      text: ["120%", "0%"],
      textStyle: { color: tone("faint"), fontSize: 11 },
      inRange: { color: [tone("heat0"), tone("heat1")] },
    },
    series: [
      {
        type: "heatmap",
        data: cells,
        itemStyle: { borderColor: tone("card"), borderWidth: 2, borderRadius: 4 },
        emphasis: { itemStyle: { borderColor: tone("ink"), borderWidth: 1 } },
        label: {
          show: numbers.length <= 25,
          fontSize: 10.5,
          formatter: (point) => Math.round(point.data[2] * 100),
          color: tone("ink"),
        },
      },
    ],
  });
  note(
    "note-cohorts",
    "Share of the first month that is still there, by months since the start; beside each month " +
      "the customers it began with",
  );
}

function drawTrials() {
  const rows = ofRange(REPORT.trials);
  const started = sum(rows, "started");
  const ended = sum(rows, "ended");
  const converted = sum(rows, "converted");
  if (!started) {
    note("note-trials", "");
    draw("chart-trials", null, "No trials in this range");
    return;
  }
  const parts = [
    { name: "Started", value: started, color: tone("s7") },
    { name: "Ended", value: ended, color: tone("s1") },
    { name: "Converted", value: converted, color: tone("new") },
  ];
  draw(
    "chart-trials",
    lyingBars(parts, {
      room: 60,
      barMaxWidth: 42,
      write: (trials) => `${count(trials)}  ${percent(trials / started, 0)}`,
      pointed: (part) => tipRows(part.name, [[part.color, "Trials", count(part.value)]]),
    }),
  );
  const days = shareOf(sum(rows, "days_total"), converted);
  const after = days ? `, after ${days.toFixed(0)} days on average` : "";
  const share = percent(shareOf(converted, ended));
  note("note-trials", `${share} of the trials that ended converted${after}`);
}

const REASONS_SHOWN = 8;

function drawChurn() {
  const currency = chosen.currency;
  const rows = ofRange(REPORT.churn_reasons);
  const parts = sumBy(rows, (row) => row.reason, ["mrr", "customers"])
    .sort((a, b) => b.mrr - a.mrr)
    .slice(0, REASONS_SHOWN)
    .map((each) => ({
      name: words(each.key),
      value: each.mrr,
      customers: each.customers,
      color: tone("churn"),
    }));
  if (!parts.length) {
    note("note-churn", "");
    draw("chart-churn", null, "Nobody left in this range");
    return;
  }
  draw(
    "chart-churn",
    lyingBars(parts, {
      room: 66,
      barMaxWidth: 20,
      write: (minor) => shortMoney(minor, currency),
      pointed: (part) =>
        tipRows(part.name, [
          [part.color, "MRR", money(part.value, currency)],
          [null, "Customers", count(part.customers)],
        ]),
    }),
  );
  const kinds = sumBy(rows, (row) => row.kind, ["mrr"]).sort((a, b) => b.mrr - a.mrr);
  const total = sum(kinds, "mrr");
  const shares = kinds.map((kind) => `${words(kind.key)} ${percent(shareOf(kind.mrr, total), 0)}`);
  note("note-churn", `${shares.join(", ")} of the MRR lost`);
}
