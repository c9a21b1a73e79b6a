// Preparation steps: a sample scanned into a field of numbers is taken out of it again, and its own page is opened, where the next step's
// form has the focus. The page works without it: the scan box asks the server.
"use strict";

(() => {
  const CODE = /B-[0-9]+(?:-[0-9A-Z]+)+$/i;
  const box = document.querySelector("form[role=search] input[name=q]");

  document.addEventListener(
    "keydown",
    (event) => {
      const field = event.target;
      if (event.key !== "Enter" || !field.matches("form[method=post] input[inputmode], form[method=post] input[data-unit]")) return;
      const scanned = CODE.exec(field.value);
      if (!scanned) return;
      event.preventDefault();
      event.stopPropagation();
      field.value = field.value.slice(0, scanned.index);
      const code = scanned[0].toUpperCase();
      const row = document.querySelector(`tr[data-code="${code}"] input:not([type=hidden])`);
      if (row) {
        row.focus();
        row.select();
        return;
      }
      box.value = code;
      box.form.requestSubmit();
    },
    true,
  );
})();
