// How the pages look, as the person wants it: remembered on this device and nothing else. And the worker
// that keeps pages for when there is no network.

const SIZES = [18, 20, 22, 24, 28, 32]; // px
const page = document.documentElement;
const view = document.getElementById("view");
const words = view.dataset;

function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // no storage: the page's own look
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // then it lasts until the page is left
  }
}

const say = (sentence) => (document.getElementById("spoken").textContent = sentence);

// --- The size of the letters ---

function changeSize(by) {
  const now = parseFloat(getComputedStyle(page).fontSize);
  const sizes = by > 0 ? SIZES.filter((size) => size > now) : SIZES.filter((size) => size < now).reverse();
  if (sizes.length) {
    page.style.fontSize = `${sizes[0]}px`;
    remember("size", sizes[0]);
  }
  say(words.sizeNow.replace("{size}", sizes[0] ?? now));
}

if (SIZES.includes(Number(recall("size")))) page.style.fontSize = `${recall("size")}px`;
document.getElementById("smaller").addEventListener("click", () => changeSize(-1));
document.getElementById("larger").addEventListener("click", () => changeSize(1));

// --- Colours, and what stands on the choices: each a group of buttons of which one is pressed ---

function press(group, value) {
  page.dataset[group] = value;
  for (const button of view.querySelectorAll(`[data-${group}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[group] === value));
  }
}

const asksForContrast = matchMedia("(prefers-contrast: more)"); // in the settings of the phone

for (const group of ["colours", "choices"]) {
  const buttons = Array.from(view.querySelectorAll(`[data-${group}]`));
  if (!buttons.length) continue;
  const wanted = recall(group) ?? (group === "colours" && asksForContrast.matches ? "strong" : "");
  const known = buttons.find((button) => button.dataset[group] === wanted) ?? buttons[0];
  press(group, known.dataset[group]);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      press(group, button.dataset[group]);
      remember(group, button.dataset[group]);
    });
  }
}

view.hidden = false;

// --- Without a network ---

const offline = document.getElementById("offline");
const showNetwork = () => (offline.hidden = navigator.onLine);
for (const kind of ["online", "offline"]) addEventListener(kind, showNetwork);
showNetwork();

// After the page itself: on a weak network what is kept for later must not be in its way.
addEventListener("load", () => navigator.serviceWorker?.register("/sw.js").catch(() => {}));
