// Reads the last answer out: by a Vietnamese voice of the browser itself, else by the server's sound.
// A voice that is not local would send the text to its maker, so it does not count.

const button = document.getElementById("listen");
const log = document.getElementById("log");
const words = button.dataset;
const synth = globalThis.speechSynthesis;
const hasServer = "server" in words;
const SLOWLY = 0.85;
let sound = null; // what is playing from the server
let isSpeaking = false;

const voice = () => synth?.getVoices().find((each) => each.localService && /^vi\b/i.test(each.lang));

// What was said since the person spoke.
function turn() {
  const entries = Array.from(log.children);
  const said = entries.slice(entries.findLastIndex((entry) => entry.matches(".learner")) + 1);
  return said.filter((entry) => entry.querySelector(".said:not([lang])")); // both voices are Vietnamese
}

function show() {
  button.hidden = !turn().length || !(voice() || hasServer);
  button.textContent = isSpeaking ? words.stop : words.listen;
}

async function speak() {
  isSpeaking = true;
  show();
  for (const entry of turn()) {
    if (isSpeaking) await (voice() ? sayHere(entry) : play(entry));
  }
  stop();
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
  isSpeaking = false;
  synth?.cancel();
  sound?.pause();
  sound = null;
  show();
}

button.addEventListener("click", () => (isSpeaking ? stop() : speak()));
new MutationObserver(() => (isSpeaking ? stop() : show())).observe(log, { childList: true });
synth?.addEventListener?.("voiceschanged", show);
addEventListener("pagehide", stop);
show();
