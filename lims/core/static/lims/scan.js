// Scanning with the camera, where the browser can read symbols by itself (BarcodeDetector); elsewhere the button stays hidden and the
// keyboard, or a reader that types like one, does the same.
"use strict";

(async () => {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices || !window.isSecureContext) return;
  const wanted = ["qr_code", "code_128", "data_matrix", "code_39", "ean_13"];
  const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
  const formats = wanted.filter((one) => known.includes(one));
  const panel = document.getElementById("camera");
  if (!formats.length || !panel) return;
  const detector = new BarcodeDetector({ formats });
  const video = panel.querySelector("video");
  const said = panel.querySelector("[data-camera-said]");
  const SCANNED = "#scan, #receipt-scan, #jump, [data-scan]";
  let target = null;
  let stream = null;

  const stop = () => {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    if (panel.open) panel.close();
  };
  // As a reader would: the text, then Enter. A form with one field is sent, others go to their next field.
  const type = (text) => {
    const field = target;
    stop();
    field.focus();
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
    if (field.dispatchEvent(enter) && (field.matches("#scan, #jump") || field.dataset.scan === "send")) field.form.requestSubmit();
  };
  const look = async () => {
    if (!stream) return;
    const found = video.readyState >= 2 ? await detector.detect(video).catch(() => []) : [];
    if (stream && found.length) return type(found[0].rawValue);
    setTimeout(look, 150);
  };
  const open = async (field) => {
    target = field;
    said.textContent = "";
    panel.showModal();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    } catch {
      said.textContent = said.dataset.refused;
      return;
    }
    if (!panel.open) return stop();
    video.srcObject = stream;
    await video.play();
    look();
  };

  panel.addEventListener("close", stop);
  panel.querySelector("[data-camera-close]").addEventListener("click", stop);
  const button = panel.querySelector("template").content.firstElementChild;
  const equip = (root) => {
    root.querySelectorAll(SCANNED).forEach((field) => {
      if (field.dataset.camera) return;
      field.dataset.camera = "ready";
      const one = button.cloneNode(true);
      one.addEventListener("click", () => open(field));
      field.after(one);
    });
  };
  equip(document);
  document.addEventListener("htmx:load", (event) => equip(event.detail.elt));
})();
