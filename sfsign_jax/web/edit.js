// A person's edits of a timeline, each of which can be undone, and saved.

const GRIP = { mouse: 6, pen: 10, touch: 14 }; // pixels of a border
const BORDER = { start: "start of ", end: "end of ", both: "" };

class Editor {
  constructor(view, recognised) {
    this.view = view;
    this.recognised = recognised;
    this.said = view.querySelector(".said");
    this.past = [];
    this.future = [];
    const glosses = glossesOf(recognised.sentences);
    this.saved = glosses;
    this.written = new WeakMap([[glosses, this.targets()]]); // glosses -> the targets of the links
    this.listen();
    view.show(glosses);
    this.showButtons();
  }

  listen() {
    const { view } = this;
    view.addEventListener("keydown", (event) => this.key(event));
    view.addEventListener("click", (event) => this.click(event), true);
    const { track } = view;
    track.addEventListener("dblclick", (event) => event.target.closest(".sign") && this.rename());
    track.addEventListener("focusin", (event) => this.choose(event.target.closest(".sign")));
    track.addEventListener("pointerdown", (event) => this.take(event));
    track.addEventListener("pointermove", (event) => this.pull(event));
    track.addEventListener("pointerup", (event) => this.drop(event));
    track.addEventListener("pointercancel", () => this.giveUp());
  }

  // Edits

  // A `step` of the same name as the one before, such as that of a key that is held, is part of it.
  edit(glosses, said, step = null) {
    const { view } = this;
    if (glosses === view.glosses) return;
    if (!step || step !== this.step) this.past.push(view.glosses);
    this.step = step;
    this.future = [];
    this.show(glosses, said);
  }

  show(glosses, said) {
    this.view.show(glosses);
    this.showButtons();
    this.say(said);
  }

  back(from, to, said) {
    if (!from.length) return;
    to.push(this.view.glosses);
    this.step = null;
    this.show(from.pop(), said);
  }

  undo() {
    this.back(this.past, this.future, "undone");
  }

  redo() {
    this.back(this.future, this.past, "redone");
  }

  move(border, by) {
    const { view, chosen } = this;
    const glosses = moved(view.glosses, chosen, border, by, view.frames);
    this.edit(glosses, this.told(glosses, border), `${border} ${chosen}`);
    this.look(border);
  }

  rename() {
    const { view } = this;
    const gloss = this.gloss();
    if (!gloss) return;
    this.ask(gloss.start, gloss.gloss, (name) => {
      if (name && name !== gloss.gloss)
        this.edit(changed(view.glosses, gloss.id, { gloss: name }), `${gloss.gloss} is ${name} now`);
      return view.signs.get(gloss.id);
    });
  }

  remove() {
    const { view } = this;
    const gloss = this.gloss();
    if (!gloss) return;
    const place = view.glosses.indexOf(gloss);
    const focused = document.activeElement === view.signs.get(gloss.id);
    this.edit(without(view.glosses, gloss.id), `${gloss.gloss} deleted`);
    const next = view.signs.get((view.glosses[place] ?? view.glosses.at(-1))?.id);
    this.choose(next);
    if (focused) (next ?? this.button("add")).focus();
  }

  add() {
    const { view } = this;
    const frame = view.frame();
    const there = glossAt(view.glosses, frame);
    if (there) return this.say(`there is ${there.gloss} already`);
    if (frame < 0) return this.say("the video has no frames");
    this.ask(frame, "", (name) => {
      if (!name) return this.button("add");
      const glosses = added(view.glosses, name, frame, view.frames, view.rate);
      this.edit(glosses, `${name} added`);
      return view.signs.get(glossAt(glosses, frame).id);
    });
  }

