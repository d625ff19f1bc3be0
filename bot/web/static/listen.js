// Reads answers out: by a Vietnamese voice of the browser itself, else by the server's sound. One button
// reads the whole last answer, each older one has its own.
// A voice that is not local would send the text to its maker, so it does not count.

const newest = document.getElementById("listen");
const log = document.getElementById("log");
const words = newest.dataset;
const synth = globalThis.speechSynthesis;
const hasServer = "server" in words;
const SLOWLY = 0.85;
let sound = null; // what is playing from the server
let reading = null; // what is going on: {button}

const voice = () => synth?.getVoices().find((each) => each.localService && /^vi\b/i.test(each.lang));

const isHeard = (entry) => entry.querySelector(".said:not([lang])"); // both voices are Vietnamese

// What was said since the person spoke.
function turn() {
  const entries = Array.from(log.children);
  return entries.slice(entries.findLastIndex((entry) => entry.matches(".learner")) + 1).filter(isHeard);
}

function show() {
  const canSpeak = Boolean(voice() || hasServer);
  const last = turn();
  newest.hidden = !last.length || !canSpeak;
  newest.textContent = reading?.button === newest ? words.stop : words.listen;
  for (const own of log.querySelectorAll(".hear")) {
    own.hidden = !canSpeak || last.includes(own.closest(".entry"));
  }
}

async function speak(button, entries) {
  stop();
  const mine = reading = { button };
  button.textContent = words.stop;
  for (const entry of entries) {
    if (reading === mine) await (voice() ? sayHere(entry) : play(entry));
  }
  if (reading === mine) stop();
}

function sayHere(entry) {
  const said = new SpeechSynthesisUtterance(
    Array.from(entry.querySelectorAll(".said, .numbered li:not([lang])"), (part) => part.textContent).join("\n"));
  Object.assign(said, { voice: voice(), lang: "vi", rate: SLOWLY });
  return new Promise((done) => {
    said.onend = said.onerror = done;
    synth.speak(said);
  });
}

function play(entry) {
  sound = new Audio(`${words.server}${entry.dataset.id}`);
  return new Promise((done) => {
    sound.onended = sound.onerror = sound.onpause = done;
    sound.play().catch(done);
  });
}

function stop() {
  if (reading) reading.button.textContent = reading.button.dataset.listen;
  reading = null;
  synth?.cancel();
  sound?.pause();
  sound = null;
  show();
}

function press(button, entries) {
  if (reading?.button === button) stop();
  else speak(button, entries);
}

newest.addEventListener("click", () => press(newest, turn()));
log.addEventListener("click", ({ target }) => {
  const button = target.closest(".hear button");
  if (button) press(button, [button.closest(".entry")]);
});
// Who speaks is not spoken over.
document.getElementById("speak")?.addEventListener("click", stop);
new MutationObserver(stop).observe(log, { childList: true });
synth?.addEventListener?.("voiceschanged", show);
addEventListener("pagehide", stop);
show();
