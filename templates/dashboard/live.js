// Keeps the page current: when the server says that something changed, the same page is asked for again and its content put in
// place. Nothing happens while the page is hidden, paused, or somebody selects text in it. Without this file the page can be
// read and reloaded.
'use strict';
(() => {
  const APART_MS = 2000;
  const main = document.getElementById('main');
  const live = document.getElementById('live');
  const footer = live.parentElement;
  let isPaused = false, isWanted = false, isAsking = false, askedAt = 0, timer = 0;

  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Pause updates';
  button.setAttribute('aria-pressed', 'false');
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    button.setAttribute('aria-pressed', String(isPaused));
    say(isPaused ? 'Paused.' : 'Live.');
    if (!isPaused) want();
  });
  footer.append(button);

  function say(text) {
    if (live.textContent !== text) live.textContent = text;
  }

  function mustWait() {
    const selection = document.getSelection();
    const isSelecting = selection !== null && !selection.isCollapsed && main.contains(selection.anchorNode);
    const focused = document.activeElement;
    const isTyping = focused instanceof HTMLInputElement && main.contains(focused) && focused.value !== focused.defaultValue;
    return document.hidden || isPaused || isSelecting || isTyping;
  }

  function want() {
    isWanted = true;
    if (timer === 0 && !isAsking) timer = setTimeout(ask, Math.max(0, askedAt + APART_MS - Date.now()));
  }

  async function ask() {
    timer = 0;
    if (!isWanted || mustWait()) return;
    isWanted = false;
    isAsking = true;
    try {
      const response = await fetch(location.href, { headers: { Accept: 'text/html' } });
      if (response.ok && !mustWait()) put(new DOMParser().parseFromString(await response.text(), 'text/html'));
    } catch {
      say('Not live: no answer. Trying again.');
    } finally {
      askedAt = Date.now();
      isAsking = false;
      if (isWanted) want();
    }
  }

  // Tables and lists keep where they were scrolled to, and what had the focus has it again.
  function put(fresh) {
    const focused = main.contains(document.activeElement) ? placeOf(document.activeElement) : null;
    const scrolled = [...main.querySelectorAll('.scroll, pre')].map(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
    main.replaceChildren(...fresh.getElementById('main').childNodes);
    for (const part of ['nav[aria-label="Pages"]', '#taken']) {
      const [old, current] = [document.querySelector(part), fresh.querySelector(part)];
      if (old !== null && current !== null && !old.contains(document.activeElement)) old.replaceWith(current);
    }
    [...main.querySelectorAll('.scroll, pre')].forEach((element, i) => {
      if (scrolled[i] !== undefined) [element.scrollLeft, element.scrollTop] = scrolled[i];
    });
    if (focused !== null) find(focused)?.focus({ preventScroll: true });
  }

  function candidates(tag) {
    return [...main.querySelectorAll(tag)];
  }

  function nameOf(element) {
    return element.id || element.getAttribute('href') || element.getAttribute('aria-label') || '';
  }

  function placeOf(element) {
    const tag = element.localName;
    const name = nameOf(element);
    return { tag, name, nth: candidates(tag).filter((other) => nameOf(other) === name).indexOf(element) };
  }

  function find({ tag, name, nth }) {
    const same = candidates(tag).filter((other) => nameOf(other) === name);
    return same[nth] ?? same[0];
  }

  const events = new EventSource('/dashboard/events');
  events.addEventListener('open', () => say(isPaused ? 'Paused.' : 'Live.'));
  events.addEventListener('changed', want);
  events.addEventListener('error', () => {
    const isOver = events.readyState === EventSource.CLOSED;
    say(isOver ? 'Not live: reload the page for newer figures.' : 'Not live: connecting again.');
  });
  document.addEventListener('visibilitychange', () => isWanted && want());
  document.addEventListener('selectionchange', () => isWanted && want());
})();
