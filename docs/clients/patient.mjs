// One patient, from the account to the end of the settlement. Node 18 or newer, nothing else.
//
//     node patient.mjs https://hospital.example/api/v1 USERNAME PASSWORD NAME ID_NUMBER

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const [API, USERNAME, PASSWORD, NAME, ID_NUMBER] = process.argv.slice(2);
const TRY_AGAIN = [429, 502, 503, 504];
const ENDS = ["completed", "refused", "reversed", "manual"];
let tokens = null;
const kept = new Map(); // address -> its ETag and what stood there

// What the hospital refuses (RFC 9457): `code` is stable.
class Problem extends Error {
  constructor(problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.code = problem.code;
  }
}

// The same `key` on every attempt makes a repetition harmless, so a lost answer is simply asked again.
async function call(method, path, body, key) {
  const headers = { "Content-Type": "application/json", "Accept-Language": "zh-hans" };
  if (tokens) headers.Authorization = `Bearer ${tokens.access}`;
  if (key) headers["Idempotency-Key"] = key;
  if (method === "GET" && kept.has(path)) headers["If-None-Match"] = kept.get(path).etag;
  const answer = await fetch(API + path, { method, headers, body: body && JSON.stringify(body) });
  if (answer.status === 304) return kept.get(path).found;
  if (answer.status === 204) return null;
  if (TRY_AGAIN.includes(answer.status)) {
    await sleep(1000 * Number(answer.headers.get("Retry-After") ?? 2));
    return call(method, path, body, key);
  }
  const found = await answer.json();
  if (answer.ok) {
    if (method === "GET") kept.set(path, { etag: answer.headers.get("ETag"), found });
    return found;
  }
  if (found.code === "token_not_valid" && path !== "/token/refresh/") {
    await refresh();
    return call(method, path, body, key);
  }
  throw new Problem(found);
}

// A new pair. The old refresh token is used up: keep the new one before anything else.
async function refresh() {
  const old = tokens.refresh;
  tokens = null;
  tokens = await call("POST", "/token/refresh/", { refresh: old });
}

async function signIn() {
  const person = { username: USERNAME, password: PASSWORD, name: NAME, id_number: ID_NUMBER, phone: "13800000000" };
  await call("POST", "/accounts/", person).catch((problem) => {
    if (problem.code !== "username_taken") throw problem;
  });
  tokens = await call("POST", "/token/", { username: USERNAME, password: PASSWORD });
}

// The first session with a free seat; where somebody was faster, the next.
async function book() {
  for (const session of await call("GET", "/sessions/")) {
    const wanted = { session: session.id, insurance_card: { type: "02", number: ID_NUMBER } };
    try {
      return (await call("POST", "/appointments/", wanted, randomUUID())).id;
    } catch (problem) {
      if (!["session_full", "session_over"].includes(problem.code)) throw problem;
    }
  }
  throw new Error("no free seat");
}

// Read the inbox on from the last notice.
async function waitUntilTold(appointment) {
  for (let last = 0; ; await sleep(2000)) {
    for (const notice of await call("GET", `/notices/?after=${last}`)) {
      last = notice.id;
      if (notice.appointment !== appointment) continue;
      console.log(notice.title);
      if (notice.kind === "rejected") throw new Error(notice.text);
      if (notice.kind === "filed") return;
    }
  }
}

// Look again as often as the hospital says, until it is over.
async function follow(path, over) {
  for (;;) {
    const found = await call("GET", path);
    if (over(found)) return found;
    await sleep(1000 * (found.poll_after_seconds ?? 2));
  }
}

// Open the institution's page in the patient's browser; a simulated institution is paid by a POST.
async function pay(url) {
  console.log("pay here:", url);
  if (process.env.SIMULATED) await fetch(url, { method: "POST" });
}

await signIn();
const appointment = await book();
await waitUntilTold(appointment);
const place = await call("POST", `/appointments/${appointment}/trials/`, {});
const trial = await follow(`/trials/${place.id}/`, ({ state }) => !["waiting", "calling"].includes(state));
if (trial.state !== "priced") throw new Error(`no bill: ${trial.state} ${trial.reason ?? ""}`);
console.log("to pay:", trial.cash_fen, "of", trial.total_fen, "fen");
const opened = await call("POST", `/trials/${trial.id}/settlements/`, { mode: "insurance" }, randomUUID());
const path = `/settlements/${opened.id}/`;
let settlement = await follow(path, ({ state, payment }) => payment || ENDS.includes(state));
if (settlement.payment) {
  await pay(settlement.payment.url);
  settlement = await follow(path, ({ state }) => ENDS.includes(state));
}
await call("POST", "/token/revoke/", { refresh: tokens.refresh });
console.log(settlement.state);
