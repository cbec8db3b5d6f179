// The server deletes a video as soon as it is recognised: the page plays its own copy.
let held = null;

async function holdVideo(upload) {
  held = null;
  try {
    if (upload) held = await (await fetch(upload.url)).blob();
  } catch {
    // Without it the page shows the glosses, and that there is nothing to play.
  }
  return [upload];
}

// Gradio would refuse a large file too, in a message that vanishes.
function refuseLarge(event) {
  const refusal = document.querySelector(".refusal");
  const files = event.target.files ?? event.dataTransfer?.files;
  if (!refusal || !files?.length) return;
  const megabytes = files[0].size / 1e6;
  const limit = Number(refusal.dataset.megabytes);
  refusal.hidden = megabytes <= limit;
  if (refusal.hidden) return;
  refusal.textContent = `${files[0].name} has ${megabytes.toFixed(1)} MB, more than the limit of ${limit} MB: make it smaller or shorter`;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.type === "change") event.target.value = "";
}

for (const name of ["change", "drop"]) addEventListener(name, refuseLarge, true);

// As if the visitor had chosen it.
function chooseClip(event) {
  const button = event.target.closest("button.clip");
  const input = document.querySelector('input[type="file"]');
  if (!button || !input) return;
  const content = Uint8Array.from(atob(button.dataset.content), (letter) => letter.charCodeAt(0));
  const chosen = new DataTransfer();
  chosen.items.add(new File([content], button.dataset.name, { type: "video/mp4" }));
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

addEventListener("click", chooseClip);

// Gradio's field has another name than the words it shows, which people say to a voice control.
function nameField() {
  for (const field of document.querySelectorAll("button.upload-container")) {
    field.removeAttribute("aria-label");
    field.removeAttribute("aria-dropeffect");  // which ARIA has given up
  }
}

new MutationObserver(nameField).observe(document, { childList: true, subtree: true });

function element(tag, fields, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
}

class SignedVideo extends HTMLElement {
  connectedCallback() {
    const recognised = JSON.parse(this.dataset.recognised);
    this.rate = recognised.rate;
    this.frames = recognised.frames;
    this.video = this.querySelector("video");
    this.strip = this.querySelector(".strip");
    this.track = this.querySelector(".track");
    this.now = this.querySelector(".now");
    this.signs = new Map(); // id of a gloss -> its button on the timeline
    this.list = this.querySelector(".sentences");
    this.items = new Map([...this.list.children].entries()); // number of a sentence -> its item
    this.cues = [];
    this.track.style.width = `max(100%, ${Math.round((200 * this.frames) / this.rate)}px)`;
    const captions = this.querySelector("track"); // of an empty file, in whose place come ours
    captions.addEventListener("load", () => this.showCaptions());
    this.captions = captions.track;
    this.captions.mode = "hidden"; // loaded, and off
    this.addEventListener("click", (event) => this.seek(event.target.closest("[data-start]")));
    this.video.addEventListener("loadedmetadata", () => this.come());
    this.video.addEventListener("error", () => this.showUnplayable());
    for (const name of ["play", "seeked", "timeupdate"])
      this.video.addEventListener(name, () => this.follow());
    this.editor = new Editor(this, recognised);
    if (held) this.video.src = this.url = URL.createObjectURL(held);
    else this.showUnplayable();
    this.follow();
  }

  disconnectedCallback() {
    if (this.url) URL.revokeObjectURL(this.url);
  }

  come() {
    this.strip.scrollIntoView({ block: "nearest" });
  }

  showUnplayable() {
    this.video.hidden = true;
    this.querySelector(".unplayable").hidden = false;
  }

  seek(button) {
    if (button) this.seekFrame(Number(button.dataset.frame));
  }

  seekFrame(frame) {
    // A little later, because a time between two frames may show the one before.
    this.video.currentTime = frame / this.rate + 0.001;
  }

  frame() {
    return Math.min(Math.floor(this.video.currentTime * this.rate + 0.01), this.frames - 1);
  }

  times({ start, end }) {
    return `${clock(start / this.rate)} – ${clock((end + 1) / this.rate)}`;
  }

  show(glosses) {
    this.glosses = glosses;
    this.sentences = sentencesOf(glosses);
    this.showStrip();
    this.showSentences();
    this.showCaptions();
    this.mark();
  }

  showStrip() {
    const ids = new Set(this.glosses.map((gloss) => gloss.id));
    for (const [id, sign] of this.signs) if (!ids.has(id)) this.forget(id, sign);
    this.glosses.forEach((gloss, place) => {
      const sign = this.signs.get(gloss.id) ?? this.newSign(gloss, place);
      const length = gloss.end + 1 - gloss.start;
      const free = (this.glosses[place + 1]?.start ?? this.frames) - gloss.start;
      const className = `sign ${colourOf(this.sentences.get(gloss.sentence), gloss)}`;
      // Most stay as they are, of a thousand.
      if (sign.gloss === gloss && sign.free === free && sign.className.startsWith(className)) return;
      Object.assign(sign, { gloss, free, className });
      sign.style.left = `${(100 * gloss.start) / this.frames}%`;
      sign.style.width = `${(100 * free) / this.frames}%`;
      sign.firstChild.style.width = `${(100 * length) / free}%`;
      sign.lastChild.textContent = sign.title = gloss.gloss;
      sign.ariaLabel = `${gloss.gloss}, ${this.times(gloss)}`;
      this.place(sign, gloss);
    });
  }

  newSign(gloss, place) {
    const bar = element("i", { className: "bar" }, element("b"), element("b"));
    const sign = element("button", { type: "button" }, bar, element("span"));
    sign.dataset.id = gloss.id;
    this.track.insertBefore(sign, this.track.querySelectorAll(".sign")[place] ?? null);
    this.signs.set(gloss.id, sign);
    return sign;
  }

  forget(id, sign) {
    sign.remove();
    this.signs.delete(id);
  }

  place(button, { start, end }) {
    Object.assign(button.dataset, {
      frame: start,
      start: start / this.rate,
      end: (end + 1) / this.rate,
    });
  }

  showSentences() {
    for (const [number, item] of this.items) item.hidden = !this.sentences.has(number);
    let before = null;
    for (const [number, glosses] of [...this.sentences].reverse()) {
      const item = this.items.get(number) ?? this.newItem(number, before);
      before = item;
      // Nor is anybody's focus lost in those.
      if (item.shown?.length !== glosses.length || glosses.some((g, i) => g !== item.shown[i]))
        this.showSentence(item, glosses);
    }
  }

  newItem(number, before) {
    const lines = ["times", "signs"].map((className) => element("p", { className }));
    const item = element("li", {}, ...lines);
    this.items.set(number, item);
    return this.list.insertBefore(item, before);
  }

  showSentence(item, glosses) {
    const [first, last] = [glosses[0], glosses.at(-1)];
    item.shown = glosses;
    item.querySelector(".times").textContent = this.times({ start: first.start, end: last.end });
    item.querySelector(".signs").replaceChildren(
      ...glosses.map((gloss) => {
        const { confidence } = gloss;
        const known = confidence === null ? "edited" : `${Math.round(100 * confidence)} %`;
        const button = element("button", { type: "button" }, `${gloss.gloss} `);
        button.append(element("small", { textContent: known }));
        button.className = colourOf(glosses, gloss);
        button.title = this.times(gloss);
        this.place(button, gloss);
        return button;
      }),
    );
  }

  showCaptions() {
    for (const cue of this.cues) if (cue.track) this.captions.removeCue(cue);
    this.cues = [...this.sentences.values()].map((glosses) => {
      const text = glosses.map((gloss) => gloss.gloss).join(" ");
      const shown = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      const [start, end] = [glosses[0].start, glosses.at(-1).end + 1];
      return new VTTCue(start / this.rate, end / this.rate, shown);
    });
    for (const cue of this.cues) this.captions.addCue(cue);
  }

  follow() {
    cancelAnimationFrame(this.next);
    const place = ((this.video.currentTime * this.rate) / this.frames) * this.strip.scrollWidth;
    if (!this.editor.drag) this.strip.scrollLeft = place - this.strip.clientWidth / 2;
    this.mark();
    if (!this.video.paused && this.isConnected)
      this.next = requestAnimationFrame(() => this.follow());
  }

  // What is being signed.
  mark() {
    const frame = this.frame();
    const share = (this.video.currentTime * this.rate) / this.frames;
    this.querySelector(".playhead").style.left = `${100 * share}%`;
    for (const gloss of this.glosses)
      this.signs.get(gloss.id).classList.toggle("on", gloss === glossAt([gloss], frame));
    const begun = this.glosses.filter((gloss) => gloss.start <= frame).at(-1) ?? this.glosses[0];
    const sentence = this.sentences.get(begun?.sentence) ?? [];
    this.now.replaceChildren(
      ...sentence.map((gloss) => {
        const on = gloss === glossAt([gloss], frame) ? " on" : "";
        const className = `${colourOf(sentence, gloss)}${on}`;
        return element("span", { className, textContent: gloss.gloss });
      }),
    );
  }
}

customElements.define("signed-video", SignedVideo);
