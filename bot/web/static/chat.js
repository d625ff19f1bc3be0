// Makes the page live: messages go and answers come without loading it anew. Without this script
// the same forms work by loading the page, so each part here only replaces what a form does.

const SIZES = [18, 20, 22, 24, 28, 32]; // px
const SEND_TIMEOUT_MS = 30_000;
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
const sendButton = compose.querySelector("button");
const hamlet = compose.elements.xom?.value ?? "";

// --- Sending: one message after the other, each with an id that stays when it is sent again ---

const unsent = [];
let isSending = false;
let isOver = false;
let sendTimer = 0;

function newMessageId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function add(message) {
  const said = element("p", "said", message.text);
  const bubble = element("div", "entry learner");
  bubble.append(element("p", "who", words.sending), said);
  outbox.append(bubble);
  unsent.push({ message_id: newMessageId(), xom: hamlet, ...message, bubble });
  bubble.scrollIntoView({ block: "nearest" });
  return flush();
}

async function flush() {
  clearTimeout(sendTimer);
  if (isSending || isOver) return;
  isSending = true;
  while (unsent.length) {
    find("look")?.remove();
    showWaiting();
    const { bubble, ...fields } = unsent[0];
    bubble.firstChild.textContent = words.sending;
    const problem = await deliver(fields);
    if (isOver) return;
    if (problem) {
      isSending = false;
      problem();
      return;
    }
    unsent.shift();
    bubble.remove();
  }
  isSending = false;
  showWaiting();
}

// Sends one message. What it returns, if anything, is to be done because it did not arrive.
async function deliver(fields) {
  try {
    const response = await request("/tin-nhan", {
      method: "POST",
      body: new URLSearchParams({ ...fields, sau: newest() }),
    });
    const wait = Number(response.headers.get("Retry-After"));
    // Without a time to wait it is no crowd: our database is away.
    if (response.status === 503 && wait) return () => waitForTurn(wait, words.busy);
    if (response.status === 429 && wait <= 60) return () => waitForTurn(wait, words.tooFast);
    if (response.status === 429) return () => giveBack(words.tooMany);
    if (response.status === 413) return () => giveBack(words.tooBig);
    if (!response.ok) return fail;
    const isNew = response.headers.get("X-Talk") === "new";
    receive(await response.text(), { isNew, isAnswer: true });
  } catch {
    return fail;
  }
}

function waitForTurn(seconds, sentence) {
  setBusy(false);
  say(sentence);
  // Not everybody at the same moment.
  sendTimer = setTimeout(flush, seconds * 1_000 * (1 + Math.random() / 2));
}

function fail() {
  setBusy(false);
  for (const { bubble } of unsent) bubble.firstChild.textContent = words.unsent;
  retry.hidden = false;
  say(words.failed, { isAlarm: true });
  retry.scrollIntoView({ block: "nearest" });
}

function giveBack(sentence) {
  const { bubble, text: typed } = unsent.shift();
  bubble.remove();
  text.value = typed;
  setBusy(false);
  say(sentence, { isAlarm: true });
}

async function request(address, options = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), SEND_TIMEOUT_MS);
  try {
    return await fetch(address, {
      ...options,
      headers: { "X-Requested-With": "fetch" },
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
  const hasTalk = log.children.length > 0;
  if (hasTalk && !isSending && !isOver && (isLeaving || !document.hidden)) {
    const used = isUsed ? "&dung=1" : "";
    isUsed = false;
    try {
      const response = await request(`/tin-nhan?sau=${lookFrom()}${used}`, { keepalive: isLeaving });
      if (response.status === 410) return leave();
      if (!response.ok) throw new Error(response.status);
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
  failedPolls = 0;
  flush();
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
  location.replace(`/?${new URLSearchParams({ xong: 1, ...(hamlet && { xom: hamlet }) })}`);
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

for (const kind of ["pointerdown", "keydown", "wheel"]) addEventListener(kind, use, { passive: true });
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

// --- The size of the letters, remembered on this device and nothing else ---

function readSize() {
  try {
    return Number(localStorage.getItem("size"));
  } catch {
    return 0; // no storage: the page's own size
  }
}

function setSize(size) {
  document.documentElement.style.fontSize = `${size}px`;
  try {
    localStorage.setItem("size", size);
  } catch {
    // then it lasts until the page is left
  }
}

function changeSize(by) {
  const now = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const sizes = by > 0 ? SIZES.filter((size) => size > now) : SIZES.filter((size) => size < now).reverse();
  if (sizes.length) setSize(sizes[0]);
  find("spoken").textContent = words.sizeNow.replace("{size}", sizes[0] ?? now);
}

if (SIZES.includes(readSize())) setSize(readSize());
find("smaller").addEventListener("click", () => changeSize(-1));
find("larger").addEventListener("click", () => changeSize(1));
find("smaller").parentElement.hidden = false;

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
if (!location.hash) find("cuoi")?.scrollIntoView({ block: "start" });
