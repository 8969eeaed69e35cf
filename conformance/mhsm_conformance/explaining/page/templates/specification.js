"use strict";
(() => {
  const box = document.querySelector(".search");
  const input = document.getElementById("search");
  const found = document.getElementById("found");
  const frame = document.getElementById("found-box");
  const count = document.getElementById("found-count");
  const most = 30;
  let entries = null;

  const words = (text) => text.toLowerCase().match(/[a-z0-9_]+/g) || [];

  // What can be found is what stands on the page; it is read once, when somebody searches.
  const read = () =>
    Array.from(document.querySelectorAll(".entry"), (element) => {
      const title = element.querySelector(".entry-title, .anchor").textContent.trim();
      const prose = element.querySelector(".prose");
      return {
        id: element.id,
        kind: element.dataset.kind,
        title,
        prose: prose ? prose.textContent : "",
        heavy: words(title + " " + (prose ? prose.textContent : "")),
        light: new Set(words(element.textContent)),
      };
    });

  const worth = (entry, word) => {
    if (entry.heavy.includes(word)) return 6;
    if (entry.heavy.some((other) => other.startsWith(word))) return 4;
    if (entry.light.has(word)) return 2;
    for (const other of entry.light) if (other.startsWith(word)) return 1;
    return 0;
  };

  const score = (entry, wanted, text) => {
    let total = entry.title.toLowerCase() === text ? 100 : 0;
    for (const word of wanted) {
      const value = worth(entry, word);
      if (!value) return 0;
      total += value;
    }
    return total;
  };

  const item = (entry) => {
    const row = document.createElement("li");
    const link = document.createElement("a");
    const name = document.createElement("b");
    link.href = "#" + entry.id;
    name.textContent = entry.title;
    link.append(name, entry.prose || entry.kind);
    row.append(link);
    return row;
  };

  const search = () => {
    const text = input.value.trim().toLowerCase();
    const wanted = words(text);
    frame.hidden = wanted.length === 0;
    if (frame.hidden) return;
    entries = entries || read();
    const hits = entries
      .map((entry) => ({ entry, value: score(entry, wanted, text) }))
      .filter((hit) => hit.value > 0)
      .sort((a, b) => b.value - a.value);
    found.replaceChildren(...hits.slice(0, most).map((hit) => item(hit.entry)));
    const rest = hits.length > most ? `, the best ${most} are shown` : "";
    count.textContent = hits.length ? `${hits.length} found${rest}` : "Nothing found";
  };

  const links = () => Array.from(found.querySelectorAll("a"));

  const move = (event, by) => {
    const all = [input, ...links()];
    const place = all.indexOf(document.activeElement);
    const next = all[place + by];
    if (place < 0 || !next) return;
    event.preventDefault();
    next.focus();
  };

  const close = () => {
    frame.hidden = true;
  };

  box.hidden = false;
  input.addEventListener("input", search);
  input.addEventListener("focus", search);
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(event, 1);
    if (event.key === "ArrowUp") move(event, -1);
    if (event.key === "Escape") {
      input.focus();
      close();
    }
    if (event.key === "Enter" && event.target === input && links().length) links()[0].click();
  });
  found.addEventListener("click", close);
  document.addEventListener("click", (event) => {
    if (!box.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
  });

  // A phone shows the specification first, and its contents when asked.
  const contents = document.querySelector(".contents details");
  const narrow = window.matchMedia("(max-width: 63.99rem)");
  const fold = () => {
    contents.open = !narrow.matches;
  };
  fold();
  narrow.addEventListener("change", fold);
})();
