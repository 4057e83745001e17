// A page in another tab tells by its title that an answer is there.

const MARK = "● ";

document.addEventListener("gc:receipt", () => {
  if (document.hidden && !document.title.startsWith(MARK)) document.title = MARK + document.title;
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && document.title.startsWith(MARK)) document.title = document.title.slice(MARK.length);
});

export {}; // a module, though nobody needs anything of it
