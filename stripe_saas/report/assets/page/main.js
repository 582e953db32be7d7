// The page: filters and theme in, everything drawn.
const PARTS = [
  showFigures,
  drawMrr,
  drawMovements,
  drawWaterfall,
  drawPlans,
  showCurrencies,
  drawCohorts,
  drawTrials,
  drawChurn,
  showRisk,
  showRenewals,
  drawNet,
  drawPayments,
  showCustomers,
  showQuality,
];

/** Buttons of which one is pressed; each choice has a text and a key. */
function segments(id, choices, pressed, choose) {
  const buttons = choices.map((choice) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = choice.text;
    button.dataset.choice = choice.key;
    button.setAttribute("aria-pressed", String(choice.key === pressed));
    button.addEventListener("click", () => {
      choose(choice.key);
      show();
    });
    return button;
  });
  document.getElementById(id).replaceChildren(...buttons);
}

/** Ranges that are shorter than the history, three months, and all of it. */
function rangesShown() {
  const isShown = ({ months }) => months < REPORT.months.length || months === 3;
  return RANGES.filter(isShown).map(({ months, text }) => ({ key: months, text }));
}

function show() {
  segments("range", rangesShown(), chosen.months, (months) => {
    chosen.months = months;
  });
  segments("cohort-measure", COHORT_MEASURES, chosen.cohort, (measure) => {
    chosen.cohort = measure;
  });
  for (const part of PARTS) part();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  for (const chart of drawn.values()) chart.dispose();
  drawn.clear();
  if (chosen.currency) show();
}

function begin() {
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  document.documentElement.dataset.theme = prefersDark.matches ? "dark" : "light";
  prefersDark.addEventListener("change", (change) => setTheme(change.matches ? "dark" : "light"));
  document.getElementById("theme").addEventListener("click", () => {
    setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  });

  const select = document.getElementById("currency");
  for (const currency of REPORT.currencies) select.append(new Option(currency.text, currency.id));
  select.addEventListener("change", () => {
    chosen.currency = select.value;
    show();
  });
  chosen.currency = REPORT.currencies[0]?.id ?? "";
  chosen.months = REPORT.months.length > 12 ? 12 : 0;

  const mode = REPORT.mode === "live" ? "" : `, ${REPORT.mode} mode`;
  note("account", REPORT.account);
  note("asof", `As of ${REPORT.as_of} UTC${mode}`);
  note("foot", REPORT.foot);
  if (chosen.currency) show();
  else fill("parts", empty("There is no MRR yet."));
}

begin();
