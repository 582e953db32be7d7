// The chosen rows -> figures and tables.
function note(id, text) {
  document.getElementById(id).textContent = text || "";
}

function put(id, text, minor) {
  const place = document.getElementById(id);
  place.textContent = text;
  place.dataset.minor = minor;
}

/** A table, or that there is nothing: heads are text and class, rows are markup. */
function tableOf(heads, rows) {
  const head = heads.map(([text, kind]) => html`<th class="${kind}">${text}</th>`);
  return html`<table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>`;
}

function showTable(id, heads, rows, nothing) {
  fill(id, rows.length ? tableOf(heads, rows) : empty(nothing));
}

function row(...cells) {
  return html`<tr>${cells}</tr>`;
}

function cell(text) {
  return html`<td>${text}</td>`;
}

/** A cell with a number; `minor` is the amount behind it, which programs read. */
function number(text, minor) {
  const data = minor === undefined ? "" : html` data-minor="${minor}"`;
  return html`<td class="n"${data}>${text}</td>`;
}

function showFigures() {
  const found = figures();
  const currency = chosen.currency;
  if (!found) return;
  put("mrr", roundMoney(found.mrr, currency), found.mrr);
  put("arr", roundMoney(found.arr, currency), found.arr);
  const way = found.change >= 0 ? "up" : "down";
  const grown =
    found.growth === null
      ? ""
      : `(${found.growth >= 0 ? "+" : "−"}${percent(Math.abs(found.growth))}) `;
  fill(
    "mrr-delta",
    html`<span class="${way}">${signedMoney(found.change, currency)}</span>
      ${grown}since the start of ${dayText(found.since)}`,
  );
  fill("tiles", tiles(found, currency).map(tile));
}

function tiles(found, currency) {
  const lost = roundMoney(-found.lost, currency);
  return [
    {
      key: "customers",
      label: "Customers",
      value: count(found.customers),
      hint: plural(found.subscriptions, "subscription"),
      raw: found.customers,
    },
    {
      key: "arpa",
      label: "Revenue per customer",
      value: found.arpa === null ? "–" : roundMoney(found.arpa, currency),
      hint: "MRR a customer",
      raw: found.arpa,
    },
    {
      key: "added",
      label: "MRR added",
      value: roundMoney(found.added, currency),
      hint: "new, back and grown",
      raw: found.added,
    },
    {
      key: "lost",
      label: "MRR lost",
      value: found.lost ? `−${lost}` : lost,
      hint: "shrunk and left",
      raw: found.lost,
    },
    {
      key: "mrr-churn",
      label: "MRR churn",
      value: percent(found.mrrChurn),
      hint: `a month; net ${percent(found.netChurn)}`,
      raw: found.mrrChurn,
    },
    {
      key: "customer-churn",
      label: "Customer churn",
      value: percent(found.customerChurn),
      hint: "a month",
      raw: found.customerChurn,
    },
  ];
}

function tile({ key, label, value, hint, raw }) {
  return html`<div class="tile">
    <p class="label">${label}</p>
    <p class="value" id="tile-${key}" data-minor="${raw}">${value}</p>
    <p class="hint">${hint}</p>
  </div>`;
}

function lastMonth() {
  return REPORT.months[REPORT.months.length - 1];
}

function showCurrencies() {
  const rows = REPORT.mrr_monthly
    .filter((row) => row.month === lastMonth() && row.kind === "own")
    .sort((a, b) => b.customers - a.customers)
    .map(({ currency, closing, customers }) => {
      const code = known(currency).code.toUpperCase();
      const cells = [
        cell(code),
        number(roundMoney(closing, currency), closing),
        number(roundMoney(closing * 12, currency)),
        number(count(customers)),
      ];
      return html`<tr class="${currency === chosen.currency ? "chosen" : ""}">${cells}</tr>`;
    });
  const heads = [["Currency"], ["MRR", "n"], ["ARR", "n"], ["Customers", "n"]];
  showTable("table-currencies", heads, rows, "No MRR yet");
}

