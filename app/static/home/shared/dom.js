// Elements without markup in strings, so that no text from a server or a file can become markup.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element. `properties` are set as properties; those that start with "on" are listeners, "data", "aria" and
 * "attributes" are objects of attributes. Children are nodes or texts; null and false are left out.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "aria") setAll(element, value, "aria-");
    else if (name === "attributes") setAll(element, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** A new element of an SVG. */
export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}

function setAll(element, attributes, prefix = "") {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(prefix + name, value);
}

/** Whether the focus is in a field, where a key means a character. */
export function isTyping() {
  const focused = document.activeElement;
  return Boolean(focused?.closest("input:not([type=range]), select, textarea, dialog"));
}

/** Load a style sheet, once. Returns a promise that it is there; it fails when the sheet does not come. */
export function addStyle(address) {
  if (document.querySelector(`link[href="${address}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = make("link", { rel: "stylesheet", href: address, onload: resolve });
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error(address));
    });
    document.head.append(link);
  });
}