  // Answers with a name for the gloss at a frame, "" where it is given up. The answer returns what has the
  // focus then, unless the person has gone elsewhere.
  ask(frame, name, answer) {
    const { view } = this;
    const input = element("input", { value: name, maxLength: 200, ariaLabel: "gloss" });
    input.setAttribute("list", "signed-vocabulary");
    input.autocomplete = "off";
    input.style.left = `min(${(100 * frame) / view.frames}%, 100% - 10rem)`;
    let asking = true; // removing it takes its focus, which ends it too
    const end = (text) => {
      if (!asking) return;
      asking = false;
      const left = document.activeElement !== input;
      input.remove();
      const next = answer(spelled(text));
      if (!left) next.focus();
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing) return; // of several keys, such as a Chinese one
      if (event.key === "Enter") end(input.value);
      if (event.key === "Escape") end("");
    });
    input.addEventListener("blur", () => end(input.value));
    view.video.pause();
    view.track.append(input);
    input.select();
    input.focus();
  }

  // Keys and buttons

  key(event) {
    if (this.drag) this.keyOfDrag(event);
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z")
      this.act(event, event.shiftKey ? "redo" : "undo");
    else if (event.ctrlKey || event.metaKey) return;
    else if (event.key === "+") this.act(event, "add");
    else if (event.target.matches(".sign")) this.keyOfSign(event);
  }

  keyOfDrag(event) {
    event.preventDefault();
    if (event.key === "Escape") this.giveUp();
  }

  keyOfSign(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const name = { Enter: "rename", Delete: "remove", Backspace: "remove" }[event.key];
    if (by) this.move(event.altKey ? "start" : event.shiftKey ? "end" : "both", by);
    if (name) this.act(event, name);
    if (by) event.preventDefault(); // with Alt, a browser would go back
  }

  act(event, name) {
    event.preventDefault();
    this[name]();
  }

  click(event) {
    const button = event.target.closest("[data-edit]");
    const link = event.target.closest("[data-kind]");
    if (button) this[button.dataset.edit]();
    if (link) this.save(event, link);
    if (this.dropped) event.stopPropagation(); // a drag's end, and no click
  }

  button(name) {
    return this.view.querySelector(`[data-edit="${name}"]`);
  }

  showButtons() {
    const able = { rename: this.gloss(), remove: this.gloss() };
    Object.assign(able, { undo: this.past.length, redo: this.future.length });
    for (const [name, can] of Object.entries(able)) this.button(name).disabled = !can;
  }

  choose(sign) {
    if (sign === null) return;
    const { view } = this;
    this.chosen = Number(sign?.dataset.id);
    for (const one of view.track.querySelectorAll(".sign")) one.ariaCurrent = one === sign || null;
    this.showButtons();
  }

  gloss() {
    return this.view.glosses.find((gloss) => gloss.id === this.chosen);
  }

  say(text) {
    this.said.textContent = text;
  }

  told(glosses, border) {
    const gloss = glosses.find(({ id }) => id === this.chosen);
    return `${BORDER[border]}${gloss.gloss} moved: ${this.view.times(gloss)}`;
  }

  // The frame at the border is shown.
  look(border) {
    const gloss = this.gloss();
    this.view.video.pause();
    this.view.seekFrame(border === "end" ? gloss.end : gloss.start);
  }

  // Dragging

  take(event) {
    const sign = event.target.closest(".sign");
    if (this.drag || !sign) return;
    sign.focus(); // not every browser does
    const bar = sign.firstChild.getBoundingClientRect();
    if (event.button || event.clientY > bar.bottom || event.clientX > bar.right + GRIP.mouse)
      return;
    const grip = Math.min(GRIP[event.pointerType] ?? GRIP.mouse, bar.width / 3);
    const atStart = event.clientX < bar.left + grip;
    const border = atStart ? "start" : event.clientX > bar.right - grip ? "end" : "both";
    const { glosses } = this.view;
    sign.setPointerCapture(event.pointerId);
    this.drag = { pointer: event.pointerId, border, glosses, x: event.clientX, by: 0 };
  }

  pull(event) {
    if (event.pointerId !== this.drag?.pointer) return;
    const { view, chosen, drag } = this;
    const by = Math.round(((event.clientX - drag.x) / view.track.offsetWidth) * view.frames);
    if (by === drag.by) return;
    drag.by = by;
    view.show(moved(drag.glosses, chosen, drag.border, by, view.frames));
    this.look(drag.border);
  }

  drop(event) {
    if (event.pointerId !== this.drag?.pointer) return;
    const { view, drag } = this;
    const { glosses } = view;
    this.drag = null;
    if (glosses === drag.glosses) return;
    this.dropped = true;
    setTimeout(() => (this.dropped = false));
    view.glosses = drag.glosses;
    this.edit(glosses, this.told(glosses, drag.border));
  }

  giveUp() {
    if (!this.drag) return;
    this.view.show(this.drag.glosses);
    this.drag = null;
  }

  // Saving

  links() {
    return [...this.view.querySelectorAll("[data-kind]")];
  }

  targets() {
    return Object.fromEntries(this.links().map((link) => [link.dataset.kind, link.href]));
  }

  unsaved() {
    return this.view.glosses !== this.saved;
  }

  // The server writes the files, and a link is followed once it leads to what is shown.
  async save(event, link) {
    const { glosses } = this.view;
    const written = this.written.get(glosses);
    if (link.href === written?.[link.dataset.kind]) {
      this.saved = glosses;
      return;
    }
    event.preventDefault();
    try {
      const targets = written ?? (await this.write(glosses));
      this.written.set(glosses, targets);
      for (const one of this.links()) one.href = targets[one.dataset.kind];
    } catch (error) {
      return this.say(`this can't be saved: ${error.message}`);
    }
    if (glosses === this.view.glosses) link.click();
    else this.say("edited meanwhile: save it again");
  }

  async write(glosses) {
    const body = JSON.stringify(timelineOf(this.recognised, glosses));
    const answer = await fetch("transcript", { method: "POST", body });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }
}

// Nothing is lost by mistake.

function unsaved() {
  return document.querySelector("signed-video")?.editor.unsaved();
}

addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});

function keepUnsaved(event) {
  if (!event.target.closest?.("#recognise") || !unsaved()) return;
  if (confirm("The edits are not saved. Recognise this video, and lose them?")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

addEventListener("click", keepUnsaved, true);
