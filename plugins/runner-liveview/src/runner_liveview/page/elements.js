// Elements of the page; texts never become markup.

/** An element with attributes (false and undefined are left out) and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Makes a <dl> show {term: value}; undefined values are left out. */
export function numbers(list, values) {
  const wanted = Object.entries(values).filter(([, value]) => value !== undefined);
  const terms = [...list.querySelectorAll("dt")].map((term) => term.textContent);
  if (terms.join("\n") !== wanted.map(([term]) => term).join("\n")) {
    list.replaceChildren(...wanted.map(([term]) => element("div", {}, element("dt", {}, term), element("dd"))));
  }
  list.querySelectorAll("dd").forEach((place, index) => {
    const text = String(wanted[index][1]);
    if (place.textContent !== text) place.textContent = text;
  });
}
