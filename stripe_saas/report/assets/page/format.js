// The report's data; amounts in minor units, shares and days -> text.
const REPORT = JSON.parse(document.getElementById("data").textContent);
const LOCALE = "en-US";
const formats = new Map();

// A currency's id is its code, or names all currencies turned into one.
function known(currency) {
  return REPORT.currencies.find((each) => each.id === currency) ?? { code: currency, exponent: 2 };
}

function exponentOf(currency) {
  return known(currency).exponent;
}

function moneyFormat(currency, options) {
  const key = currency + JSON.stringify(options);
  if (!formats.has(key)) {
    const code = known(currency).code.toUpperCase();
    const format = new Intl.NumberFormat(LOCALE, { style: "currency", currency: code, ...options });
    formats.set(key, format);
  }
  return formats.get(key);
}

function whole(minor, currency) {
  return minor / 10 ** exponentOf(currency);
}

/** A whole amount, to its last digit. */
function money(minor, currency) {
  const digits = exponentOf(currency);
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return moneyFormat(currency, options).format(whole(minor, currency));
}

/** An amount without cents, for figures that are read at a glance. */
function roundMoney(minor, currency) {
  const options = { minimumFractionDigits: 0, maximumFractionDigits: 0 };
  return moneyFormat(currency, options).format(whole(minor, currency));
}

/** An amount for an axis: $12K. */
function shortMoney(minor, currency) {
  const amount = whole(minor, currency);
  const digits = Math.abs(amount) < 1000 && Math.abs(amount) >= 10 ? 0 : 1;
  const options = { notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: digits };
  return moneyFormat(currency, options).format(amount);
}

function signedMoney(minor, currency) {
  return (minor > 0 ? "+" : minor < 0 ? "−" : "") + roundMoney(Math.abs(minor), currency);
}

/** The sign of a change, also of none, and its amount in some way of writing. */
function changeText(minor, currency, write = money) {
  return (minor < 0 ? "−" : "+") + write(Math.abs(minor), currency);
}

function percent(share, digits = 1) {
  if (share === null || !Number.isFinite(share)) return "–";
  return `${(share * 100).toFixed(digits).replace("-", "−")}%`;
}

function count(number) {
  return new Intl.NumberFormat(LOCALE).format(number);
}

function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "2026-05" or "2026-05-17" -> "May 2026", "17 May 2026". */
function dayText(text) {
  const [year, month, day] = text.split("-");
  return `${day ? `${Number(day)} ` : ""}${MONTHS[Number(month) - 1]} ${year}`;
}

function monthTick(text) {
  const [year, month] = text.split("-");
  return month === "01" ? `${MONTHS[0]}\n${year}` : MONTHS[Number(month) - 1];
}

function words(name) {
  const text = String(name).replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
