/** The demo's people: one press fills in the sign-in form and sends it. */

/** Wire the buttons that carry a demo sign-in. */
export function wireDemoSignIns() {
  for (const button of document.querySelectorAll("[data-username]")) {
    button.addEventListener("click", () => {
      const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-sign-in]"));
      form.elements.namedItem("login").value = button.dataset.username;
      form.elements.namedItem("password").value = button.dataset.password;
      form.requestSubmit();
    });
  }
}
