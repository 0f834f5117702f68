// One sprint's page: its log as it grows, its keys. The page reads well without it.
"use strict";

(() => {
  const MOST_ROWS = 10000;
  const SOONEST = 700, LATEST = 5000; // ms between two questions
  const here = (query) => document.querySelector(query);
  let log = null; // what the pane that is shown now can do

  function attach(pane) {
    const box = pane.querySelector(".log"), lines = pane.querySelector(".lines");
    if (!lines) return { key() {}, show() { return false; }, done: true };
    const { url, run, stream } = pane.dataset;
    let start = Number(pane.dataset.start), next = Number(pane.dataset.next);
    let line = pane.dataset.line, over = "over" in pane.dataset, wait = SOONEST;
    let following = false, hit = -1, hits = [];
    const parts = [{ start, rows: lines.childElementCount }];
    const button = pane.querySelector("[data-log=follow]"), find = pane.querySelector("[data-log=find]");
    const said = pane.querySelector(".hits");

    async function ask(what) {
      const asked = new URLSearchParams({ run, stream, ...what });
      const answer = await fetch(`${url}?${asked}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    }

    function follow(on) {
      following = on;
      button.setAttribute("aria-pressed", String(on));
      if (on) box.scrollTop = box.scrollHeight;
    }

    // What goes on in the last line belongs to it; the rest is below it. The server has escaped it.
    function append(answer) {
      const before = lines.childElementCount;
      const last = lines.lastElementChild?.querySelector("code");
      if (last && answer.clears) last.innerHTML = answer.more;
      else if (last) last.insertAdjacentHTML("beforeend", answer.more);
      lines.insertAdjacentHTML("beforeend", answer.html);
      parts.push({ start: answer.start, rows: lines.childElementCount - before });
      next = answer.next;
      line = answer.line ?? "";
      pane.querySelector(".nothing")?.remove();
      while (following && parts.length > 1 && lines.childElementCount > MOST_ROWS) {
        for (let n = parts.shift().rows; n > 0; n -= 1) lines.firstElementChild.remove();
        start = parts[0].start;
        pane.querySelector(".earlier").hidden = false;
      }
      if (following) box.scrollTop = box.scrollHeight;
    }

    async function more() {
      const answer = await ask(line === "" ? { from: next } : { from: next, line });
      const came = answer.next > next;
      if (came) append(answer);
      over = answer.over;
      pane.querySelector(".later").hidden = !over || next >= answer.size;
      return { came, left: next < answer.size };
    }

    // Ask again: at once where there is more, later and later where nothing comes.
    async function poll() {
      if (!pane.isConnected) return;
      try {
        const { came, left } = document.hidden ? { came: false, left: true } : await more();
        wait = came ? (left ? 50 : SOONEST) : Math.min(wait * 1.4, LATEST);
        if (over && !left) { renew(); return; }
      } catch (error) {
        if (["401", "403", "404"].includes(error.message)) return;
        wait = LATEST;
      }
      setTimeout(poll, wait);
    }

    async function earlier() {
      const answer = await ask({ before: start });
      const height = box.scrollHeight, rows = lines.childElementCount;
      lines.insertAdjacentHTML("afterbegin", answer.html);
      box.scrollTop += box.scrollHeight - height;
      parts.unshift({ start: answer.start, rows: lines.childElementCount - rows });
      start = answer.start;
      pane.querySelector(".earlier").hidden = start === 0;
    }

    function show(id) {
      const row = document.getElementById(id);
      if (!row || !lines.contains(row)) return false;
      for (const one of lines.querySelectorAll(".marked")) one.classList.remove("marked");
      row.classList.add("marked");
      follow(false);
      box.scrollTop = row.offsetTop - box.clientHeight / 4;
      return true;
    }

    function search(step) {
      const text = find.value.toLowerCase();
      for (const row of lines.querySelectorAll(".found, .now")) row.classList.remove("found", "now");
      hits = text ? [...lines.children].filter((row) => row.lastElementChild.textContent.toLowerCase().includes(text)) : [];
      for (const row of hits) row.classList.add("found");
      hit = hits.length ? (hit + step + hits.length) % hits.length : -1;
      said.value = text ? (hits.length ? `${hit + 1} of ${hits.length}` : "not in the loaded lines") : "";
      if (hit < 0) return;
      hits[hit].classList.add("now");
      follow(false);
      box.scrollTop = hits[hit].offsetTop - box.clientHeight / 4;
    }

    button.hidden = find.parentElement.hidden = false;
    button.addEventListener("click", () => follow(!following));
    box.addEventListener("scroll", () => {
      const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
      if (atEnd !== following && (atEnd ? !over : true)) {
        following = atEnd;
        button.setAttribute("aria-pressed", String(atEnd));
      }
    }, { passive: true });
    find.addEventListener("input", () => { hit = -1; search(1); });
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); search(event.shiftKey ? -1 : 1); }
      if (event.key === "Escape") box.focus();
    });
    pane.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      const act = { earlier, later: more }[link?.dataset.log];
      const row = link?.parentElement.classList.contains("ln") ? link.parentElement : null;
      if (event.ctrlKey || event.metaKey || event.shiftKey || !(act || row)) return;
      event.preventDefault();
      if (act) act().catch(() => { location.href = link.href; });
      else if (row) { // a link to this line for others: with all that names it
        history.replaceState(null, "", address(run, stream, row.id));
        show(row.id);
      }
    });

    if (!over) poll();
    const opens = pane.dataset.opens;
    if (!(opens && show(opens))) follow(!over || !opens);
    if (over) { following = false; button.setAttribute("aria-pressed", "false"); }
    return {
      show,
      run,
      stream,
      get done() { return over; },
      get following() { return following; },
      key(name) {
        if (name === "f") follow(!following);
        else find.focus();
      },
    };
  }

  function address(run, stream, id) {
    const [, kind, at] = /-([LB])(\d+)$/.exec(id);
    return `?${new URLSearchParams({ run, stream, [kind === "L" ? "line" : "from"]: at })}#${id}`;
  }

  // A link to a line that is not loaded: the page is asked for with that line.
  function toHash() {
    const found = /^#((stdout|stderr)-([LB])(\d+))$/.exec(location.hash);
    if (!found || !log?.run || log.show(found[1])) return;
    const asked = new URLSearchParams(location.search);
    const there = asked.get("stream") === found[2] && asked.get(found[3] === "L" ? "line" : "from") === found[4];
    if (!there) location.replace(address(log.run, found[2], found[1]));
  }

  function begin() {
    const pane = here("#output");
    log = pane ? attach(pane) : null;
    toHash();
  }
  begin();
  addEventListener("hashchange", toHash);

  // What is opened stays open when its part is shown anew.
  const open = new Map();
  document.addEventListener("toggle", (event) => {
    if (event.target.id && event.target.isConnected) open.set(event.target.id, event.target.open);
  }, true);
  function refreshed(event) {
    const part = event.detail.target ?? event.detail.elt;
    if (part?.id === "live-acts") return;
    for (const [id, is] of open) {
      const one = document.getElementById(id);
      if (one && one.open !== is && !one.closest("#live-acts")) one.open = is;
    }
    renew();
  }

  // Fetch the pane again when its run is judged, or when a newer run is to be shown; a chosen run stays.
  function renew() {
    const tabs = here("#live-tabs")?.dataset, pane = here("#output")?.dataset;
    if (!tabs?.newest || !pane || (log?.run && !log.done)) return;
    const pinned = "pinned" in pane;
    if (tabs.judged === pane.judged && (pinned || tabs.newest === pane.run)) return;
    const asked = new URLSearchParams({ part: "output", ...(pinned ? { run: pane.run, stream: pane.stream } : {}) });
    const from = `${location.pathname}?${asked}`, reads = log?.run && !log.following && (pinned || tabs.newest === pane.run);
    if (reads) { // who reads is left where they read
      pane.judged = tabs.judged;
      htmx.ajax("GET", from, { target: "#output .log-status", select: ".log-status", swap: "outerHTML" });
    } else htmx.ajax("GET", from, { target: "#output", swap: "outerHTML" }).then(begin);
  }
  document.addEventListener("htmx:oobAfterSwap", refreshed);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "f" || event.key === "/") {
      if (!log?.run) return;
      event.preventDefault();
      log.key(event.key);
      return;
    }
    const act = here(`.act > [data-key="${CSS.escape(event.key)}"]`);
    if (!act) return;
    event.preventDefault();
    act.click();
  });

  // A confirmation that opens is gone into; Escape leaves it.
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches(".act") || !event.target.open) return;
    event.target.querySelector("input:not([type=hidden]), button").focus();
  }, true);
  document.addEventListener("keydown", (event) => {
    const act = event.key === "Escape" ? event.target.closest(".act[open]") : null;
    if (!act) return;
    act.open = false;
    act.querySelector("summary").focus();
  });
})();
