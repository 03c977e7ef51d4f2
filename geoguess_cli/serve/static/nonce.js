// BokehJS creates <style> elements while it draws. The page's policy admits only styles that carry
// its nonce, so every created element gets it.
(() => {
  const nonce = document.querySelector("meta[name=style-nonce]").content;
  const create = document.createElement.bind(document);
  document.createElement = (name, options) => {
    const element = create(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
})();
