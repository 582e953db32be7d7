// Text and markup -> markup. No other file writes HTML, so text is never taken for a tag.
class Markup {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

/** Markup with values in it; a value that is no markup itself is text, whatever is in it. */
function html(parts, ...values) {
  return new Markup(String.raw({ raw: parts }, ...values.map(escaped)));
}

function escaped(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(escaped).join("");
  return String(value ?? "").replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Puts markup, or text, in the place of what an element holds. */
function fill(id, markup) {
  document.getElementById(id).innerHTML = escaped(markup);
}

function empty(text) {
  return html`<div class="empty">${text}</div>`;
}
