// For pages of the commune's portal: <script src="https://…/nhung.js" data-commune="…" async></script>
// puts a button on the page, which opens the chat in a frame. Nothing of that page is read, and nothing
// is loaded before the button is pressed. WORDS stands before this, made from the phrases.

(() => {
  const script = document.currentScript;
  const ID = "hvs-nhung";
  if (!script || document.getElementById(ID)) return;
  const home = new URL(script.src).origin;
  const commune = script.dataset.commune ?? "";
  if (!/^[a-z0-9-]+$/.test(commune)) return console.warn(WORDS.noCommune);

  const CSS = `
    :host { all: initial; }
    button { font: 600 16px/1.4 system-ui, sans-serif; cursor: pointer; border-radius: 28px; border: 2px solid #fff;
      background: #0b4653; color: #fff; }
    button:focus-visible { outline: 3px solid #d97706; outline-offset: 2px; }
    #open { position: fixed; right: 16px; bottom: 16px; z-index: 2147483000; min-height: 56px; padding: 8px 20px; }
    #window { position: fixed; right: 16px; bottom: 16px; z-index: 2147483001; width: min(400px, calc(100vw - 32px));
      height: min(640px, calc(100vh - 32px)); display: flex; flex-direction: column; background: #f1f4f6;
      border: 1px solid #0b4653; border-radius: 12px; overflow: hidden; box-shadow: 0 8px 32px #0005; }
    #window[hidden] { display: none; }
    #close { align-self: flex-end; min-height: 44px; padding: 4px 16px; margin: 4px; }
    iframe { flex: 1; width: 100%; border: 0; }
    @media (max-width: 480px) {
      #window { inset: 0; width: 100%; height: 100%; border: 0; border-radius: 0; }
    }`;

  const make = (name, fields) => Object.assign(document.createElement(name), fields);
  const host = make("div", { id: ID });
  const root = host.attachShadow({ mode: "open" });
  // Not a <style>: the portal's own policy may forbid one.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];

  const open = make("button", { id: "open", type: "button", textContent: WORDS.open });
  const box = make("div", { id: "window", hidden: true });
  const close = make("button", { id: "close", type: "button", textContent: WORDS.close });
  const frame = make("iframe", { title: WORDS.title, referrerPolicy: "origin" });
  open.setAttribute("aria-expanded", "false");
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", WORDS.title);
  box.append(close, frame);
  root.append(open, box);

  function show(isShown) {
    if (isShown && !frame.src) frame.src = `${home}/nhung/${commune}/`;
    box.hidden = !isShown;
    open.hidden = isShown;
    open.setAttribute("aria-expanded", String(isShown));
    (isShown ? close : open).focus();
  }

  open.addEventListener("click", () => show(true));
  close.addEventListener("click", () => show(false));
  box.addEventListener("keydown", (event) => event.key === "Escape" && show(false));
  addEventListener("message", (event) => {
    const isOurs = event.origin === home && event.source === frame.contentWindow;
    if (isOurs && event.data === "hvs-close") show(false);
  });

  const place = () => document.body.append(host);
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place);
})();
