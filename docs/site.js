// What Material leaves undone for a keyboard and a screen reader.
document$.subscribe(() => {
  document.querySelector(".md-search").setAttribute("aria-label", "Search");
  document.querySelectorAll(".md-typeset__scrollwrap, pre > code").forEach((box) => {
    box.tabIndex = 0;  // may be wider than the screen
  });
  document.querySelectorAll(".md-code__nav").forEach((nav, number) => {
    nav.setAttribute("aria-label", `Code ${number + 1}`);
  });
});
