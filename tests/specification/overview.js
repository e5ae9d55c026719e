// A criterion of the report gets its heading, and so the target of a link, only when it is opened: this opens it.
(() => {
  const criteria = () => [...document.querySelectorAll("#report button[aria-expanded]")];

  const show = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    if (!document.querySelector(`.overview a[href="${location.hash}"]`)) return;
    const criterion = criteria().find((button) => button.textContent.trim() === name);
    if (!criterion) {
      location.search = ""; // a filter hides it
      return;
    }
    if (criterion.getAttribute("aria-expanded") === "false") criterion.click();
    requestAnimationFrame(() => requestAnimationFrame(() => criterion.scrollIntoView())); // it has its height by then
  };

  addEventListener("hashchange", show);
  document.querySelector(".overview").addEventListener("click", (event) => {
    if (event.target.hash && event.target.hash === location.hash) show();
  });
  new MutationObserver((_, observer) => {
    if (!criteria().length) return;
    observer.disconnect();
    if (location.hash) show();
  }).observe(document.getElementById("content"), { childList: true, subtree: true });
})();
