// Bench entry: a scan jumps to its row from wherever the focus is, and the moisture of a row is shown while its two masses are typed.
// The page works without it: the jump box then asks the server, which puts the row on top.
"use strict";

(() => {
  const box = document.querySelector("form[data-jump]");
  // Where nothing waits there is nothing to jump to.
  if (!box) return;
  const rows = [...document.querySelectorAll("tr[data-code]")];
  const CODE = /[A-Z]{1,4}-[A-Z0-9]+(?:-[A-Z0-9]+)*$/i;

  const number = (text) => (/^\s*\d+([.,]\d+)?\s*$/.test(text) ? Number(text.replace(",", ".")) : NaN);
  const fields = (row) => [...row.querySelectorAll("input:not([type=hidden])")];
  const say = (text) => {
    box.querySelector("[data-said]").textContent = text;
  };

  const showMoisture = (row) => {
    const output = row.querySelector("[data-moisture]");
    if (!output) return;
    const wet = number(row.querySelector("[data-wet]").value);
    const dry = number(row.querySelector("[data-dry]").value);
    output.textContent = wet >= dry && dry > 0 ? `${((100 * (wet - dry)) / wet).toFixed(2)} %` : "";
  };

  // The first row of the code that is still empty, else its first.
  const jumpTo = (code) => {
    const own = rows.filter((row) => row.dataset.code === code);
    const row = own.find((one) => fields(one).every((field) => !field.value)) || own[0];
    if (!row) return false;
    say("");
    fields(row)[0].focus();
    fields(row)[0].select();
    row.scrollIntoView({ block: "center" });
    return true;
  };

  box.addEventListener("submit", (event) => {
    const field = box.querySelector("input[name=q]");
    const code = field.value.replace(/\s+/g, "").toUpperCase();
    const found = jumpTo(code);
    // Leaving the page would lose what was typed.
    const typed = rows.some((row) => fields(row).some((one) => one.value !== one.defaultValue));
    if (found || typed) event.preventDefault();
    if (found) field.value = "";
    else if (typed) say(box.dataset.missing.replace("…", code));
  });

  // A scanner types where the focus is: a code in a field of numbers is taken out again and jumped to.
  document.addEventListener(
    "keydown",
    (event) => {
      const field = event.target;
      if (event.key !== "Enter" || !field.matches("tr[data-code] input")) return;
      const scanned = CODE.exec(field.value);
      if (!scanned) return;
      event.preventDefault();
      event.stopPropagation();
      field.value = field.value.slice(0, scanned.index);
      const code = scanned[0].toUpperCase();
      if (!jumpTo(code)) say(box.dataset.missing.replace("…", code));
    },
    true,
  );
  document.addEventListener("input", (event) => {
    const row = event.target.closest("tr[data-code]");
    if (row) showMoisture(row);
  });
  rows.forEach(showMoisture);
})();
