const search = document.getElementById("search");
const heads = [...document.querySelectorAll(".head")].map((element) => ({
  element,
  title: element.querySelector("h2"),
  sentences: [...element.querySelectorAll(".sentences > li")].map((sentence) => ({
    element: sentence,
    // A space on either side of every word, so that a quote can stand for the end of one.
    text: ` ${sentence.dataset.search} `.toLowerCase(),
  })),
}));

function chosenHead() {
  return heads[document.querySelector("input[name=head]:checked").value];
}

function show() {
  const terms = search.value.toLowerCase().split(/\s+/).map((term) => term.replace(/^"|"$/g, " "));
  const { sentences } = chosenHead();
  let found = 0;
  for (const { element, text } of sentences) {
    element.hidden = !terms.every((term) => text.includes(term));
    found += !element.hidden;
  }
  for (const head of heads) head.element.hidden = head !== chosenHead();
  document.getElementById("count").value = `${found} of ${sentences.length} sentences`;
  document.getElementById("none").hidden = found > 0;
}

search.form.addEventListener("input", show);
search.form.addEventListener("submit", (event) => event.preventDefault());
for (const button of document.querySelectorAll("[data-query]")) {
  button.addEventListener("click", () => {
    search.value = button.dataset.query;
    show();
    chosenHead().title.scrollIntoView();
  });
}
show();
