// Keys and clickers for the slides, and hands that are counted. Without this script the links lead on;
// what is counted is kept in this page alone and sent nowhere.

const slides = Array.from(document.querySelectorAll(".slide"));
const KEYS = {
  ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, Enter: 1,
  ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Backspace: -1,
};

const now = () => Math.max(0, slides.findIndex((slide) => `#${slide.id}` === location.hash));

function go(to) {
  const slide = slides[Math.min(Math.max(to, 0), slides.length - 1)];
  if (`#${slide.id}` !== location.hash) location.hash = slide.id;
}

// Not into the text of a slide by the browser's own scrolling, and read out by a screen reader.
function arrived() {
  scrollTo(0, 0);
  slides[now()].querySelector("h1, h2").focus({ preventScroll: true });
}

addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  const typing = event.target.matches("input");
  const pressing = event.target.matches("a, button") && (event.key === "Enter" || event.key === " ");
  if (pressing || (typing && !["PageDown", "PageUp"].includes(event.key))) return;
  if (event.key === "Home") go(0);
  else if (event.key === "End") go(slides.length - 1);
  else if (event.key in KEYS) go(now() + KEYS[event.key]);
  else return;
  event.preventDefault();
});
addEventListener("hashchange", arrived);

for (const input of document.querySelectorAll(".hands input")) {
  input.hidden = false;
  input.addEventListener("input", () => count(input.dataset.question));
}

function count(question) {
  const inputs = Array.from(document.querySelectorAll(`input[data-question="${question}"]`));
  const hands = inputs.map((input) => Math.max(0, Math.trunc(Number(input.value) || 0)));
  const result = document.querySelector(`[data-result="${question}"]`);
  const all = hands.reduce((sum, each) => sum + each, 0);
  const right = hands[Number(result.dataset.answer) - 1];
  result.textContent = all ? result.dataset.words.replace("{right}", right).replace("{all}", all) : "";
}
