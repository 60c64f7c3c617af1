"use strict";

// All units are in the page; this hides and sorts them.
{
  const list = document.getElementById("units");
  const cards = Array.from(list.children);
  const search = document.getElementById("search");
  const order = document.getElementById("order");
  const count = document.getElementById("count");

  // Words that all have to be found; a number belongs to the kind of thing before it,
  // and a phrase is in double quotes, the last of which may not be typed yet.
  function patterns(query) {
    const terms = query.match(
      /"[^"]*"?|\b(?:unit|row|class)\s+[^\s"]*\d[^\s"]*|[^\s"]+/giu
    );
    return (terms ?? [])
      .map((term) => term.replace(/"/g, "").replace(/\s+/g, " ").trim())
      .filter(Boolean)
      .map(pattern);
  }

  // Numbers match only as whole numbers: "unit 1" does not find unit 12.
  function pattern(query) {
    const plain = query.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    const before = /^\d/.test(query) ? "(?<!\\d)" : "";
    const after = /\d$/.test(query) ? "(?!\\d)" : "";
    return new RegExp(before + plain + after, "iu");
  }

  function filter() {
    const wanted = patterns(search.value);
    let shown = 0;
    for (const card of cards) {
      card.hidden = !wanted.every((each) => each.test(card.dataset.text));
      shown += !card.hidden;
    }
    count.value =
      shown === cards.length
        ? `${shown} units`
        : `${shown} of ${cards.length} units`;
  }

  // Units without a value come last in both directions.
  function sort() {
    const [key, direction] = order.value.split(" ");
    const sign = direction === "down" ? -1 : 1;
    const number = (card) =>
      key in card.dataset ? sign * Number(card.dataset[key]) : Infinity;
    const sorted = cards
      .map((card) => [number(card), card])
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    list.replaceChildren(...sorted.map(([, card]) => card));
  }

  search.addEventListener("input", filter);
  order.addEventListener("change", sort);
  for (const button of document.querySelectorAll("button[data-query]")) {
    button.addEventListener("click", () => {
      search.value = button.dataset.query;
      filter();
    });
  }
  // Browsers restore the contents of forms when a page is reloaded.
  filter();
  sort();
  document.getElementById("toolbar").hidden = false;
}
