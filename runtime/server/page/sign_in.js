/* The form for user and key. The key goes out in a header, once, and is kept nowhere. */
import { api } from "./api.js";
import { element, setText } from "./dom.js";

/* `notice` is shown above the button; `signedIn()` is called when it went well. */
export function showSignIn(root, { notice, signedIn }) {
  const user = element("input", { autocomplete: "username", required: true, maxlength: "200", spellcheck: "false", autocapitalize: "none" });
  const key = element("input", { type: "password", autocomplete: "current-password", required: true, maxlength: "500" });
  const problem = element("p", { class: "problem", role: "alert" });
  const submit = element("button", { type: "submit", class: "strong" }, "Sign in");
  const form = element("form", { class: "sign-in-card" },
    element("h1", {}, "moonshift ", element("span", { class: "brand-place" }, "Jobs")),
    element("label", { class: "field" }, element("span", {}, "User"), user),
    element("label", { class: "field" }, element("span", {}, "API key"), key),
    problem, submit,
    element("p", { class: "hint" }, "The terminal where ", element("code", {}, "moonshift serve"),
      " runs shows a link that signs you in. ", element("code", {}, "moonshift serve --new-key"), " makes another key."));
  setText(problem, notice);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    setText(problem, "");
    try {
      await api.signIn(user.value.trim(), key.value.trim());
      signedIn();
    } catch (error) {
      setText(problem, error.status === 401 ? "This user and key do not go together." : error.message);
      submit.disabled = false;
      key.focus();
    }
  });
  root.replaceChildren(element("main", {}, form));
  root.hidden = false;
  user.focus();
}
