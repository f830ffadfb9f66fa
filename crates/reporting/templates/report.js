"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  for (const control of all(".ctl")) control.hidden = false;

  // Light and dark.
  const button = document.getElementById("theme");
  const dark = () =>
    (root.dataset.theme || (matchMedia("(prefers-color-scheme:dark)").matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = dark() ? "Light mode" : "Dark mode"; };
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; show(); });
  show();

  // A link to something folded unfolds it.
  const reveal = () => {
    // Not decoded: ids of ours have nothing to decode, and `#%` cannot be.
    const at = document.getElementById(location.hash.slice(1));
    if (!at) return;
    for (let up = at; up; up = up.parentElement) {
      if (up.tagName === "DETAILS") up.open = true;
      up.hidden = false;
    }
    at.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !document.querySelector(".large:target")) return;
    location.hash = document.querySelector(".large:target .shrink").hash;
  });

  for (const list of all(".details")) {
    const fold = (open) => () => { for (const d of all(".f:not([hidden])", list)) d.open = open; };
    list.querySelector(".unfold").addEventListener("click", fold(true));
    list.querySelector(".fold").addEventListener("click", fold(false));
  }

  // Paper has no folds.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all(".f:not([open])");
    for (const d of folded) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of folded) d.open = false; });

  for (const list of all(".list")) {
    const body = list.querySelector("tbody");
    const rows = all("tr", body).map((row) => ({
      row,
      text: row.textContent.toLowerCase(),
      kind: ["bad", "open", "untested"].includes(row.className) ? row.className : "rest",
      details: document.getElementById(row.querySelector("a").hash.slice(1)),
    }));

    // Sorting: a header is a button, pressing it again turns the order.
    const heads = all("thead th", list);
    const compare = new Intl.Collator(undefined, { numeric: true }).compare;
    heads.forEach((head, column) => {
      // Pictures have no order.
      if ("plain" in head.dataset) return;
      const press = document.createElement("button");
      press.type = "button";
      press.textContent = head.textContent;
      head.replaceChildren(press);
      press.addEventListener("click", () => {
        const order = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order > 0 ? "ascending" : "descending");
        const keyed = rows.map((entry) => {
          const cell = entry.row.cells[column];
          const number = cell.dataset.v;
          return { entry, number: number === undefined ? NaN : Number(number), text: cell.textContent };
        });
        // What has no number comes last in either order.
        keyed.sort((a, b) => {
          const [m, n] = [Number.isNaN(a.number), Number.isNaN(b.number)];
          if (m !== n) return m ? 1 : -1;
          const by = m ? compare(a.text, b.text) : a.number < b.number ? -1 : a.number > b.number ? 1 : 0;
          return order * by;
        });
        body.append(...keyed.map((k) => k.entry.row));
      });
    });

    // Filtering hides rows and what they link to.
    const form = list.querySelector("form");
    const search = form.querySelector("[type=search]");
    const status = form.querySelector("[role=status]");
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const kinds = all(":checked", form).map((box) => box.value);
      let count = 0;
      for (const { row, text, kind, details } of rows) {
        const fits = kinds.includes(kind) && words.every((word) => text.includes(word));
        row.hidden = !fits;
        if (details) details.hidden = !fits;
        count += fits;
      }
      status.textContent = `${count} of ${rows.length} shown`;
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (e) => e.preventDefault());
    filter();
  }
})();
