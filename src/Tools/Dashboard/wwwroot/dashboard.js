"use strict";

// What the server can't do: colours at once, keys without a round trip, dialogs, focus and scrolling.
const dashboard = (() => {
  const yearInSeconds = 31536000;

  function switchTheme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=${yearInSeconds}; SameSite=Strict`;
  }

  document.addEventListener("click", event => {
    if (event.target.closest("[data-theme-switch]")) {
      switchTheme();
    } else if (event.target.closest("[data-reload]")) {
      location.reload();
    } else if (event.target.closest("#navigation a")) {
      const navigation = document.getElementById("navigation");
      if (navigation.matches(":popover-open")) {
        navigation.hidePopover();
      }
    }
  });

  // Up, down, home and end go from row to row; where the list says so, the row is selected on the way.
  document.addEventListener("keydown", event => {
    const list = event.target.closest?.("[data-rows]");
    if (!list || event.altKey || event.ctrlKey || event.metaKey || /^(input|select|textarea)$/i.test(event.target.tagName)) {
      return;
    }

    const rows = [...list.querySelectorAll("[data-row]")];
    const at = rows.indexOf(event.target.closest("[data-row]"));
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (next === undefined || !rows[next]) {
      return;
    }

    event.preventDefault();
    rows[next].focus();
    if (list.dataset.rows === "select") {
      rows[next].click();
    }
  });

  return {
    showModal: dialog => dialog.showModal(),
    close: element => element.close(),
    scrollTo: id => document.getElementById(id)?.scrollIntoView({ block: "nearest" }),
    scrollToEnd: element => { element.scrollTop = element.scrollHeight; },
    focus: id => document.getElementById(id)?.focus(),
  };
})();
window.dashboard = dashboard;
