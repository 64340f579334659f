// The story replaces its steps in place as they change; without this file the page loads itself again.
(() => {
  "use strict";
  document.documentElement.dataset.script = "on";

  // A form is sent once; the server would not mind a second time.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-once")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
    });
  });

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  document.querySelectorAll("[data-share]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.share);
      field.select();
      if (navigator.share) return navigator.share({ url: field.value }).catch(() => {}); // or not, as one likes
      if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
      else document.execCommand("copy");
      button.textContent = button.dataset.done;
    });
  });

  const place = document.getElementById("story");
  if (!place) return;
  const live = document.getElementById("live"), offline = document.getElementById("offline");
  const SAID_AGAIN_MS = 15000, SOON_SECONDS = 120, RETRY_SECONDS = 10, MOST_SECONDS = 60, MOST_FAILURES = 10;
  let etag = "", timer = 0;

  // Counted from when it was shown: the clock of the device does not matter.
  const ends = new WeakMap(), warned = new WeakSet();
  function countDown() {
    place.querySelectorAll("[data-seconds]").forEach((left) => {
      if (!ends.has(left)) ends.set(left, performance.now() + Number(left.dataset.seconds) * 1000);
      const seconds = Math.max(0, Math.round((ends.get(left) - performance.now()) / 1000));
      const text = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
      left.textContent = "(" + left.dataset.word + " " + text + ")";
      if (seconds <= SOON_SECONDS && !warned.has(left)) {
        warned.add(left);
        say("soon", left.dataset.soon);
      }
    });
  }

  // A wait in words, as the server chooses them (config/pages/words.py); counted anew from every look.
  let told = new WeakMap();
  function countWait() {
    const step = place.querySelector("[data-wait]");
    if (!step) return;
    if (!told.has(step)) told.set(step, performance.now());
    const passed = (performance.now() - told.get(step)) / 1000;
    const low = Math.floor(Math.max(0, step.dataset.low - passed) / 60);
    const high = Math.ceil(Math.max(0, step.dataset.high - passed) / 60);
    const kind = high <= 1 ? 0 : low === 0 ? 1 : low === high ? 2 : 3;
    const words = step.dataset.waits.split("|")[kind].replace("%(low)s", low).replace("%(high)s", high);
    const shown = [...step.querySelectorAll("p")].find((line) => line.textContent.includes(step.dataset.wait));
    if (shown) shown.textContent = shown.textContent.replace(step.dataset.wait, words);
    step.dataset.wait = words;
  }

  // What changes often is said at most every 15 seconds, and then as it stands; what is new, at once. Never the focus.
  let said = "", saidAbout = "", saidAt = 0, waiting = 0;
  function say(about, text) {
    clearTimeout(waiting);
    if (text === said) return;
    const rest = about === saidAbout ? saidAt + SAID_AGAIN_MS - performance.now() : 0;
    if (rest > 0) {
      waiting = setTimeout(() => say(about, text), rest);
      return;
    }
    live.textContent = said = text;
    saidAbout = about;
    saidAt = performance.now();
  }

  // Only what has changed is replaced; the focus stays where it is.
  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const next = fresh.querySelector(".story");
    if (!next || Boolean(fresh.getElementById("cancelled")) !== Boolean(document.getElementById("cancelled"))) {
      return location.reload();
    }
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    next.querySelectorAll(".step").forEach((step) => {
      const old = document.getElementById(step.id);
      if (old.dataset.version !== step.dataset.version) old.replaceWith(document.adoptNode(step));
      else if (step.hasAttribute("aria-current")) old.setAttribute("aria-current", "step");
      else old.removeAttribute("aria-current");
    });
    if (focused && document.activeElement.id !== focused) {
      const again = document.getElementById(focused);
      if (again) again.focus({ preventScroll: true });
    }
    say(next.dataset.now, next.dataset.say);
    countDown();
  }

  async function look() {
    let next = RETRY_SECONDS;
    try {
      const answer = await fetch(place.dataset.from, {
        headers: etag ? { "If-None-Match": etag } : {}, credentials: "same-origin", cache: "no-store",
      });
      if (answer.redirected || answer.status === 404) return location.reload();
      if (answer.ok || answer.status === 304) {
        next = Number(answer.headers.get("X-Poll-After"));
        document.querySelectorAll("[data-until-the-end]").forEach((part) => { part.hidden = !next; });
        told = new WeakMap();
        if (answer.status === 200) show(await answer.text());
        countWait();
        etag = answer.headers.get("ETag") || etag;
      }
      reached(true);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // no network at the moment: look again later
      reached(false);
    }
    again(next);
  }

  function again(seconds) {
    clearTimeout(timer);
    if (!seconds || document.hidden) return close();
    listen();
    const wait = (pushed() ? MOST_SECONDS : Math.min(seconds, MOST_SECONDS)) * 1000;
    due = performance.now() + wait;
    timer = setTimeout(look, wait);
  }

  // Where the hospital pushes, the page is told when to look; where that fails, it asks as before.
  let stream = null, due = 0, failures = 0;
  const pushed = () => stream !== null && stream.readyState === EventSource.OPEN;
  function listen() {
    if (stream || !place.dataset.push || !window.EventSource) return;
    stream = new EventSource(place.dataset.push, { withCredentials: true });
    stream.addEventListener("look", look);
    stream.addEventListener("end", () => { place.dataset.push = ""; close(); look(); });
    stream.addEventListener("open", () => { failures = 0; });
    stream.addEventListener("error", () => {
      if (++failures === MOST_FAILURES) place.dataset.push = "";
      if (!place.dataset.push) close();
      if (due - performance.now() > RETRY_SECONDS * 1000) again(RETRY_SECONDS);
    });
  }
  function close() {
    if (stream) stream.close();
    stream = null;
  }

  // The place belongs to the patient: it is kept while the device is away, and shown again as soon as it is back.
  function reached(yes) {
    if (offline.hidden !== yes) offline.hidden = yes;
  }
  window.addEventListener("offline", () => reached(false));
  window.addEventListener("online", () => place.dataset.poll && look());

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && place.dataset.poll) look();
  });
  const story = place.querySelector(".story");
  said = story.dataset.say;
  saidAbout = story.dataset.now;
  saidAt = -SAID_AGAIN_MS;
  setInterval(() => { countDown(); countWait(); }, 1000);
  countDown();
  reached(navigator.onLine);
  again(Number(place.dataset.poll));
})();
