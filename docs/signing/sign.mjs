// Signs and sends a signal with Node (18 or newer) and nothing else.
//
//   node sign.mjs check ../vectors/signature.json    checks this signer
//   node sign.mjs send                               sends one signal to SIGNALS_URL,
//                                                    from SIGNALS_PRODUCER_ID, signed with SIGNALS_SECRET
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

// The value of X-Signature. `body` is the text that is sent, not an object that is written as JSON again.
function signature(secret, body, timestamp, producerId) {
  return createHmac("sha256", Buffer.from(secret, "utf8"))
    .update(body + timestamp + producerId, "utf8")
    .digest("base64");
}

async function send({ SIGNALS_URL, SIGNALS_PRODUCER_ID, SIGNALS_SECRET }) {
  const now = new Date().toISOString();
  const signal = { instrument: "XAUUSD", side: 0, time: now, payload: { price: 1950.5 } };
  const body = JSON.stringify(signal);
  const answer = await fetch(`${SIGNALS_URL}/api/v1/signals`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Producer-Id": SIGNALS_PRODUCER_ID,
      "X-Timestamp": now,
      "X-Signature": signature(SIGNALS_SECRET, body, now, SIGNALS_PRODUCER_ID),
    },
    body,
    signal: AbortSignal.timeout(15_000),
  });
  console.log(answer.status, await answer.text());
  // 200 and 409: one that says the same is stored already, so this one is not to be sent again.
  return [200, 201, 409].includes(answer.status);
}

function check(path) {
  const { accepted } = JSON.parse(readFileSync(path, "utf8"));
  const agreed = accepted.filter(
    (vector) => signature(vector.secret, vector.body, vector.timestamp, vector.producer_id) === vector.signature,
  ).length;
  const wrong = accepted.length - agreed;
  console.log(`${agreed} vectors agree, ${wrong} do not`);
  return agreed > 0 && wrong === 0;
}

const [command, path] = process.argv.slice(2);
if (command === "check" && path) process.exitCode = check(path) ? 0 : 1;
else if (command === "send") process.exitCode = (await send(process.env)) ? 0 : 1;
else {
  console.error("node sign.mjs check VECTORS | node sign.mjs send");
  process.exitCode = 2;
}
