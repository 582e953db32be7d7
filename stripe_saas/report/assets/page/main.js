// The page: filters and theme in, everything drawn.

function segments(id, choices, isChosen, choose) {
  const place = document.getElementById(id);
  place.innerHTML = "";
  for (const choice of choices) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = choice.text;
    button.dataset.choice = choice.key ?? choice.months;
    button.setAttribute("aria-pressed", String(isChosen(choice)));
    button.addEventListener("click", () => { choose(choice); show(); });
    place.append(button);
  }
}

function show() {
  segments("range", RANGES.filter((range) => !range.months || range.months < REPORT.months.length || range.months === 3), (range) => range.months === chosen.months, (range) => { chosen.months = range.months; });
  segments("cohort-measure", COHORT_MEASURES, (measure) => measure.key === chosen.cohort, (measure) => { chosen.cohort = measure.key; });
  for (const part of [showFigures, drawMrr, drawMovements, drawWaterfall, drawPlans, showCurrencies, drawCohorts, drawTrials, drawChurn, showRisk, showRenewals, drawNet, drawPayments, showCustomers, showQuality]) part();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  drawn.forEach((chart) => chart.dispose());
  drawn.clear();
  if (chosen.currency) show();
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
document.documentElement.dataset.theme = prefersDark.matches ? "dark" : "light";
prefersDark.addEventListener("change", (change) => setTheme(change.matches ? "dark" : "light"));
document.getElementById("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));

const select = document.getElementById("currency");
for (const currency of REPORT.currencies) select.append(new Option(currency.text, currency.id));
chosen.currency = REPORT.currencies[0]?.id ?? "";
chosen.months = REPORT.months.length > 12 ? 12 : 0;
select.addEventListener("change", () => { chosen.currency = select.value; show(); });
document.getElementById("account").textContent = REPORT.account;
document.getElementById("asof").textContent = `As of ${REPORT.as_of} UTC${REPORT.mode === "live" ? "" : `, ${REPORT.mode} mode`}`;
document.getElementById("foot").textContent = REPORT.foot;
if (chosen.currency) show();
else document.querySelector("main").innerHTML = '<p class="empty">There is no MRR yet.</p>';
