// A browser starts no worker from a file of the disk. So that the search also works in a site that is opened as a file,
// such a worker runs in a hidden frame, which gets and gives its messages by events.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      const answer = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.postMessage = answer;
      inside.importScripts = (...scripts) => scripts.reduce((before, script) => before.then(() => load(script)), Promise.resolve());
      const load = (script) =>
        new Promise((done, failed) => {
          const element = inside.document.createElement("script");
          Object.assign(element, { src: script, onload: done, onerror: failed });
          inside.document.body.append(element);
        });
      this.frame = frame;
      this.ready = load(url);
    }
    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })));
    }
    set onmessage(listener) {
      this.addEventListener("message", listener);
    }
    terminate() {
      this.frame.remove();
    }
  };
}
