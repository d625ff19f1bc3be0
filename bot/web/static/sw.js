// Keeps what can be read without a network: the empty chat page, the guides that were opened, and
// the basic guides somebody asked for. Never a talk: what a person wrote is in no cache (shared phones).
// The server puts VERSION and SHELL in front of this file.

const SHELL_CACHE = `shell-${VERSION}`;
const OPENED = "opened"; // guides that were read; goes when a talk ends
const BASICS = "basics"; // guides kept by asking: says nothing about who uses the phone
const OWED = "owed"; // not empty: a talk was ended without a network, the server must still be told
const MOST_OPENED = 40;
const PAGE_WAIT_MS = 6_000; // then what is kept is shown; the network may be too weak
const EMPTY_CHAT = "/ngoai-tuyen", ENDED = "/?xong=1", NOT_KEPT = "/chua-luu", LIST = "/huong-dan", END = "/ket-thuc";
const GUIDE = /^\/huong-dan(\/[a-z0-9-]+)?$/;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const answer = answerFor(event.request);
  if (answer) event.respondWith(answer);
});

async function install() {
  const shell = await caches.open(SHELL_CACHE);
  // Without cookies: nobody's page.
  await shell.addAll(SHELL.map((url) => new Request(url, { credentials: "omit" })));
  await self.skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("shell-") && name !== SHELL_CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

// What this worker answers itself; everything else (messages, staff pages) goes its way untouched.
function answerFor(request) {
  const url = new URL(request.url);
  if (url.origin !== location.origin) return null;
  if (request.method === "POST") return url.pathname === END ? end(request) : null;
  if (request.method !== "GET") return null;
  if (url.pathname.startsWith("/static/") && url.search) return file(request);
  if (request.mode !== "navigate") return null;
  if (url.pathname === "/") return chat(request, url);
  if (GUIDE.test(url.pathname)) return guide(request, url); // its paper (.pdf) is no page to keep
  return null;
}

async function file(request) {
  return (await (await caches.open(SHELL_CACHE)).match(request)) ?? fetch(request);
}

async function chat(request, url) {
  // A talk that was ended here must not come back when the network does.
  if (!(await settleEnd())) return kept(EMPTY_CHAT);
  return (await inTime(request)) ?? kept(url.searchParams.has("xong") ? ENDED : EMPTY_CHAT);
}

async function guide(request, url) {
  const fresh = await inTime(request);
  if (!fresh) return (await caches.match(url.pathname)) ?? kept(NOT_KEPT);
  if (fresh.ok) await keep(url.pathname, fresh.clone());
  return fresh;
}

async function keep(address, page) {
  if (address === LIST) await (await caches.open(SHELL_CACHE)).put(address, page);
  else await keepGuide(address, page);
}

async function keepGuide(address, page) {
  if (await caches.match(address, { cacheName: BASICS })) return (await caches.open(BASICS)).put(address, page);
  const opened = await caches.open(OPENED);
  await opened.put(address, page);
  const guides = await opened.keys(); // oldest first
  await Promise.all(guides.slice(0, -MOST_OPENED).map((old) => opened.delete(old)));
}

async function end(request) {
  await caches.delete(OPENED);
  const isPage = request.mode === "navigate";
  const answer = await inTime(request);
  if (answer) return answer;
  await (await caches.open(OWED)).put(END, new Response());
  return isPage ? kept(ENDED) : new Response(null, { status: 204 });
}

// Whether the server knows that the talk of this browser is over, where it has to.
async function settleEnd() {
  if (!(await caches.has(OWED))) return true;
  const told = await inTime(new Request(END, { method: "POST", body: new URLSearchParams(), redirect: "manual" }));
  if (!told || told.status >= 400) return false;
  return caches.delete(OWED);
}

const kept = async (address) =>
  (await (await caches.open(SHELL_CACHE)).match(address)) ?? Response.error();

// The answer, or null where the network brought none in time.
async function inTime(request) {
  const late = new Promise((done) => setTimeout(done, PAGE_WAIT_MS, null));
  return Promise.race([fetch(request).catch(() => null), late]);
}
