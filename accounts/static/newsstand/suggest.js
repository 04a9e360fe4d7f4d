// A datalist suggests values for the whole text of an input. This script adds the text before the last comma to each
// option, so that the suggestions complete only the value after that comma.
"use strict";
document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-suggesting]")) return;
  const begin = target.value.slice(0, target.value.lastIndexOf(",") + 1);
  for (const option of target.list.options) {
    option.dataset.own ??= option.value;
    option.value = begin ? `${begin} ${option.dataset.own}` : option.dataset.own;
  }
});
