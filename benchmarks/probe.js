// Runs in the measured page: times an action from its event until its picture is painted, the same way for both.
(() => {
  const frame = () => new Promise(requestAnimationFrame);

  /** Resolves two animation frames after `done()`: the first paints what is drawn, the second comes after that paint. */
  async function painted(done) {
    while (!done()) await frame();
    await frame();
    await frame();
  }

  /** Milliseconds from the event that `act` sends until the picture that it asks for is painted. */
  async function timed(act) {
    await frame();
    const start = performance.now();
    await painted(act());
    return performance.now() - start;
  }

  /** Milliseconds from the start of the navigation until the drawing is complete and painted. */
  async function firstPaint(subject) {
    await painted(() => document.body !== null && subject.drawn());
    return performance.now();
  }

  function elements(root = document) {
    let count = 0;
    for (const element of root.querySelectorAll("*"))
      count += 1 + (element.shadowRoot ? elements(element.shadowRoot) : 0);
    return count;
  }

  /** A number that changes with the picture in the page's canvases; null where there is none. */
  function picture() {
    let hash = 2166136261;
    const canvases = [...document.querySelectorAll("canvas")].filter(({ width, height }) => width * height > 0);
    for (const canvas of canvases) {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      for (const pixel of new Uint32Array(data.buffer)) hash = Math.imul(hash ^ pixel, 16777619);
    }
    return canvases.length > 0 ? hash : null;
  }

  /** Times an action, and refuses it where a canvas shows what it showed before. */
  async function act(name, args) {
    const before = picture();
    const milliseconds = await timed(() => globalThis.benchmark.subject[name](...args));
    if (before !== null && picture() === before) throw new Error(`${name} ${args} changed nothing in the picture`);
    return milliseconds;
  }

  const subjectOf = ({ subject, view, ...size }) => globalThis.benchmarkSubjects[subject][view](size);
  globalThis.benchmark = {
    start(job) {
      this.subject = subjectOf(job);
      this.first = firstPaint(this.subject);
    },
    /** Which of these actions the page has. */
    able: (names) => names.filter((name) => name in globalThis.benchmark.subject),
    act,
    elements,
  };
})();
