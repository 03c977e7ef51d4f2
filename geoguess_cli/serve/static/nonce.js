// BokehJS makes <style> elements as it draws. The page's policy lets only those through that carry
// its nonce, so give it to each: no style from anywhere else gets in.
(() => {
  const nonce = document.querySelector("meta[name=style-nonce]").content;
  const create = document.createElement.bind(document);
  document.createElement = (name, options) => {
    const element = create(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
})();
