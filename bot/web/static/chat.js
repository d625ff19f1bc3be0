// Makes the page live: messages go and answers come without loading it anew. Without this script
// the same forms work by loading the page, so each part here only replaces what a form does.

const SEND_TIMEOUT_MS = 30_000;
const HEAR_TIMEOUT_MS = 120_000; // of a recording: it goes up a weak network and waits for those before it
const SEND_AGAIN_MS = [5_000, 10_000, 20_000, 60_000]; // after each time that a message did not arrive
const SIGN_AFTER_MS = 1_000;
// How long until the next look for new words: seldom while nothing comes, and more seldom while the
// server cannot be reached.
const POLL_MS = [5_000, 5_000, 10_000, 15_000, 20_000]; // for the words of volunteers
const POLL_WAITING_MS = [1_000, 2_000, 3_000, 5_000]; // while an answer is late
const POLL_FAILED_MS = 120_000; // at most
const LOOK_BACK = 3; // entries
const WARN_BEFORE_MS = 2 * 60_000;

const find = (id) => document.getElementById(id);
const chat = find("chat");
const words = chat.dataset;
const [log, choices, outbox, status, retry, idle] =
  ["log", "choices", "outbox", "status", "retry", "idle"].map(find);
const [compose, text, end] = ["compose", "text", "end"].map(find);
const sendButton = compose.querySelector("button:not([type])");
// The page that a browser keeps for when there is no network knows nothing of a link's hamlet.
const hamlet = compose.elements.xom?.value ?? new URLSearchParams(location.search).get("xom") ?? "";
let isKeptPage = "isKept" in words; // until the server was heard from

// --- Sending: one message after the other, each with an id that stays when it is sent again ---

const unsent = [];
let isSending = false;
let isOver = false;
let sendTimer = 0;
let failedSends = 0; // in a row

function newMessageId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function add(message) {
  const fields = { message_id: newMessageId(), xom: hamlet, ...message };
  if (!fields.sound) keep(fields); // what was said is in memory only
  enqueue(fields).scrollIntoView({ block: "nearest" });
  return flush();
}

function enqueue(fields) {
  const bubble = element("div", "entry learner");
  bubble.append(element("p", "who", words.sending), element("p", "said", fields.text));
  outbox.append(bubble);
  unsent.push({ ...fields, bubble });
  return bubble;
}

// `isAgain`: nobody pressed anything, so nothing is said until it is known whether it arrived.
async function flush({ isAgain = false } = {}) {
  clearTimeout(sendTimer);
  if (isSending || isOver) return;
  isSending = true;
  while (unsent.length) {
    find("look")?.remove();
    const { bubble, ...fields } = unsent[0];
    if (!isAgain) {
      showWaiting();
      bubble.firstChild.textContent = words.sending;
    }
    const problem = await deliver(fields);
    if (isOver) return;
    if (problem) {
      isSending = false;
      problem();
      return;
    }
    failedSends = 0;
    drop();
  }
  isSending = false;
  showWaiting();
}

function drop() {
  const { bubble, message_id } = unsent.shift();
  bubble.remove();
  forget(message_id);
}

// --- What is not sent yet outlives the page: it goes when it was delivered, when the talk is ended, or
// after the time without use that ends a talk ---

const KEPT = "unsent:";

function keep(fields) {
  try {
    localStorage.setItem(KEPT + fields.message_id, JSON.stringify({ ...fields, at: Date.now() }));
  } catch {
    // no storage: it lasts as long as the page
  }
}

function forget(messageId) {
  try {
    localStorage.removeItem(KEPT + messageId);
  } catch {
    // then nothing was kept
  }
}

// Those of this browser, oldest first.
function keptMessages() {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(KEPT));
    return names.map((name) => JSON.parse(localStorage.getItem(name))).sort((a, b) => a.at - b.at);
  } catch {
    return [];
  }
}

function sendKept() {
  for (const { at, ...fields } of keptMessages()) {
    if (Date.now() - at < IDLE_MS) enqueue(fields);
    else forget(fields.message_id);
  }
  if (unsent.length) flush();
}

