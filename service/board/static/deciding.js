/** What somebody decides about a signal. To close one takes a reason. */
export class Deciding {
  #dialog;
  #reason;
  #fault;
  #service;
  #signal;

  /** @param {Document} document @param {() => import("./service.js").Service} service */
  constructor(document, service) {
    this.#service = service;
    this.#dialog = document.getElementById("closing");
    this.#reason = document.getElementById("reason");
    this.#fault = document.getElementById("decision-fault");
    this.#dialog.querySelector(".cancel").addEventListener("click", () => this.#dialog.close());
    this.#dialog.querySelector("form").addEventListener("submit", () => this.#decide({ status: 2, reason: this.#reason.value }));
  }

  approve(signal) {
    this.#signal = signal;
    this.#decide({ status: 1 });
  }

  close(signal) {
    this.#signal = signal;
    this.#reason.value = "";
    this.#dialog.showModal();
  }

  /** What comes of it the feed tells. */
  async #decide(wanted) {
    this.#fault.textContent = "";
    try {
      await this.#service().decide(this.#signal, wanted);
    } catch (error) {
      this.#fault.textContent = `Not decided: ${error.message}`;
    }
  }
}
