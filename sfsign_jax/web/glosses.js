// The glosses of a timeline, in their order: { id, sentence, gloss, start, end, confidence }, where start
// and end are the first and the last frame. None is ever changed: an edit makes a new list.

const PAUSE = 1; // seconds without a gloss that end a sentence
let lastId = 0;

function glossesOf(sentences) {
  return sentences.flatMap((glosses, sentence) =>
    glosses.map((gloss) => ({ ...gloss, sentence, id: ++lastId })),
  );
}

// Number of a sentence -> its glosses.
function sentencesOf(glosses) {
  const sentences = new Map();
  for (const gloss of glosses)
    sentences.set(gloss.sentence, [...(sentences.get(gloss.sentence) ?? []), gloss]);
  return sentences;
}

// What the server writes files of.
function timelineOf(recognised, glosses) {
  const sentences = [...sentencesOf(glosses).values()].map((sentence) =>
    sentence.map(({ gloss, start, end, confidence }) => ({ gloss, start, end, confidence })),
  );
  return { ...recognised, sentences };
}

function changed(glosses, id, fields) {
  return glosses.map((gloss) =>
    gloss.id === id ? { ...gloss, ...fields, confidence: null } : gloss,
  );
}

// With the "start", the "end" or "both" borders of a gloss as many frames later, or as many as there is
// room for: beside its neighbours, within the video, and a frame for the gloss itself.
function moved(glosses, id, border, by, frames) {
  const place = glosses.findIndex((gloss) => gloss.id === id);
  const { start, end } = glosses[place];
  const earliest = border === "end" ? start - end : (glosses[place - 1]?.end ?? -1) + 1 - start;
  const latest = border === "start" ? end - start : (glosses[place + 1]?.start ?? frames) - 1 - end;
  const shift = Math.max(earliest, Math.min(by, latest));
  if (!shift) return glosses;
  return changed(glosses, id, {
    start: border === "end" ? start : start + shift,
    end: border === "start" ? end : end + shift,
  });
}

function without(glosses, id) {
  return glosses.filter((gloss) => gloss.id !== id);
}

function glossAt(glosses, frame) {
  return glosses.find((gloss) => gloss.start <= frame && frame <= gloss.end);
}

// With a new gloss from a frame on, for a fifth of a second where there is room; in the sentence that
// goes on there, or that is near.
function added(glosses, gloss, start, frames, rate) {
  const place = glosses.filter((other) => other.start < start).length;
  const [before, after] = [glosses[place - 1], glosses[place]];
  const end = Math.min(start + Math.max(1, Math.round(rate / 5)), after?.start ?? frames) - 1;
  const distance = (other) => (other === before ? start - other.end : other.start - end);
  const [nearest] = [before, after]
    .filter((other) => other && distance(other) - 1 < PAUSE * rate)
    .sort((one, other) => distance(one) - distance(other));
  const within = before && before.sentence === after?.sentence ? before : nearest;
  const id = ++lastId;
  const sentence = within?.sentence ?? `new ${id}`;
  const entered = { id, sentence, gloss, start, end, confidence: null };
  return glosses.toSpliced(place, 0, entered);
}

// As a vocabulary has it: a space would part it into two glosses.
function spelled(text) {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, " ")
    .trim()
    .replace(/\s+/g, "-")
    .normalize("NFC");
}

// Each gloss of a sentence has the colour that it has in the timeline picture.
function colourOf(sentence, gloss) {
  const order = [...new Set(sentence.map((other) => other.gloss))];
  return `colour${order.indexOf(gloss.gloss) % 10}`;
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
}