// Sends one message. What it returns, if anything, is to be done because it did not arrive.
async function deliver(fields) {
  try {
    const response = await (fields.sound ? postSound(fields) : post(fields));
    const wait = Number(response.headers.get("Retry-After"));
    // Without a time to wait it is no crowd: our database is away.
    if (response.status === 503 && wait) return () => waitForTurn(wait, words.busy);
    if (response.status === 429 && wait <= 60) return () => waitForTurn(wait, words.tooFast);
    if (response.status === 429) return () => giveBack(words.tooMany);
    if (response.status === 413) return () => giveBack(words.tooBig);
    if (!response.ok) return fail;
    const isNew = response.headers.get("X-Talk") === "new";
    removeErased(response.headers.get("X-First"));
    receive(await response.text(), { isNew, isAnswer: true });
  } catch {
    return fail;
  }
}

const post = (fields) => request(`${words.base}/tin-nhan`, {
  method: "POST",
  body: new URLSearchParams({ ...fields, sau: newest() }),
});

const postSound = ({ message_id, xom, sound }) => request(`${words.base}/tin-thoai`, {
  method: "POST",
  body: sound,
  headers: { "X-Message-Id": message_id, "X-Hamlet": encodeURIComponent(xom), "X-After": newest() },
}, HEAR_TIMEOUT_MS);

function waitForTurn(seconds, sentence) {
  setBusy(false);
  say(sentence);
  // Not everybody at the same moment.
  sendTimer = setTimeout(flush, seconds * 1_000 * (1 + Math.random() / 2));
}

function fail() {
  setBusy(false);
  const isOnline = navigator.onLine;
  for (const { bubble } of unsent) bubble.firstChild.textContent = isOnline ? words.unsent : words.awaiting;
  say(isOnline ? words.failed : words.keptOffline, { isAlarm: true });
  if (retry.hidden) {
    retry.hidden = false;
    retry.scrollIntoView({ block: "nearest" });
  }
  const wait = SEND_AGAIN_MS[Math.min(failedSends++, SEND_AGAIN_MS.length - 1)];
  sendTimer = setTimeout(() => flush({ isAgain: true }), wait);
}

function giveBack(sentence) {
  if (!unsent[0].sound) text.value = unsent[0].text;
  drop();
  setBusy(false);
  say(sentence, { isAlarm: true });
}

