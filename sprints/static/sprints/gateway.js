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

  const keys = document.getElementById("keys");
  const acts = {
    theme() {
      const dark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* this page only */ }
    },
  };
  if (keys) acts.keys = () => { if (!keys.open) keys.showModal(); };

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

  // Keys: one letter, or g and a letter. Never while somebody types, never with a modifier.
  const goes = { d: "/", s: "/sprints/", g: "/gates/", a: "/agents/", e: "/events/" };
  let afterG = 0;
  const step = (by) => {
    const links = [...document.querySelectorAll("[data-rows] tbody tr")]
      .map((row) => row.querySelector("a")).filter(Boolean);
    if (!links.length) return;
    const row = document.activeElement.closest("[data-rows] tbody tr");
    const at = row ? links.findIndex((link) => row.contains(link)) : by > 0 ? -1 : links.length;
    links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
  };
  const pressed = {
    "?": () => acts.keys?.(),
    t: acts.theme,
    j: () => step(1),
    k: () => step(-1),
    g() { afterG = Date.now(); },
    "/"() { document.querySelector("[data-find]")?.focus(); },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && typing) typing.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const isSecond = Date.now() - afterG < 1500;
    afterG = 0;
    const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (isSecond && event.key in goes && keys) location.assign(goes[event.key]);
    else if (event.key in pressed) pressed[event.key]();
    else if (link) link.click();
    else return;
    event.preventDefault();
  });

  // Live parts ask again only while somebody looks, and not while a dialog is open.
  const isPoll = (elt) => (elt.getAttribute("hx-trigger") ?? "").startsWith("every ");
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (isPoll(elt) && (document.hidden || document.querySelector("dialog[open]"))) {
      event.preventDefault();
    }
  });

  // What is swapped keeps its focus and how far it was scrolled.
  const name = (elt) => elt.id ? `#${elt.id}` : `${elt.tagName} ${elt.getAttribute("href") ?? ""} ${elt.textContent}`;
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target } = event.detail;
    const held = document.activeElement;
    kept = !isPoll(target) ? null : {
      id: target.id,
      held: target.contains(held) ? name(held) : null,
      scrolled: [...target.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]),
    };
  });
  document.addEventListener("htmx:afterSettle", () => {
    const now = kept && document.getElementById(kept.id);
    if (!now) return;
    now.querySelectorAll(".scroll").forEach((box, i) => {
      if (kept.scrolled[i]) [box.scrollLeft, box.scrollTop] = kept.scrolled[i];
    });
    if (kept.held && !now.contains(document.activeElement)) {
      const again = [...now.querySelectorAll("a, button, summary, [tabindex]")];
      again.find((elt) => name(elt) === kept.held)?.focus({ preventScroll: true });
    }
    kept = null;
  });

  // Whoever is not signed in any more is shown the door.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) location.reload();
  });

  // A stream that is followed does not grow for ever.
  document.addEventListener("htmx:afterSettle", () => {
    const follow = document.getElementById("follow");
    const rows = follow ? [...follow.parentElement.children] : [];
    for (const row of rows.slice(500)) row.remove();
  });
})();
