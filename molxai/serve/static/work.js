// The work under way: one piece at a time, the newest wins, and what it says.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);

  /** One line on how far it is, or why it failed. */
  molxai.say = (text, bad = false) => {
    find("status").textContent = text;
    find("status").classList.toggle("error", bad);
  };

  /** Whether something has more bytes than are sent; then that is said. */
  molxai.isTooLarge = (what, size, most) => {
    const isLarger = size > most;
    const remedy = "cut it, or use the command line";
    if (isLarger) molxai.say(`${what} is larger than ${most / 2 ** 20} MB: ${remedy}`, true);
    return isLarger;
  };

  /** How many rows are done of how many. */
  molxai.progress = (done, total) => {
    find("busy").max = total;
    find("busy").value = done;
  };

  /**
   * Returns `work(doing, act)`, which says what is being done and waits for `act(signal)`; the page
   * turns away from what was under way before. `failed()` is called before a failure is told.
   */
  molxai.worker = (failed) => {
    let running = null;
    return async (doing, act) => {
      running?.abort();
      const mine = new AbortController();
      running = mine;
      begin(doing);
      try {
        await act(mine.signal);
      } catch (error) {
        if (mine.signal.aborted) return;
        failed();
        molxai.say(error.message, true);
      } finally {
        if (running === mine) end();
      }
    };
  };

  function begin(doing) {
    find("busy").hidden = false;
    find("busy").removeAttribute("value");
    find("answer").setAttribute("aria-busy", "true");
    molxai.say(doing);
    find("refused").textContent = "";
  }

  function end() {
    find("busy").hidden = true;
    find("answer").removeAttribute("aria-busy");
  }
})();
