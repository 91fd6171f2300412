// Asking again while the server does not answer: it may be busy, or out of reach for a while.
"use strict";

(() => {
  const FIRST = 300; // milliseconds before the second try
  const GROWTH = 1.7; // of the pause from try to try
  const LONGEST = 15_000; // pause
  const SILENCE = 30_000; // after which nobody waits for an answer

  /** Whether an error may pass by itself: no answer at all, or one of a server in trouble. */
  const isPassing = ({ name, status }) => name === "TimeoutError" || status === 0 || status >= 500;

  /** Wait so long; less if the page comes into sight or the network is back. */
  async function pause(milliseconds, signal) {
    const woken = new AbortController();
    const wake = () => document.hidden || woken.abort();
    document.addEventListener("visibilitychange", wake);
    addEventListener("online", wake);
    try {
      await molxai.pause(milliseconds, AbortSignal.any([signal, woken.signal]));
    } catch (interruption) {
      if (!woken.signal.aborted || signal.aborted) throw interruption;
    } finally {
      document.removeEventListener("visibilitychange", wake);
      removeEventListener("online", wake);
    }
  }

  /** What is said of a server without an answer; an error has the status of what it answers. */
  function words(since, { status, message }) {
    const time = since.toLocaleTimeString();
    const said = status ? `The server has answered with an error since ${time}: ${message}.` : "";
    const silent = `The server has not answered since ${time}. Is 'molxai serve' still running?`;
    return `${said || silent} What is here stays, and the page goes on when the server answers.`;
  }

  /**
   * The answer of `act(signal)`, which is tried again, after longer and longer pauses, until the
   * server answers. From the second failure on, that is said. Raises what does not pass by itself,
   * and AbortError when `signal` gives it up.
   */
  molxai.patiently = async (act, signal) => {
    let since = null;
    for (let wait = FIRST; ; wait = Math.min(LONGEST, wait * GROWTH)) {
      try {
        return await act(AbortSignal.any([signal, AbortSignal.timeout(SILENCE)]));
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        if (since) molxai.say(words(since, error), true);
        since ??= new Date();
        await pause(wait, signal);
      }
    }
  };
})();
