// Speaking instead of typing. Where the browser recognises speech, its words go into the text field, to be
// looked at and sent; else a recording goes to the server, which says what it understood (chat.js sends it).
// Where there is neither, there is no button.

const LANGUAGE = "vi-VN";
const MOST_MS = 60_000; // of one recording
const BITS_S = 24_000; // enough for a voice: a minute has 180 kB
const UNABLE = ["service-not-allowed", "language-not-supported"]; // it will not change its mind

const find = (id) => document.getElementById(id);
const [button, text, far] = ["speak", "text", "far"].map(find);
const status = document.querySelector("#hearing [role=status]");
const ways = document.querySelector("#hearing .row");
const words = button.dataset;
const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;
const canRecord = "server" in words && Boolean(globalThis.MediaRecorder && navigator.mediaDevices);
let canRecognise = Boolean(Recognition);
let isNear = false; // it recognises on this device
let hearing = null; // what is going on: {finish, quit, before}; before: what was typed

Recognition?.available?.({ langs: [LANGUAGE], processLocally: true })
  .then((found) => { isNear = found === "available"; }, () => {});

// `isOpen`: it hears by now; before, the browser may still ask whether it may.
function show(sentence, { isOpen = false } = {}) {
  button.hidden = !(canRecognise || canRecord);
  button.setAttribute("aria-pressed", String(hearing !== null));
  if (!isOpen && ways.contains(document.activeElement)) button.focus({ preventScroll: true });
  ways.hidden = !isOpen;
  far.hidden = !isOpen || !canRecognise || isNear;
  if (status.textContent !== sentence) status.textContent = sentence;
}

function over(sentence) {
  hearing = null;
  show(sentence);
}

function start() {
  if (canRecognise) recognise();
  else record();
}

function recognise() {
  const recognition = new Recognition();
  Object.assign(recognition, { lang: LANGUAGE, interimResults: true });
  if (isNear) recognition.processLocally = true;
  const before = text.value.trim();
  let heard = "", problem = "";
  const mine = { finish: () => recognition.stop(), quit: () => recognition.abort(), before };
  recognition.onresult = ({ results }) => {
    if (hearing !== mine) return;
    heard = Array.from(results, ([likeliest]) => likeliest.transcript.trim()).join(" ");
    write([before, heard]);
  };
  recognition.onerror = ({ error }) => { problem = error; };
  recognition.onend = () => {
    if (hearing !== mine) return;
    if (heard) return finish();
    if (UNABLE.includes(problem) || (problem === "network" && canRecord)) return giveUp();
    over({
      "not-allowed": words.notAllowed,
      "audio-capture": words.noMicrophone,
      network: words.noNetwork,
    }[problem] ?? words.heardNothing);
  };
  begin(mine, () => new Promise((started) => {
    recognition.onstart = started;
    recognition.start();
  }));
}

// A browser that has the name of recognition only.
function giveUp() {
  canRecognise = false;
  if (canRecord) record();
  else over(words.noMicrophone);
}

function finish() {
  over(words.heard);
  // Not into the field on a phone: its keyboard would open over the words.
  const next = matchMedia("(pointer: coarse)").matches ? find("compose").querySelector("button:not([type])") : text;
  next.focus({ preventScroll: true });
}

function write(parts) {
  text.value = parts.filter(Boolean).join(" ").slice(0, text.maxLength);
  if (text.value) text.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function record() {
  let recorder = null;
  const mine = { finish: () => (recorder ? recorder.stop() : quit()), quit: () => recorder?.stop() };
  begin(mine, async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    const pieces = [];
    recorder = new MediaRecorder(stream, { audioBitsPerSecond: BITS_S });
    const timer = setTimeout(mine.finish, MOST_MS);
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onstop = () => {
      clearTimeout(timer);
      for (const track of stream.getTracks()) track.stop();
      if (hearing !== mine) return; // it is not wanted
      const sound = new Blob(pieces, { type: recorder.mimeType });
      over(sound.size ? "" : words.heardNothing);
      if (sound.size) find("chat").dispatchEvent(new CustomEvent("spoken", { detail: sound }));
    };
    recorder.start();
    if (hearing !== mine) recorder.stop(); // while the browser asked whether it may
  });
}

async function begin(mine, open) {
  hearing = mine;
  show("");
  try {
    await open();
    if (hearing === mine) show(words.hearing, { isOpen: true });
  } catch (error) {
    if (hearing === mine) over(error.name === "NotAllowedError" ? words.notAllowed : words.noMicrophone);
  }
}

function quit() {
  const mine = hearing;
  if (!mine) return;
  over("");
  mine.quit();
}

function drop() {
  if ("before" in (hearing ?? {})) text.value = hearing.before;
  quit();
}

button.addEventListener("click", () => (hearing ? hearing.finish() : start()));
find("enough").addEventListener("click", () => hearing?.finish());
find("drop").addEventListener("click", drop);
find("compose").addEventListener("submit", quit); // its words are on their way
find("end").addEventListener("submit", quit);
text.addEventListener("input", (event) => { if (event.isTrusted && !hearing) show(""); });
addEventListener("pagehide", quit);
document.addEventListener("visibilitychange", () => { if (document.hidden) drop(); });
show("");
