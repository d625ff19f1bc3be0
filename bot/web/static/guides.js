// The list of guides: keeps the basic ones on the phone, and marks those that can be read without a network.
// The names of the caches are those of sw.js.

const OPENED = "opened", BASICS = "basics";
const keep = document.getElementById("keep");
const status = document.getElementById("keep-status");
const words = keep.dataset;
const links = Array.from(document.querySelectorAll(".links a"));

async function mark() {
  for (const link of links) {
    const isKept = await caches.match(new URL(link.href).pathname);
    link.querySelector(".mark")?.remove();
    if (!isKept) continue;
    const sign = document.createElement("span");
    sign.className = "mark";
    sign.textContent = ` (${words.mark})`;
    link.append(sign);
  }
}

async function keepBasics() {
  status.textContent = words.keeping;
  try {
    const basics = await caches.open(BASICS);
    await basics.addAll(words.basics.split(" ").map((slug) => `/huong-dan/${slug}`));
    status.textContent = words.kept;
  } catch {
    status.textContent = words.failed;
  }
  await mark();
}

async function remove() {
  await Promise.all([OPENED, BASICS].map((name) => caches.delete(name)));
  status.textContent = words.removed;
  await mark();
}

// Only where the worker runs that shows them: on https, or on this very machine.
if ("caches" in window && navigator.serviceWorker && words.basics) {
  document.getElementById("keep-basics").addEventListener("click", keepBasics);
  document.getElementById("keep-remove").addEventListener("click", remove);
  keep.hidden = false;
  mark();
}
