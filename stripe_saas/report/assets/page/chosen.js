// The report's rows, the currency and the range that were chosen -> what is to be shown.
const RANGES = [
  { months: 3, text: "3m" },
  { months: 6, text: "6m" },
  { months: 12, text: "12m" },
  { months: 24, text: "24m" },
  { months: 0, text: "All" },
];

const chosen = { currency: "", months: 12, cohort: "net" };

/** The last months of the range, "2026-05" each, oldest first. */
function monthsChosen() {
  return chosen.months ? REPORT.months.slice(-chosen.months) : REPORT.months;
}

/** Rows of the chosen currency; rows of other currencies never add up with them. */
function ofCurrency(rows) {
  return rows.filter((row) => row.currency === chosen.currency);
}

/** Rows of the chosen currency and range; they have a `month`. */
function ofRange(rows) {
  const months = new Set(monthsChosen());
  return ofCurrency(rows).filter((row) => months.has(row.month));
}

function sum(rows, name) {
  return rows.reduce((total, row) => total + (row[name] || 0), 0);
}

/** Rows -> sums of some columns, by a key. */
function sumBy(rows, key, names) {
  const found = new Map();
  for (const row of rows) {
    const at = key(row);
    if (!found.has(at)) {
      found.set(at, { key: at, ...Object.fromEntries(names.map((name) => [name, 0])) });
    }
    for (const name of names) found.get(at)[name] += row[name] || 0;
  }
  return [...found.values()];
}

const MOVEMENTS = ["new", "reactivation", "expansion", "contraction", "churn"];

/** Movements that there are; what exchange rates did is one with a reporting currency alone. */
function movementsIn(rows) {
  return rows.some((row) => row.fx) ? [...MOVEMENTS, "fx"] : MOVEMENTS;
}

/** A share of a whole, or null where there is no whole. */
function shareOf(part, all) {
  return all ? part / all : null;
}

/** The figures at the head of the page. */
function figures() {
  const rows = ofRange(REPORT.mrr_monthly);
  const first = rows[0];
  const last = rows[rows.length - 1];
  if (!last) return null;
  // What is lost, and of what, is the models' to say; of several months it is an average one.
  const opening = sum(rows, "rated_opening");
  return {
    mrr: last.closing,
    arr: last.closing * 12,
    change: last.closing - first.opening,
    growth: shareOf(last.closing - first.opening, first.opening),
    customers: last.customers,
    subscriptions: last.subscriptions,
    arpa: shareOf(last.closing, last.customers),
    added: sum(rows, "new") + sum(rows, "reactivation") + sum(rows, "expansion"),
    lost: sum(rows, "contraction") + sum(rows, "churn"),
    mrrChurn: shareOf(sum(rows, "lost"), opening),
    netChurn: shareOf(sum(rows, "net_lost"), opening),
    customerChurn: shareOf(sum(rows, "lost_customers"), sum(rows, "opening_customers")),
    since: first.month,
  };
}
