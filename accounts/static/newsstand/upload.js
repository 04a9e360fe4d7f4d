// Shows an error at each file that is larger than its limit, and does not send the form. The server and the proxy refuse
// such a request before they read the other fields, so all entries would be lost.
"use strict";
function check(input) {
  const large = [...input.files].find(({ size }) => size > Number(input.dataset.maxBytes));
  const row = input.closest(".form-row") ?? input.parentElement;
  row.querySelector(".errorlist.too-large")?.remove();
  if (large) {
    const list = document.createElement("ul");
    list.className = "errorlist too-large";
    list.setAttribute("role", "alert");
    list.append(document.createElement("li"));
    list.firstChild.textContent = input.dataset.tooLarge.replace("{size}", large.size.toLocaleString("en"));
    row.prepend(list);
  }
  return !large;
}
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-max-bytes]")) check(target);
});
document.addEventListener("submit", (event) => {
  const [first] = [...event.target.querySelectorAll("[data-max-bytes]")].filter((input) => !check(input));
  if (!first) return;
  event.preventDefault();
  first.focus();
});