async function request(address, options = {}, timeout_ms = SEND_TIMEOUT_MS) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout_ms);
  try {
    return await fetch(address, {
      ...options,
      headers: { "X-Requested-With": "fetch", ...options.headers },
      signal: abort.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

// --- Receiving ---

// Ids are larger than a Number can hold exactly.
const newest = () => log.lastElementChild?.dataset.id ?? "0";
const unanswered = () => log.querySelector(".open"); // what a volunteer gets is answered by nobody at once
const isWaiting = () => unanswered() !== null;

// Puts what the server sent into the log, each entry once and in order: a late poll may repeat some.
function receive(html, { isNew = false, isAnswer = false } = {}) {
  const fragment = new DOMParser().parseFromString(html, "text/html");
  if (isNew) log.replaceChildren(); // the talk shown so far has ended meanwhile
  isKeptPage = false;
  const known = new Map(Array.from(log.children, (entry) => [entry.dataset.id, entry]));
  const sent = Array.from(fragment.querySelectorAll(".entry"));
  for (const entry of sent) known.get(entry.dataset.id)?.classList.toggle("open", entry.classList.contains("open"));
  const fresh = sent.filter((entry) => !known.has(entry.dataset.id));
  const wasAtEnd = isAtEnd();
  for (const entry of fresh) {
    const later = Array.from(log.children).find((other) => BigInt(other.dataset.id) > BigInt(entry.dataset.id));
    log.insertBefore(entry, later ?? null);
  }
  const offered = fragment.querySelector(".choices");
  if (!fresh.length) return;
  quietPolls = 0;
  if (offered) offer(offered);
  if (isAnswer || wasAtEnd) show(fresh);
  else more.firstChild.textContent = words.newBelow;
}

// The person had the server forget the talk: the page and the guides it keeps forget it, too.
function removeErased(first) {
  const erased = Array.from(log.children).filter((entry) => BigInt(entry.dataset.id) < BigInt(first ?? 0));
  for (const entry of erased) entry.remove();
  if (erased.length) globalThis.caches?.delete("opened"); // as sw.js names it
}

function offer(offered) {
  const hadFocus = choices.contains(document.activeElement);
  choices.querySelector(".choices").replaceWith(offered);
  // Not into the text field: on a phone that would open the keyboard over the answer.
  if (hadFocus) (offered.children.length ? choices : sendButton).focus({ preventScroll: true });
}

function show(fresh) {
  const first = fresh.find((entry) => entry.classList.contains("assistant")) ?? fresh[0];
  first.scrollIntoView({ block: "start" });
}

const isAtEnd = () => {
  const page = document.documentElement;
  return page.scrollHeight - page.clientHeight - page.scrollTop < 60; // less than a button
};

let pollTimer = 0;
let quietPolls = 0; // that brought nothing, since the last entry
let failedPolls = 0; // in a row

function pollLater() {
  clearTimeout(pollTimer);
  if (isOver) return;
  const waits = isWaiting() ? POLL_WAITING_MS : POLL_MS;
  const wait = waits[Math.min(quietPolls, waits.length - 1)] * 2 ** failedPolls;
  pollTimer = setTimeout(poll, Math.min(wait, POLL_FAILED_MS));
}

// Two who write at the same moment may be stored in another order than that of their ids, so the first
// look after a new entry asks for some before it, too.
function lookFrom() {
  if (isWaiting()) return unanswered().previousElementSibling?.dataset.id ?? "0";
  if (quietPolls) return newest();
  return log.children[log.children.length - 1 - LOOK_BACK]?.dataset.id ?? "0";
}

async function poll({ isLeaving = false } = {}) {
  const hasTalk = log.children.length > 0 || isKeptPage;
  if (hasTalk && !isSending && !isOver && (isLeaving || !document.hidden)) {
    const used = isUsed ? "&dung=1" : "";
    isUsed = false;
    try {
      const response = await request(`${words.base}/tin-nhan?sau=${lookFrom()}${used}`, { keepalive: isLeaving });
      if (response.status === 410 && isKeptPage) isKeptPage = false; // nobody has talked here
      else if (response.status === 410) return leave();
      else if (!response.ok) throw new Error(response.status);
      const html = await response.text();
      failedPolls = 0;
      quietPolls++;
      if (!isOver) receive(html);
      if (!isOver && !isSending && !unsent.length) showWaiting();
    } catch {
      failedPolls++;
      isUsed ||= used !== ""; // to be told next time
    }
  }
  pollLater();
}

// --- What the person sees of it ---

let signTimer = 0;

function showWaiting() {
  retry.hidden = true;
  setBusy(isSending);
  if (isSending || isWaiting()) {
    signTimer ||= setTimeout(showSign, SIGN_AFTER_MS);
  } else {
    say("");
  }
  pollLater();
}

function showSign() {
  const wasAtEnd = isAtEnd();
  say(words.answering);
  if (wasAtEnd) status.scrollIntoView({ block: "nearest" });
}

function say(sentence, { isAlarm = false } = {}) {
  clearTimeout(signTimer);
  signTimer = 0;
  status.classList.toggle("alarm", isAlarm);
  if (status.textContent !== sentence) status.textContent = sentence;
}

// aria-disabled keeps the focus where it is; `disabled` would lose it.
function setBusy(isBusy) {
  for (const button of [sendButton, ...choices.querySelectorAll("button")]) {
    button.setAttribute("aria-disabled", String(isBusy));
    if (!isBusy) button.removeAttribute("aria-pressed");
  }
}

function element(name, className, content = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = content;
  return made;
}

compose.addEventListener("submit", (event) => {
  event.preventDefault();
  if (isSending || !text.value.trim()) return text.focus();
  add({ text: text.value });
  text.value = "";
  // With a finger the keyboard goes, so that the answer can be read.
  (matchMedia("(pointer: coarse)").matches ? sendButton : text).focus({ preventScroll: true });
});

// From speak.js: a recording for the server.
chat.addEventListener("spoken", ({ detail }) => add({ text: words.spoken, sound: detail }));

text.addEventListener("keydown", (event) => {
  // 229: the Enter that ends the typing of a Vietnamese letter.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  compose.requestSubmit();
});

choices.addEventListener("submit", (event) => event.preventDefault());
choices.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || isSending) return;
  // A second tap on "Xem tiếp" that came too late: a choice stands there now.
  if (Date.now() - lastScroll < TAP_AGAIN_MS) return;
  button.setAttribute("aria-pressed", "true");
  add({ text: button.textContent, choice: button.value });
});

