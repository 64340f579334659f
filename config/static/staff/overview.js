// The figures replace themselves every few seconds; without this file the page loads itself again.
(() => {
  "use strict";
  const place = document.getElementById("overview"), away = document.getElementById("not-now");
  let etag = "", timer = 0;

  async function look() {
    let answered = false;
    try {
      const answer = await fetch(place.dataset.from, {
        headers: etag ? { "If-None-Match": etag } : {}, credentials: "same-origin", cache: "no-store",
      });
      if (answer.redirected) return location.reload(); // signed out meanwhile
      answered = answer.ok || answer.status === 304;
      if (answer.status === 200) {
        place.innerHTML = await answer.text();
        etag = answer.headers.get("ETag") || "";
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // no network at the moment: look again later
    }
    away.hidden = answered;
    place.classList.toggle("stale", !answered);
    again();
  }

  function again() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, Number(place.dataset.every) * 1000);
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  again();
})();
