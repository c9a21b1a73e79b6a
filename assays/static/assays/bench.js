// Bench entry: a scan jumps to its row, and the moisture of a row is shown while its two masses are typed. The page works without it.
"use strict";

(() => {
  const number = (text) => (/^\s*\d+([.,]\d+)?\s*$/.test(text) ? Number(text.replace(",", ".")) : NaN);

  const showMoisture = (row) => {
    const output = row.querySelector("[data-moisture]");
    if (!output) return;
    const wet = number(row.querySelector("[data-wet]").value);
    const dry = number(row.querySelector("[data-dry]").value);
    output.textContent = wet >= dry && dry > 0 ? `${((100 * (wet - dry)) / wet).toFixed(2)} %` : "";
  };

  // A row that is on the page takes the focus at once; another is asked of the server by the form itself.
  const jump = (event) => {
    const field = event.target.querySelector("input[name=q]");
    const code = field.value.replace(/\s+/g, "").toUpperCase();
    const row = [...document.querySelectorAll("tr[data-code]")].find((one) => one.dataset.code === code);
    if (!row) return;
    event.preventDefault();
    field.value = "";
    row.querySelector("input:not([type=hidden])").focus();
    row.scrollIntoView({ block: "center" });
  };

  document.querySelectorAll("form[data-jump]").forEach((form) => form.addEventListener("submit", jump));
  document.addEventListener("input", (event) => {
    const row = event.target.closest("tr[data-code]");
    if (row) showMoisture(row);
  });
  document.querySelectorAll("tr[data-code]").forEach(showMoisture);
})();
