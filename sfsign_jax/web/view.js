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

class SignedVideo extends HTMLElement {
  connectedCallback() {
    this.video = this.querySelector("video");
    this.strip = this.querySelector(".strip");
    this.now = this.querySelector(".now");
    this.signs = [...this.querySelectorAll(".sign")];
    this.addEventListener("click", (event) => this.seek(event.target.closest("[data-start]")));
    this.video.addEventListener("loadedmetadata", () => this.show());
    this.video.addEventListener("error", () => this.showUnplayable());
    for (const name of ["play", "seeked", "timeupdate"])
      this.video.addEventListener(name, () => this.follow());
    if (held) this.video.src = this.url = URL.createObjectURL(held);
    else this.showUnplayable();
    this.follow();
  }

  disconnectedCallback() {
    if (this.url) URL.revokeObjectURL(this.url);
  }

  show() {
    (this.strip ?? this.video).scrollIntoView({ block: "nearest" });
  }

  showUnplayable() {
    this.video.hidden = true;
    this.querySelector(".unplayable").hidden = false;
  }

  seek(button) {
    // A little later, because a time between two frames may show the one before.
    if (button) this.video.currentTime = Number(button.dataset.start) + 0.001;
  }

  follow() {
    if (!this.signs.length) return;
    const time = this.video.currentTime;
    const place = (time / this.dataset.seconds) * this.strip.scrollWidth;
    this.strip.scrollLeft = place - this.strip.clientWidth / 2;
    this.querySelector(".playhead").style.left = `${place}px`;
    for (const sign of this.signs)
      sign.classList.toggle("on", sign.dataset.start <= time && time < sign.dataset.end);
    this.showSentence(time);
    if (!this.video.paused && this.isConnected) requestAnimationFrame(() => this.follow());
  }

  showSentence(time) {
    const begun = this.signs.filter((sign) => sign.dataset.start <= time).at(-1) ?? this.signs[0];
    const glosses = this.signs.filter((sign) => sign.dataset.sentence === begun.dataset.sentence);
    this.now.replaceChildren(
      ...glosses.map((sign) => {
        const gloss = document.createElement("span");
        gloss.textContent = sign.title;
        gloss.className = sign.className.replace("sign", "");
        return gloss;
      }),
    );
  }
}

customElements.define("signed-video", SignedVideo);
