"use strict";
// The page is whole without this: it adds the filter, the copy buttons and the switch of themes.
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  // A file from disk may have no storage, and then the choice lasts as long as the page.
  const stored = {
    read() { try { return localStorage.getItem("mhsm-theme"); } catch { return null; } },
    write(value) { try { localStorage.setItem("mhsm-theme", value); } catch { /* none */ } },
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const theme = byId("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => {
    const other = isDark() ? "light" : "dark";
    theme.textContent = other === "dark" ? "Dark" : "Light";
    theme.setAttribute("aria-label", `Switch to the ${other} theme`);
  };
  const kept = stored.read();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    stored.write(root.dataset.theme);
    name();
  });
  system.addEventListener("change", name);
  name();

  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    const label = button.firstChild;
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      let done = true;
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        // Without the right to write, what is to be copied is selected for the user to do it.
        const range = document.createRange();
        range.selectNodeContents(code);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        done = false;
      }
      label.data = done ? "Copied" : "Selected";
      setTimeout(() => { label.data = "Copy"; }, 2000);
    });
  }

  // A link to a clause opens what is folded there, and everything that it is folded in.
  const unfold = () => {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const place = id && byId(id);
    if (!place) return;
    if (place.hidden && byId("filter")) byId("filter").reset();
    const inside = place.matches("tr") && place.querySelector("details");
    if (inside) inside.open = true;
    for (let at = place; at; at = at.parentElement) if (at.localName === "details") at.open = true;
    place.scrollIntoView();
  };
  addEventListener("hashchange", unfold);

  const form = byId("filter");
  if (form) {
    const [text, area, outcome, evidence] =
      ["f-text", "f-area", "f-outcome", "f-evidence"].map(byId);
    const told = byId("f-told");
    const rows = [...byId("clause-table").tBodies[0].rows];
    const words = rows.map((row) => row.textContent.toLowerCase());
    const supported = (row) => {
      const kinds = row.dataset.evidence.split(" ");
      if (evidence.value === "-") return kinds.every((kind) => kind === "" || kind === "S");
      return kinds.includes(evidence.value);
    };
    const apply = () => {
      const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, index) => {
        const match = wanted.every((word) => words[index].includes(word))
          && (!area.value || row.dataset.area === area.value)
          && (!outcome.value || row.dataset.outcome === outcome.value)
          && (!evidence.value || supported(row));
        row.hidden = !match;
        shown += match;
      });
      told.textContent = shown === rows.length
        ? `${rows.length} clauses` : `${shown} of ${rows.length} clauses`;
      byId("f-none").hidden = shown > 0;
    };
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
  }
  unfold();
})();
