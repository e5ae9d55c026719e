const NAMES = ["instrument", "producer"];

/** What to look at, as it is typed in and as it stands in the address of the page. */
export class Filter {
  #form;
  #fault;

  /** @param {HTMLFormElement} form @param {() => void} changed */
  constructor(form, changed) {
    this.#form = form;
    this.#fault = form.querySelector(".fault");
    const asked = new URLSearchParams(location.search);
    for (const name of NAMES) form.elements[name].value = asked.getAll(name).join(", ");
    const apply = () => {
      this.fault = "";
      history.replaceState(null, "", this.#address());
      changed();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      apply();
    });
    form.addEventListener("reset", () => setTimeout(apply));
  }

  /** As parameters of the feed. */
  get parameters() {
    return NAMES.flatMap((name) => this.#values(name).map((value) => [name, value]));
  }

  set fault(text) {
    this.#fault.textContent = text;
  }

  #values(name) {
    const text = this.#form.elements[name].value;
    return (name === "instrument" ? text.toUpperCase() : text).split(/[\s,]+/).filter(Boolean);
  }

  #address() {
    const query = new URLSearchParams(this.parameters).toString();
    return query ? `?${query}` : location.pathname;
  }
}
