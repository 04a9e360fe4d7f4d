// A datalist completes the whole value. Prefix its options with the text before the last comma, so that it completes
// the last of several values.
"use strict";
document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-suggesting]")) return;
  const begin = target.value.slice(0, target.value.lastIndexOf(",") + 1);
  for (const option of target.list.options) {
    option.dataset.own ??= option.value;
    option.value = begin ? `${begin} ${option.dataset.own}` : option.dataset.own;
  }
});
