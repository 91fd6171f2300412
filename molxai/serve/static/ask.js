// Talking to the server: answers as JSON, refusals as errors with the server's own line.
"use strict";

(() => {
  /**
   * Answer to a request; `body` is JSON unless it is a form.
   * Raises Error with one readable line, and the `status` of the answer, 0 if there is none; or
   * AbortError if it is given up.
   */
  molxai.ask = async (path, { method = "GET", body = null, signal = null } = {}) => {
    const isSentAsItIs = body === null || body instanceof FormData;
    const headers = isSentAsItIs ? {} : { "Content-Type": "application/json" };
    const sent = isSentAsItIs ? body : JSON.stringify(body);
    let answer;
    try {
      answer = await fetch(path, { method, headers, signal, body: sent });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      const silence = new Error("no answer: is 'molxai serve' still running?");
      throw Object.assign(silence, { status: 0 });
    }
    const content = await answer.json().catch(() => ({}));
    signal?.throwIfAborted(); // however late an answer comes, the newest question has the last word
    if (answer.ok) return content;
    const refusal = new Error(content.error || `the server answers ${answer.status}`);
    throw Object.assign(refusal, { status: answer.status });
  };

  /** `ask(path)` about the rows of a table; answers about all rows are kept, for they stay true. */
  molxai.asker = (isGrowing) => {
    const answers = new Map();
    return async (path) => {
      if (answers.has(path)) return answers.get(path);
      const isOfAll = !isGrowing();
      const answer = await molxai.ask(path);
      if (isOfAll) answers.set(path, answer);
      return answer;
    };
  };

  /** The file that a request is answered with; raises as `ask` does. */
  molxai.askFile = async (path, body) => {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.ok) return answer.blob();
    const content = await answer.json().catch(() => ({}));
    throw new Error(content.error || `the server answers ${answer.status}`);
  };

  /** Wait so many milliseconds, or until it is given up. */
  molxai.pause = (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      const stop = () => {
        clearTimeout(timer);
        reject(new DOMException("given up", "AbortError"));
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
})();
