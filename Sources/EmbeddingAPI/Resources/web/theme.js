// SPDX-License-Identifier: Apache-2.0
// Loaded in the head, before the page is drawn: the reader's choice of light or dark, if there is one.
"use strict";
try {
  const theme = localStorage.getItem("facet.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's choice stands.
}
