"use strict";
// Light or dark as the system has it, or as the button says.

const darkSystem = matchMedia("(prefers-color-scheme: dark)");
const themeButton = document.getElementById("theme");

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : darkSystem.matches;
}

function themeChanged() {
  themeButton.textContent = isDark() ? "Light" : "Dark";
  if (typeof redrawPlots === "function") redrawPlots();
}

themeButton.addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  themeChanged();
});
darkSystem.addEventListener("change", themeChanged);
themeButton.hidden = false;
themeChanged();
