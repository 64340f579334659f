// Receives the hospital's notices. Node 18 or newer, nothing else.
//
//     NOTICE_SECRET=… node webhook.mjs 8080

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const SECRET = process.env.NOTICE_SECRET;
const OLDEST_SECONDS = 300;
const seen = new Set(); // in your app: a unique column in the database

// From the hospital, and not sent again by somebody who has listened. During a change of secret there are two.
function isGenuine(timestamp, signatures, body) {
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > OLDEST_SECONDS) return false;
  const expected = createHmac("sha256", SECRET).update(`${timestamp}.`).update(body).digest();
  return signatures.split(",").some((signature) => {
    const given = Buffer.from(signature.trim(), "hex");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks); // exactly as received: parse it only afterwards
  const timestamp = request.headers["x-notice-timestamp"] ?? "";
  if (!isGenuine(timestamp, request.headers["x-notice-signature"] ?? "", body)) {
    return response.writeHead(403).end();
  }
  const notice = JSON.parse(body);
  if (!seen.has(notice.id)) { // a repeat is answered like the first and done once
    seen.add(notice.id);
    console.log(notice.event, notice.appointment);
  }
  return response.writeHead(204).end();
}).listen(Number(process.argv[2]), "127.0.0.1");