retry.addEventListener("click", () => {
  sendButton.focus({ preventScroll: true });
  flush();
});
addEventListener("online", () => {
  failedPolls = failedSends = 0;
  if (unsent.length) flush();
  else poll();
});

// --- A long answer: not everybody knows that a page goes on below its edge ---

const more = find("more");
const TAP_AGAIN_MS = 700;
let lastScroll = 0;

function showMore() {
  more.hidden = !log.children.length || isAtEnd();
  if (more.hidden) more.firstChild.textContent = words.more;
}

more.addEventListener("click", () => {
  const covered = document.querySelector("header").offsetHeight + find("foot").offsetHeight;
  lastScroll = Date.now();
  scrollBy(0, (innerHeight - covered) * 0.85);
});
addEventListener("scroll", showMore, { passive: true });
new ResizeObserver(showMore).observe(chat);

// --- Leaving: the next person with this phone sees nothing ---

const IDLE_MS = Number(words.idleS) * 1_000;
let lastUse = Date.now();
let isUsed = false;

function use() {
  lastUse = Date.now();
  isUsed = true;
  idle.hidden = true;
}

function wipe() {
  isOver = true;
  for (const { message_id } of keptMessages()) forget(message_id);
  for (const timer of [pollTimer, sendTimer, signTimer]) clearTimeout(timer);
  unsent.length = 0;
  for (const part of [log, outbox, status]) part.replaceChildren();
  choices.querySelector(".choices").replaceChildren();
  text.value = "";
}

async function leave() {
  if (isOver) return;
  wipe();
  await request(end.action, { method: "POST", body: new URLSearchParams(), keepalive: true, redirect: "manual" }).catch(() => {});
  location.replace(`${words.base}/?${new URLSearchParams({ xong: 1, ...(hamlet && { xom: hamlet }) })}`);
}

function checkIdle() {
  if (isOver || !(log.children.length || unsent.length || text.value)) return;
  const left = IDLE_MS - (Date.now() - lastUse);
  if (left <= 0) {
    leave();
  } else if (left <= WARN_BEFORE_MS && idle.hidden) {
    idle.hidden = false;
    idle.querySelector("p").textContent = words.idleWarning;
  }
}

// Screen readers and dictation press no key.
for (const kind of ["pointerdown", "keydown", "wheel", "focusin", "input"]) addEventListener(kind, use, { passive: true });
setInterval(checkIdle, 10_000);
end.addEventListener("submit", wipe);

document.addEventListener("visibilitychange", () => {
  checkIdle(); // a sleeping phone stops the clocks of a page
  if (!document.hidden) poll();
  else if (isUsed) poll({ isLeaving: true });
});

addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  wipe(); // kept by the back button: show what is true now
  location.reload();
});

// --- Start ---

// The focus never goes under what sticks to the edges.
for (const [name, part] of [["--head", document.querySelector("header")], ["--foot", find("foot")]]) {
  new ResizeObserver(() => {
    const isSticky = getComputedStyle(part).position === "sticky";
    document.documentElement.style.setProperty(name, isSticky ? `${part.offsetHeight}px` : "0px");
  }).observe(part);
}

find("look")?.remove();
showWaiting();
sendKept();
if (!location.hash) find("cuoi")?.scrollIntoView({ block: "start" });
