// Small conveniences. Every page works without this file; it only saves a click, a reach for the mouse or a retype.
"use strict";

(() => {
  const announce = (text) => {
    const region = document.getElementById("announcer");
    if (region) region.textContent = text;
  };

  // --- Light, dark or as the system: remembered in a cookie so that the server renders the page right at once.
  const setTheme = (choice) => {
    const root = document.documentElement;
    if (choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = choice;
    const age = choice === "auto" ? 0 : 31536000;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${choice}; path=/; max-age=${age}; samesite=lax${secure}`;
    showTheme();
    document.dispatchEvent(new CustomEvent("themechange", { detail: choice }));
  };
  const showTheme = () => {
    const current = document.documentElement.dataset.theme || "auto";
    document.querySelectorAll("[data-theme-choice]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === current));
    });
  };

  // --- Copy a code. Clipboard access needs https or localhost; a selected text field works everywhere else.
  const copyText = async (text) => {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };
  const copyFrom = async (button) => {
    await copyText(button.dataset.copy);
    button.dataset.copied = "";
    announce(button.dataset.copiedText || "");
    setTimeout(() => delete button.dataset.copied, 1500);
  };

  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-theme-choice]");
    if (theme) setTheme(theme.dataset.themeChoice);
    const copy = event.target.closest("[data-copy]");
    if (copy) copyFrom(copy);
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(".notice").remove();
    const print = event.target.closest("[data-print]");
    if (print) window.print();
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  // --- Keyboard: "/" goes to the scan box, Escape closes a menu, Enter goes to the next tube.
  const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");
  const nextField = (form, current) => {
    const fields = [...form.elements].filter(
      (field) => !field.disabled && !field.readOnly && field.type !== "hidden" && field.offsetParent !== null && !field.matches("fieldset, [data-skip]"),
    );
    return fields[fields.indexOf(current) + 1];
  };
  document.addEventListener("keydown", (event) => {
    const here = event.target;
    if (event.key === "/" && !isTyping(here) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const scan = document.getElementById("scan");
      if (!scan) return;
      event.preventDefault();
      scan.focus();
      scan.select();
    } else if (event.key === "Escape") {
      const menu = here.closest("details[data-menu][open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    } else if (event.key === "Enter" && here.matches("input, select") && here.closest("form[data-enter-next]")) {
      const next = nextField(here.form, here);
      if (!next || event.ctrlKey) return;
      event.preventDefault();
      next.focus();
      if (next.select) next.select();
    }
  });

  // --- Focus where the work is: an error summary, the field the page names, else the scan box (set by the page itself).
  const focusStart = (root) => {
    const start = root.querySelector("[data-error-summary]") || root.querySelector("[data-autofocus]");
    if (start) start.focus({ preventScroll: !start.matches("[data-error-summary]") });
  };

  // --- A bar of tabs wider than the screen shows the one that is open.
  const showOpenTab = (root) => {
    root.querySelectorAll(".tabs > [aria-current]").forEach((tab) => {
      const bar = tab.parentElement;
      bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
    });
  };

  // --- A request that fails says so instead of doing nothing.
  const showFailure = (shown) => {
    const notice = document.getElementById("request-failed");
    if (notice) notice.hidden = !shown;
  };
  document.addEventListener("htmx:afterRequest", (event) => showFailure(!event.detail.successful));
  document.addEventListener("htmx:load", (event) => {
    focusStart(event.detail.elt);
    showOpenTab(event.detail.elt);
  });

  showTheme();
  focusStart(document);
  showOpenTab(document);
})();
