/* Elements without markup: text that others wrote only ever becomes text nodes and the values of a few
 * attributes, never HTML. */

const SVG = "http://www.w3.org/2000/svg";

function give(node, name, value) {
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (value === true) node.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
}

/* An element: element("a", { href, onclick }, "text", child, null). Nothing comes of null. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) give(node, name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/* An icon of index.html's sprite. It only repeats what stands beside it, so nobody reads it out. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/* Changes what is different alone, so that nothing is laid out or read out in vain. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/* Makes these the children of a node, in this order. What stays is not touched: it keeps its focus, its scroll bars
 * and its movie's place. */
export function arrange(parent, nodes) {
  for (const child of [...parent.childNodes]) {
    if (!nodes.includes(child)) child.remove();
  }
  nodes.forEach((node, i) => {
    if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] ?? null);
  });
}

/* Told to whoever listens instead of looking. */
export function announce(text) {
  setText(document.getElementById("announcer"), text);
}

/* A button that copies a text and says so for a moment. */
export function copyButton(label, text) {
  const caption = element("span", { class: "caption" }, label);
  return element("button", {
    type: "button",
    class: "quiet",
    onclick: async () => {
      const done = await copy(typeof text === "function" ? text() : text);
      setText(caption, done ? "Copied" : "Not allowed");
      announce(done ? "Copied" : "The browser does not allow copying");
      setTimeout(() => setText(caption, label), 1500);
    },
  }, icon("copy"), caption);
}

/* Browsers give pages without TLS no clipboard, except by selecting. */
async function copy(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  const field = element("textarea", { class: "announcer", "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