function showRisk() {
  const found = ofCurrency(REPORT.signals).sort((a, b) => b.mrr - a.mrr);
  const most = Math.max(1, ...found.map((row) => row.mrr));
  const rows = found.map(({ signal, customers, mrr, currency }) => {
    const width = ((100 * mrr) / most).toFixed(1);
    const meter = html`<span class="meter"><i style="width:${width}%"></i></span>`;
    return row(
      cell([words(signal), meter]),
      number(count(customers)),
      number(roundMoney(mrr, currency), mrr),
    );
  });
  note(
    "note-risk",
    rows.length && "MRR of the customers concerned; one customer may show several signals",
  );
  showTable("table-risk", [["Signal"], ["Customers", "n"], ["MRR", "n"]], rows, "No signals");
}

const RENEWALS_SHOWN = 8;

function showRenewals() {
  const found = ofCurrency(REPORT.renewals);
  const rows = [...found]
    .sort((a, b) => b.mrr - a.mrr)
    .slice(0, RENEWALS_SHOWN)
    .map((each) =>
      row(cell(named(each)), cell(dayText(each.due)), number(roundMoney(each.mrr, each.currency))),
    );
  const mrr = money(sum(found, "mrr"), chosen.currency);
  const days = Math.max(...found.map((row) => row.days_left)) + 1;
  note(
    "note-renewals",
    found.length &&
      `${mrr} MRR of ${plural(found.length, "subscription")} within ${days} days; the largest`,
  );
  showTable("table-renewals", [["Customer"], ["Due"], ["MRR", "n"]], rows, "Nothing is due");
}

/** A customer as the report's maker allowed it to be shown. */
function named({ name, customer, email }) {
  const below = [email, name ? customer : null].filter(Boolean).join(", ");
  return [name || customer, below ? html`<small>${below}</small>` : ""];
}

function showCustomers() {
  const months = ofCurrency(REPORT.mrr_monthly).filter((row) => row.month === lastMonth());
  const total = sum(months, "closing");
  const rows = ofCurrency(REPORT.top_customers).map((each) =>
    row(
      cell(named(each)),
      cell(each.plan || "–"),
      cell(each.since ? dayText(each.since) : "–"),
      number(percent(shareOf(each.mrr, total))),
      number(money(each.mrr, each.currency), each.mrr),
    ),
  );
  const heads = [["Customer"], ["Plan"], ["Since"], ["Share", "n"], ["MRR", "n"]];
  showTable("table-customers", heads, rows, "No customers yet");
}

function checkRow(check) {
  const about = [check.about, check.ids].filter(Boolean);
  const small = about.map((text) => html`<small>${text}</small>`);
  const dot = html`<span class="dot ${check.is_good ? "" : "no"}"></span>`;
  const figures = [check.expected, check.found, check.difference];
  return row(
    cell([dot, words(check.check), small]),
    figures.map((figure) => number(count(figure))),
  );
}

function checkTable(checks) {
  const heads = [["Check"], ["Expected", "n"], ["Found", "n"], ["Difference", "n"]];
  return html`<div class="scroll">${tableOf(heads, checks.map(checkRow))}</div>`;
}

function verdictOn(checks, wrong) {
  if (!checks.length) return "Nothing was checked.";
  if (wrong.length) return `${plural(wrong.length, "check")} of ${checks.length} failed.`;
  return (
    `All ${checks.length} checks hold: ` +
    "the numbers agree with each other and with Stripe's books."
  );
}

function showQuality() {
  const checks = REPORT.data_quality;
  const wrong = checks.filter((check) => !check.is_good);
  const kind = wrong.length || !checks.length ? "wrong" : "";
  const summary = `Show ${wrong.length ? "every check" : "them"}`;
  const all = html`<details><summary>${summary}</summary>${checkTable(checks)}</details>`;
  fill("quality", [
    html`<p class="verdict ${kind}"><span class="dot"></span>${verdictOn(checks, wrong)}</p>`,
    wrong.length ? checkTable(wrong) : "",
    checks.length ? all : "",
  ]);
}
