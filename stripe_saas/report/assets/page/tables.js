// The chosen rows -> figures and tables.
function note(id, text) {
  document.getElementById(id).textContent = text || "";
}

function put(id, text, minor) {
  const place = document.getElementById(id);
  place.textContent = text;
  if (minor === undefined) delete place.dataset.minor;
  else place.dataset.minor = minor;
}

function tableOf(id, heads, rows, nothing) {
  const head = heads.map(([text, kind]) => `<th class="${kind || ""}">${safe(text)}</th>`).join("");
  document.getElementById(id).innerHTML = rows.length
    ? `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`
    : `<div class="empty">${safe(nothing)}</div>`;
}

function showFigures() {
  const found = figures();
  const currency = chosen.currency;
  if (!found) return;
  put("mrr", roundMoney(found.mrr, currency), found.mrr);
  put("arr", roundMoney(found.arr, currency), found.arr);
  const way = found.change >= 0 ? "up" : "down";
  document.getElementById("mrr-delta").innerHTML =
    `<span class="${way}">${safe(signedMoney(found.change, currency))}</span> ${found.growth === null ? "" : `(${found.growth >= 0 ? "+" : "−"}${percent(Math.abs(found.growth))}) `}since the start of ${safe(dayText(found.since))}`;
  const tiles = [
    ["customers", "Customers", count(found.customers), plural(found.subscriptions, "subscription"), found.customers],
    ["arpa", "Revenue per customer", found.arpa === null ? "–" : roundMoney(found.arpa, currency), "MRR a customer", found.arpa ?? ""],
    ["added", "MRR added", roundMoney(found.added, currency), "new, back and grown", found.added],
    ["lost", "MRR lost", found.lost ? `−${roundMoney(-found.lost, currency)}` : roundMoney(0, currency), "shrunk and left", found.lost],
    ["mrr-churn", "MRR churn", percent(found.mrr_churn), `a month; net ${percent(found.net_churn)}`, found.mrr_churn ?? ""],
    ["customer-churn", "Customer churn", percent(found.customer_churn), "a month", found.customer_churn ?? ""],
  ];
  document.getElementById("tiles").innerHTML = tiles
    .map(([key, label, value, hint, raw]) => `<div class="tile"><p class="label">${label}</p><p class="value" id="tile-${key}" data-minor="${raw}">${safe(value)}</p><p class="hint">${safe(hint)}</p></div>`).join("");
}

function showCurrencies() {
  const last = REPORT.months[REPORT.months.length - 1];
  const rows = REPORT.mrr_monthly.filter((row) => row.month === last && row.kind === "own").sort((a, b) => b.customers - a.customers);
  tableOf("table-currencies", [["Currency"], ["MRR", "n"], ["ARR", "n"], ["Customers", "n"]], rows.map((row) =>
    `<tr class="${row.currency === chosen.currency ? "chosen" : ""}"><td>${safe(known(row.currency).code.toUpperCase())}</td><td class="n" data-minor="${row.closing}">${safe(roundMoney(row.closing, row.currency))}</td><td class="n">${safe(roundMoney(row.closing * 12, row.currency))}</td><td class="n">${count(row.customers)}</td></tr>`), "No MRR yet");
}

function showRisk() {
  const rows = ofCurrency(REPORT.signals).sort((a, b) => b.mrr - a.mrr);
  const most = Math.max(1, ...rows.map((row) => row.mrr));
  note("note-risk", rows.length ? "MRR of the customers concerned; one customer may show several signals" : "");
  tableOf("table-risk", [["Signal"], ["Customers", "n"], ["MRR", "n"]], rows.map((row) =>
    `<tr><td>${safe(words(row.signal))}<span class="meter"><i style="width:${(100 * row.mrr / most).toFixed(1)}%"></i></span></td><td class="n">${count(row.customers)}</td><td class="n" data-minor="${row.mrr}">${safe(roundMoney(row.mrr, row.currency))}</td></tr>`), "No signals");
}

const RENEWALS_SHOWN = 8;

function showRenewals() {
  const rows = ofCurrency(REPORT.renewals);
  const largest = [...rows].sort((a, b) => b.mrr - a.mrr).slice(0, RENEWALS_SHOWN);
  note("note-renewals", rows.length ? `${money(sum(rows, "mrr"), chosen.currency)} MRR of ${plural(rows.length, "subscription")} within ${Math.max(...rows.map((row) => row.days_left)) + 1} days; the largest` : "");
  tableOf("table-renewals", [["Customer"], ["Due"], ["MRR", "n"]], largest.map((row) =>
    `<tr><td>${named(row)}</td><td>${safe(dayText(row.due))}</td><td class="n">${safe(roundMoney(row.mrr, row.currency))}</td></tr>`), "Nothing is due");
}

/** A customer as the report's maker allowed it to be shown. */
function named(row) {
  const name = row.name || row.customer;
  const below = [row.email, row.name ? row.customer : null].filter(Boolean).join(", ");
  return `${safe(name)}${below ? `<small>${safe(below)}</small>` : ""}`;
}

function showCustomers() {
  const rows = ofCurrency(REPORT.top_customers);
  const all = ofCurrency(REPORT.mrr_monthly).filter((row) => row.month === REPORT.months[REPORT.months.length - 1]);
  const total = sum(all, "closing");
  tableOf("table-customers", [["Customer"], ["Plan"], ["Since"], ["Share", "n"], ["MRR", "n"]], rows.map((row) =>
    `<tr><td>${named(row)}</td><td>${safe(row.plan || "–")}</td><td>${row.since ? safe(dayText(row.since)) : "–"}</td><td class="n">${percent(total ? row.mrr / total : null)}</td><td class="n" data-minor="${row.mrr}">${safe(money(row.mrr, row.currency))}</td></tr>`), "No customers yet");
}

function showQuality() {
  const checks = REPORT.data_quality;
  const wrong = checks.filter((check) => !check.is_good);
  const row = (check) =>
    `<tr><td><span class="dot ${check.is_good ? "" : "no"}"></span>${safe(words(check.check))}${check.about ? `<small>${safe(check.about)}</small>` : ""}${check.ids ? `<small>${safe(check.ids)}</small>` : ""}</td><td class="n">${count(check.expected)}</td><td class="n">${count(check.found)}</td><td class="n">${count(check.difference)}</td></tr>`;
  const heads = "<thead><tr><th>Check</th><th class=\"n\">Expected</th><th class=\"n\">Found</th><th class=\"n\">Difference</th></tr></thead>";
  const verdict = !checks.length ? "Nothing was checked." : wrong.length ? `${plural(wrong.length, "check")} of ${checks.length} failed.` : `All ${checks.length} checks hold: the numbers agree with each other and with Stripe's books.`;
  document.getElementById("quality").innerHTML =
    `<p class="verdict ${wrong.length || !checks.length ? "wrong" : ""}"><span class="dot"></span>${safe(verdict)}</p>` +
    (wrong.length ? `<div class="scroll"><table>${heads}<tbody>${wrong.map(row).join("")}</tbody></table></div>` : "") +
    (checks.length ? `<details><summary>Show ${wrong.length ? "every check" : "them"}</summary><div class="scroll"><table>${heads}<tbody>${checks.map(row).join("")}</tbody></table></div></details>` : "");
}
