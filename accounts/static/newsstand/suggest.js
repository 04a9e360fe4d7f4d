// A datalist completes whole values; behind a comma it shall complete what comes next.
"use strict";
document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-suggesting]")) return;
  const begin = target.value.slice(0, target.value.lastIndexOf(",") + 1);
  for (const option of target.list.options) {
    option.dataset.own ??= option.value;
    option.value = begin ? `${begin} ${option.dataset.own}` : option.dataset.own;
  }
});
