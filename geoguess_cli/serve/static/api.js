// Requests to the server. A refusal becomes an Error with the server's sentence as its message.

const TRIES = 20;

/** The response to a request; while the server is busy, wait as it asks and try again. */
async function ask(path, options = {}, onBusy = () => {}) {
  for (let left = TRIES; ; left -= 1) {
    let response;
    try {
      response = await fetch(path, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("the server does not answer; is it still running?");
    }
    if (response.ok) return response;
    const refusal = await response.json().catch(() => ({}));
    if (response.status !== 503 || left === 0) {
      throw new Error(refusal.error ?? `the server answered ${response.status}`);
    }
    onBusy();
    const seconds = Number(response.headers.get("Retry-After") ?? 2);
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds * (0.5 + Math.random())));
  }
}

const json = (method, value) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

export async function describeModel() {
  return (await ask("/api/model")).json();
}

export async function addPhoto(file, onBusy) {
  const path = `/api/photos?name=${encodeURIComponent(file.name)}`;
  return (await ask(path, { method: "POST", body: file }, onBusy)).json();
}

/** Forget photos, even while the page closes. */
export function forget(ids) {
  for (const id of ids) {
    fetch(`/api/photos/${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
  }
}

export async function setTruth(id, place) {
  return (await ask(`/api/photos/${id}/truth`, json("PUT", place))).json();
}

export async function scoreOf(id, place) {
  return (await ask(`/api/photos/${id}/score`, json("POST", place))).json();
}

export async function mapRecord(path) {
  return (await ask(path)).json();
}

/** Each line of an occlusion map as it fills in; aborting the signal frees the server. */
export async function* occlusionLines(id, target, signal) {
  const path = `/api/photos/${id}/occlusion?target=${encodeURIComponent(target)}`;
  const response = await ask(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

/** The place at a point of the pin map; x and y are kilometres on its plane. */
export async function placeAt(x, y) {
  return (await ask(`/api/pin-map/place?x=${x}&y=${y}`)).json();
}
