"use strict";
// Searches, filters and folds. Everything is on the page without it; it adds no element and writes no markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const cards = [...document.querySelectorAll("#groups .card")];
  const folding = document.querySelectorAll("details");
  const setAll = (list, open) => list.forEach((each) => { each.open = open; });

  // A place that is linked to is opened, filtered out or not.
  const reveal = () => {
    const found = byId(location.hash.slice(1));
    if (!found || !found.matches("details")) return;
    if (found.hidden) clear();
    found.open = true;
    found.scrollIntoView();
    found.firstElementChild.focus({ preventScroll: true });
  };

  // Paper shows everything, and afterwards the screen is as it was.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...folding].filter((each) => !each.open);
    setAll(folded, true);
  });
  addEventListener("afterprint", () => setAll(folded, false));

  if (!cards.length) return;
  const tools = byId("tools"), sought = byId("sought"), shown = byId("shown");
  const boxes = [...tools.querySelectorAll("input[type=checkbox]")];
  const batches = [...document.querySelectorAll(".batch")].map((batch) => [batch,
    [...batch.children].map((group) => [group, [...group.querySelectorAll(".card")]])]);
  const number = new Intl.NumberFormat("en");

  // Without accents and capitals, made once and only when somebody searches.
  const simple = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  let texts = null;
  const text = (card) => {
    texts ??= new Map(cards.map((each) => [each, simple(each.textContent)]));
    return texts.get(card);
  };
  sought.addEventListener("focus", () => setTimeout(() => text(cards[0])), { once: true });

  const chosen = (name) => new Set(boxes.filter((box) => box.name === name && box.checked).map((box) => box.value));
  const set = (element, visible) => {
    if (element.hidden === visible) element.hidden = !visible;
    return visible;
  };
  const show = () => {
    const words = simple(sought.value).split(/\s+/).filter(Boolean);
    const what = chosen("do"), who = chosen("by");
    const fits = (card) => (!what.size || what.has(card.dataset.do)) && (!who.size || who.has(card.dataset.by))
      && words.every((word) => text(card).includes(word));
    let count = 0;
    for (const [batch, groups] of batches) {
      let left = 0;
      for (const [group, members] of groups) {
        let any = 0;
        for (const card of members) any += set(card, fits(card));
        set(group, any > 0);
        left += any;
      }
      set(batch, left > 0);
      // How tall it is, as long as it is out of sight and not laid out.
      batch.style.setProperty("--records", left);
      count += left;
    }
    const all = count === cards.length;
    shown.textContent = (all ? "" : number.format(count) + " of ")
      + number.format(cards.length) + (cards.length === 1 ? " record" : " records");
    byId("nothing").hidden = count > 0;
    byId("clear").disabled = !words.length && !what.size && !who.size;
  };
  const clear = () => {
    sought.value = "";
    for (const box of boxes) box.checked = false;
    show();
  };

  let asked = 0;
  sought.addEventListener("input", () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(show);
  });
  for (const box of boxes) box.addEventListener("change", show);
  byId("clear").addEventListener("click", () => { clear(); sought.focus(); });
  byId("fold").addEventListener("click", () => setAll(cards, false));
  byId("unfold").addEventListener("click", () => setAll(cards, true));
  addEventListener("hashchange", reveal);
  tools.hidden = false;
  if (document.body.classList.contains("many")) setAll(cards, false);
  // A browser keeps what was typed when a page is loaded anew.
  show();
  reveal();
})();
