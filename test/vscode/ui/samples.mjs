// What the tests of the sample workspace share.

export const STACK = '.debug-call-stack';
export const VARIABLES = '.debug-variables';
export const BREAKPOINTS = '.debug-breakpoints';

/** Starts a configuration of launch.json by its name. */
export async function startSample(vs, name) {
  const row = vs.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
  for (let attempt = 1; ; attempt++) {
    await vs.palette('Debug: Select and Start Debugging');
    try {
      await row.waitFor({ timeout: 8000 });
      // The list grows while dynamic configurations arrive.
      await vs.page.waitForTimeout(500);
      await row.click({ timeout: 5000 });
      return;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** Answers the question whose title contains `title`. */
export async function answer(vs, title, text) {
  await vs.page.locator('.quick-input-title', { hasText: title }).waitFor({ timeout: 15_000 });
  await vs.input(text);
}

/** Waits until the highlighted line of the editor contains `text`. */
export async function standsAt(vs, text) {
  await vs.page.locator('.debug-top-stack-frame-line').first().waitFor();
  await vs.page.waitForFunction(
    (wanted) => {
      const mark = document.querySelector('.debug-top-stack-frame-line')?.getBoundingClientRect();
      return [...document.querySelectorAll('.view-lines .view-line')].some((line) => {
        const { top } = line.getBoundingClientRect();
        const shown = line.textContent.replace(/\u00a0/g, ' ');
        return mark && Math.abs(top - mark.top) < 4 && shown.includes(wanted);
      });
    },
    text,
    { timeout: 20_000 },
  );
}

/** Presses a key until an element appears: a starting workbench loses keys. */
export async function pressUntil(vs, key, selector) {
  for (let attempt = 1; ; attempt++) {
    await vs.page.keyboard.press(key);
    try {
      await vs.page.locator(selector).waitFor({ timeout: 8000 });
      return;
    } catch (error) {
      if (attempt === 4) throw error;
    }
  }
}

/** Clicks beside a line number of the editor: sets a breakpoint there, or removes it. */
export async function clickGutter(vs, line) {
  const number = vs.page.locator('.editor-instance .margin-view-overlays .line-numbers', {
    hasText: new RegExp(`^${line}$`),
  });
  await number.first().waitFor();
  const { x, y, height } = await number.first().boundingBox();
  await vs.page.mouse.click(x - 12, y + height / 2);
}

/** Makes the side bar wide enough for whole rows, by its edge. */
export async function widenSideBar(vs, width = 560) {
  const edge = await vs.page.locator('.part.sidebar').boundingBox();
  await vs.page.mouse.move(edge.x + edge.width + 1, 500);
  await vs.page.mouse.down();
  await vs.page.mouse.move(width, 500, { steps: 5 });
  await vs.page.mouse.up();
  await vs.page.waitForFunction(
    (wanted) => document.querySelector('.part.sidebar').getBoundingClientRect().right > wanted - 40,
    width,
  );
}

/** Closes panes of the side bar that a test does not look at. */
export async function foldPanes(vs, ...titles) {
  for (const title of titles) {
    const header = vs.page.locator('.pane-header', { hasText: title }).first();
    await header.waitFor();
    if ((await header.getAttribute('aria-expanded')) === 'true') await header.click();
    await vs.page.locator('.pane-header[aria-expanded="false"]', { hasText: title }).waitFor();
  }
}

/** A row of a long list: the list is scrolled by its keys until the row is drawn. */
export async function scrollTo(vs, list, text) {
  const row = vs.page.locator(`${list} .monaco-list-row`, { hasText: text }).first();
  await vs.page.locator(`${list} .monaco-list`).first().focus();
  await vs.page.keyboard.press('Home');
  for (let pressed = 0; pressed < 200 && !(await row.count()); pressed++)
    await vs.page.keyboard.press('ArrowDown');
  await row.scrollIntoViewIfNeeded();
  return row;
}

/** Chooses an entry of a row's context menu. */
export async function chooseOf(vs, row, entry) {
  const item = vs.page.locator('.monaco-menu .action-item', { hasText: entry }).first();
  for (let attempt = 1; ; attempt++) {
    await row.click({ button: 'right' });
    try {
      await item.waitFor({ timeout: 6000 });
      // A menu takes no release of the button in its first 100 ms.
      await item.click({ timeout: 3000, delay: 200 });
      return;
    } catch (error) {
      if (attempt === 3) throw error;
      await vs.page.keyboard.press('Escape');
    }
  }
}

/** Ends the session that runs. */
export async function endSession(vs) {
  await vs.page.locator('.debug-toolbar .codicon-debug-stop').click();
  await vs.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
}

/** The tests of a describe are one story: none is tried again from its middle, and none goes on where another failed. */
export function oneStory(suite) {
  let isBroken = false;
  suite.retries(0);
  suite.beforeEach(() => {
    if (isBroken) throw new Error('the test before this one failed');
  });
  suite.afterEach(function () {
    isBroken ||= this.currentTest.state === 'failed';
  });
}
