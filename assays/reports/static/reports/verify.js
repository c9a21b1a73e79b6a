// Compares a PDF with the hash of the certificate, inside the browser: the file is never sent. Needs https or localhost.
"use strict";

(() => {
  const field = document.querySelector("[data-verify]");
  const answer = document.getElementById("paper-answer");
  if (!field || !answer) return;
  if (!window.crypto || !crypto.subtle) {
    field.closest(".field").hidden = true;
    return;
  }
  field.addEventListener("change", async () => {
    const [file] = field.files;
    if (!file) return;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    const text = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const equal = text === field.dataset.verify;
    answer.textContent = `${equal ? "●" : "■"} ${equal ? field.dataset.equal : field.dataset.different}`;
    answer.className = equal ? "tone-pass" : "tone-fail";
  });
})();
