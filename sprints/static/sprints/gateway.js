// What every page shares. Each page reads well without it.
"use strict";

(() => {
  const root = document.documentElement;

  // htmx must not write styles or evaluate text: the content policy would stop it.
  if (window.htmx) {
    htmx.config.includeIndicatorStyles = false;
    htmx.config.allowEval = false;
    htmx.config.historyCacheSize = 0;
  }

  const acts = {
    theme() {
      const dark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* this page only */ }
    },
  };

  // A button that only this script can serve is hidden until it is here.
  for (const button of document.querySelectorAll("[data-act]")) {
    if (button.dataset.act in acts) {
      button.hidden = false;
      button.addEventListener("click", () => acts[button.dataset.act](button));
    }
  }

  // Times in the reader's own zone; the server writes UTC.
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const tellTimes = (where) => {
    for (const time of where.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.valueOf())) time.title = exact.format(at);
    }
  };
  tellTimes(document);
  document.addEventListener("htmx:load", (event) => tellTimes(event.detail.elt));
})();
