// Reception by scanner and keyboard: a scan ticks its row and goes into it, Enter after the mass comes back for the next bag.
// The sheet works without this file; it only saves the search for the row.
"use strict";

(() => {
  const form = document.querySelector("form[data-receipt]");
  if (!form) return;
  const scan = document.getElementById("receipt-scan");
  const said = document.getElementById("receipt-said");
  const rows = [...form.querySelectorAll("tr[data-bag]")];
  const listed = rows.filter((row) => !("stray" in row.dataset));
  const strays = rows.filter((row) => "stray" in row.dataset);
  // Without what a reader may be set to send around the data: its prefix (]C1, ]Q3), control characters, blanks.
  const plain = (text) => text.replace(/[\s\x00-\x1f\x7f]+/g, "").replace(/^\][A-Za-z][0-9A-Za-z]/, "").toUpperCase();
  const field = (row, name) => row.querySelector(`[name$="-${name}"]`);

  const countTicks = () => {
    document.querySelector("#receipt-count strong").textContent = String(listed.filter((row) => field(row, "found").checked).length);
  };
  const rowOf = (code) => listed.find((row) => row.dataset.codes.split("|").some((one) => one && plain(one) === code));
  const strayOf = (code) =>
    strays.find((row) => plain(field(row, "code").value) === code) || strays.find((row) => !field(row, "code").value);

  const openRow = (row, words) => {
    said.textContent = words;
    field(row, "found").checked = true;
    countTicks();
    row.closest("details")?.setAttribute("open", "");
    row.scrollIntoView({ block: "center" });
    field(row, "seal").focus();
  };
  const takeScan = () => {
    const code = plain(scan.value);
    if (!code) return;
    const row = rowOf(code);
    scan.value = "";
    if (row) return openRow(row, field(row, "found").checked ? `${code}: ${scan.dataset.again}` : code);
    const stray = strayOf(code);
    if (!stray) {
      said.textContent = scan.dataset.full;
      return;
    }
    field(stray, "code").value = code;
    openRow(stray, `${code}: ${scan.dataset.unknown}`);
  };

  // Heard before the page's own Enter, which would go to the next field whatever row it is in.
  form.addEventListener(
    "keydown",
    (event) => {
      const last = event.target.matches("[data-last]");
      if (event.key !== "Enter" || event.ctrlKey || !(last || event.target === scan)) return;
      event.preventDefault();
      event.stopPropagation();
      if (last) scan.focus();
      else takeScan();
    },
    true,
  );
  // Whatever is entered of a bag says that it is here.
  form.addEventListener("input", (event) => {
    const row = event.target.closest("tr[data-bag]");
    if (row && event.target.value && !event.target.matches('[type="checkbox"], [name$="-remark"]')) field(row, "found").checked = true;
    countTicks();
  });
})();
