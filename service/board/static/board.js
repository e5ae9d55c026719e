// The board: what is shown, from where, and when. Each part of the page has a module of its own.
import { Announcer } from "./announcer.js";
import { ageText, now } from "./clock.js";
import { Deciding } from "./deciding.js";
import { FiguresView } from "./figures.js";
import { Filter } from "./filter.js";
import { Follower } from "./follower.js";
import { latest } from "./latest.js";
import { Rows } from "./rows.js";
import { Refused, Service } from "./service.js";

const TOKEN = "signals.token";
const FIGURES_MS = 10_000;
const AWAY_MS = 5 * 60_000; // after that it is quicker to begin anew than to read all that was missed

const element = (id) => document.getElementById(id);
const announcer = new Announcer(element("announcement"));
const rows = new Rows(document, new Deciding(document, () => service));
const figures = new FiguresView(document);
const filter = new Filter(element("filter"), restart);

let service = new Service(sessionStorage.getItem(TOKEN) ?? "");
/** @type {Follower | undefined} */
let follower;
let newest = 0;
let hiddenAt = 0;
let spoken = "";

/** Shows how the connection is. Who listens hears when it comes and goes, and not of each attempt in between. */
function state(name, text) {
  const place = element("connection");
  if (place.lastChild.textContent === text) return;
  place.dataset.state = name;
  place.lastChild.textContent = text;
  if (["connected", "lost", "locked"].includes(name) && spoken !== name) {
    spoken = name;
    announcer.say(text);
  }
}

/** @param {string} [cursor] Where to go on; without it, what there is now is shown first. */
function follow(cursor) {
  follower?.stop();
  if (!("rawJSON" in JSON)) {
    state("lost", "Not connected: the board needs a browser of 2025 or later");
    return;
  }
  const { parameters } = filter;
  follower = new Follower(service, parameters, cursor, {
    begin: async (abort) => {
      await refresh(abort);
      clear();
      return latest(service, parameters, show, (change) => rows.change(change), abort);
    },
    signal: (signal) => {
      show(signal);
      announcer.signal(signal);
    },
    status: (change) => rows.change(change),
    connecting: () => state("connecting", "Connecting"),
    connected: () => state("connected", "Connected"),
    lost: (ms) => state("lost", `Not connected, trying again in ${Math.ceil(ms / 1000)} s`),
    refused,
  });
  follower.run();
}

function restart() {
  clear();
  follow();
}

function clear() {
  rows.clear();
  announcer.hush();
  newest = 0;
  age();
}

function show(signal) {
  newest = Math.max(newest, Date.parse(signal.created_at));
  rows.add(signal);
}

/** @param {Refused} why */
function refused(why) {
  if (why.status !== 422) {
    lock(sessionStorage.getItem(TOKEN) ? why.message : "");
    return;
  }
  filter.fault = why.message;
  state("lost", "Not connected: the filter is not understood");
}

function unlock() {
  element("door").hidden = true;
  element("board").hidden = false;
  element("forget").hidden = !sessionStorage.getItem(TOKEN);
}

/** Nothing that was read stays in the page. */
function lock(fault) {
  follower?.stop();
  follower = undefined;
  sessionStorage.removeItem(TOKEN);
  clear();
  element("board").hidden = true;
  element("forget").hidden = true;
  element("door").hidden = false;
  element("door-fault").textContent = fault;
  state("locked", "Not connected: no token");
  element("token").focus();
}

async function refresh(abort) {
  const asked = service;
  const overview = await asked.overview(abort);
  if (asked !== service) return;
  unlock();
  figures.show(overview);
  rows.decides = overview.may.includes("approve");
}

function age() {
  element("newest").textContent = newest ? `Newest signal ${ageText(now() - newest)}` : "";
}

element("door").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = element("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    element("door-fault").textContent = "This cannot be a token: it has spaces or letters that no token has.";
    return;
  }
  element("token").value = "";
  element("door-fault").textContent = "";
  sessionStorage.setItem(TOKEN, token);
  service = new Service(token);
  restart();
});

element("forget").addEventListener("click", () => {
  service = new Service("");
  lock("");
});

// A hidden page keeps no connection: there are six for all tabs together (HTTP/1.1), and nobody looks.
document.addEventListener("visibilitychange", () => {
  if (!follower) return;
  if (document.hidden) {
    hiddenAt = performance.now();
    follower.stop();
    state("away", "Paused while nobody looks");
  } else if (performance.now() - hiddenAt > AWAY_MS) restart();
  else follow(follower.cursor);
});
addEventListener("online", () => follower?.hurry());

setInterval(() => {
  age();
  rows.age();
}, 1000);
setInterval(() => {
  if (follower && !document.hidden) refresh().catch(() => {}); // whether there is a connection, the stream tells
}, FIGURES_MS);
restart();
